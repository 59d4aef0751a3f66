"""Warm CPU, calls and capacity of each phase, on DynamoDB Local: it answers from a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests import codes, recovery, verification
from tests.bench import factors, table
from tests.bench.factors import Measure
from tests.store.dynamodb_local import running_dynamodb_local
from tests.store.fetch_dynamodb_local import Missing
from tests.world import PASSWORD, Native, World

from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_boto import BotoCall, boto_call
from vestibule.adapters.dynamodb_http import HttpCall
from vestibule.adapters.dynamodb_table import create_table_from_template
from vestibule.config.document import merged

ROUNDS = 60

HASHING = "hashing at its cheapest (1 MB, one pass): the configured argon2id comes on top of what hashes a password"
_CONFIG = merged(
    codes.PASSWORDLESS,
    {
        "selfservice": {
            "methods": {"code": {"enabled": True}},
            "flows": {"verification": {"enabled": True}, "recovery": {"enabled": True}},
        },
        "feature_flags": {"use_continue_with_transitions": True},
    },
)
_READS = ("GetItem", "BatchGetItem", "Query")


@dataclass
class Counting:
    """The seam of the adapter, adding up calls and consumed capacity since `start`."""

    call: HttpCall
    calls: int = 0
    read: float = 0.0
    written: float = 0.0

    def __call__(self, operation: str, document: dict[str, Any]) -> dict[str, Any]:
        answer = self.call(operation, document | {"ReturnConsumedCapacity": "TOTAL"})
        consumed = answer.get("ConsumedCapacity", [])
        units = sum(entry["CapacityUnits"] for entry in (consumed if isinstance(consumed, list) else [consumed]))
        self.calls += 1
        if operation in _READS:
            self.read += units
        else:
            self.written += units
        return answer

    def start(self) -> None:
        self.calls, self.read, self.written = 0, 0.0, 0.0


@dataclass
class Spent:
    """Of one phase, over its rounds."""

    cpu: list[float] = field(default_factory=list)
    calls: int = 0
    read: float = 0.0
    written: float = 0.0

    def row(self, name: str, unit: float) -> list[str]:
        milliseconds = _median(self.cpu) * 1000
        return [
            name,
            f"{milliseconds:.2f}",
            f"{milliseconds / unit:.1f}",
            str(self.calls),
            f"{self.read:g}",
            f"{self.written:g}",
        ]


def report() -> None:
    try:
        with running_dynamodb_local() as endpoint:
            _report(endpoint)
    except Missing as missing:
        print(f"\nWarm phases: not measured. {missing}")


def _report(endpoint: str) -> None:
    call = boto_call(endpoint=endpoint)
    create_table_from_template(call, "bench")
    counting = Counting(HttpCall(endpoint=endpoint))  # as functions call it
    store = DynamoDbTable("bench", counting)
    unit = _unit(call)
    world = World.build(store, _CONFIG, codes.schema())
    spent = _measured(lambda email, measure: _journey(Native(world), email, measure), counting)
    spent |= _measured(factors.journey(store), counting)
    rows = [each.row(name, unit) for name, each in spent.items()]
    call.close()
    counting.call.close()
    table.show(
        f"Warm phases, apps, and browsers for keys and providers (median of {ROUNDS})",
        ["phase", "CPU ms", "of a get_item", "calls", "RCU", "WCU"],
        rows,
        f"One boto3 get_item: {unit:.2f} ms CPU.",
        HASHING,
        "capacity as DynamoDB Local reports it, which is more than DynamoDB's rule for transactions: see tests/budget",
    )


def _unit(call: BotoCall) -> float:
    """Milliseconds of CPU of one get_item."""
    key = {"pk": {"S": "F#nobody"}, "sk": {"S": "#"}}
    client = call.client()
    return _median([_cpu(lambda: client.get_item(TableName="bench", Key=key)) for _ in range(ROUNDS * 3)]) * 1000


def _measured(journey: Callable[[str, Measure], None], counting: Counting) -> dict[str, Spent]:
    spent: dict[str, Spent] = {}

    def measure(name: str, step: Callable[[], Any]) -> Any:
        kept: list[Any] = []
        counting.start()
        phase = spent.setdefault(name, Spent())
        phase.cpu.append(_cpu(lambda: kept.append(step())))
        phase.calls, phase.read, phase.written = counting.calls, counting.read, counting.written
        return kept[0]

    for number in range(ROUNDS):
        journey(f"bench{number}@example.org", measure)
    return spent


def _journey(client: Native, email: str, measure: Measure) -> None:
    flow = measure("registration start", lambda: client.start("registration"))
    measure("registration fetch", lambda: client.fetch("registration", flow.id))
    form = {"method": "password", "password": PASSWORD, "traits": {"email": email}}
    measure("registration submit", lambda: client.submit(flow, **form))
    client.token = None
    flow = measure("login start", lambda: client.start("login"))
    measure("login fetch", lambda: client.fetch("login", flow.id))
    login = {"method": "password", "identifier": email, "password": PASSWORD}
    reply = measure("login submit", lambda: client.submit(flow, **login))
    assert reply.status == 200, reply.body
    measure("whoami", client.whoami)
    measure("sessions", lambda: client.get("/sessions"))
    _settings(client, email, measure)
    _verification(Native(client.world), email, measure)
    _recovery(Native(client.world), email, measure)
    _by_code(Native(client.world), email, measure)


def _settings(client: Native, email: str, measure: Measure) -> None:
    flow = measure("settings start", lambda: client.start("settings"))
    measure("settings fetch", lambda: client.fetch("settings", flow.id))
    form = {"method": "profile", "traits": {"email": email, "name": {"first": "Ann"}}}
    reply = measure("settings submit, profile", lambda: client.submit(flow, **form))
    assert reply.status == 200, reply.body


def _verification(client: Native, email: str, measure: Measure) -> None:
    flow = measure("verification start", lambda: client.start("verification"))
    measure("verification submit, sends", lambda: client.submit(flow, method="code", email=email))
    measure("verification fetch", lambda: client.fetch("verification", flow.id))
    code = verification.code_to(client.world, email)
    reply = measure("verification submit, code", lambda: client.submit(flow, method="code", code=code))
    assert reply.json["state"] == "passed_challenge", reply.body


def _recovery(client: Native, email: str, measure: Measure) -> None:
    flow = measure("recovery start", lambda: client.start("recovery"))
    measure("recovery submit, sends", lambda: client.submit(flow, method="code", email=email))
    measure("recovery fetch", lambda: client.fetch("recovery", flow.id))
    code = recovery.last_code(client.world, email)
    reply = measure("recovery submit, code", lambda: client.submit(flow, method="code", code=code))
    assert reply.json["state"] == "passed_challenge", reply.body


def _by_code(client: Native, email: str, measure: Measure) -> None:
    flow = client.start("login")
    measure("login submit, sends a code", lambda: client.submit(flow, method="code", identifier=email))
    code = codes.last_code(client.world, email)
    form = {"method": "code", "identifier": email, "code": code}
    reply = measure("login submit, code", lambda: client.submit(flow, **form))
    assert reply.status == 200, reply.body


def _cpu(step: Callable[[], Any]) -> float:
    """Seconds of CPU of this process, all threads."""
    before = time.process_time()
    step()
    return time.process_time() - before


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
