"""An answer for an address that somebody has, against one that nobody has: the CPU that it takes, interleaved."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from tests import codes
from tests.bench import table
from tests.world import Native, Reply, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged

SAMPLES = 1000
KNOWN = "alice@example.org"
UNKNOWN = "bobby@example.org"

_CONFIG = merged(
    codes.PASSWORDLESS,
    {
        "selfservice": {
            "methods": {"code": {"enabled": True}},
            "flows": {"recovery": {"enabled": True}, "verification": {"enabled": True}},
        },
        "vestibule": {"codes_per_address": 10**6},
    },
)


def report() -> None:
    store = SqliteTable(None)
    world = World.build(store, _CONFIG, codes.schema())
    codes.sign_up(Native(world), KNOWN)
    rows = [_compared(name, step) for name, step in _STEPS.items() for step in [lambda to, step=step: step(world, to)]]
    store.close()
    table.show(
        f"Known and unknown addresses ({SAMPLES} samples, interleaved; medians, on SQLite)",
        ["request", "known ms", "unknown ms", "ratio"],
        rows,
        "Where the answer is the same, so are round trips and hashes, which is a test (tests/attacks).",
        "A sign-in by code says that nobody has the address (4000035, as Kratos does): it pretends nothing.",
    )


def _recovery(world: World, to: str) -> float:
    client = Native(world)
    flow = client.start("recovery")
    return _cpu(lambda: client.submit(flow, method="code", email=to), 200)


def _sign_in(world: World, to: str) -> float:
    client = Native(world)
    flow = client.start("login")
    return _cpu(lambda: client.submit(flow, method="code", identifier=to), 400)


def _verification(world: World, to: str) -> float:
    client = Native(world)
    flow = client.start("verification")
    return _cpu(lambda: client.submit(flow, method="code", email=to), 200)


def _password(world: World, to: str) -> float:
    world.clock.pass_by(days=1)  # guesses are counted, and forgotten
    client = Native(world)
    flow = client.start("login")
    return _cpu(lambda: client.submit(flow, method="password", identifier=to, password="wrong"), 400)


_STEPS: dict[str, Callable[[World, str], float]] = {
    "login submit, wrong password": _password,
    "recovery submit": _recovery,
    "verification submit": _verification,
    "login submit, by code": _sign_in,
}


def _compared(name: str, step: Callable[[str], float]) -> list[str]:
    asked = [KNOWN, UNKNOWN] * (SAMPLES // 2)
    random.Random(0).shuffle(asked)
    spent: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    for to in asked:
        spent[to].append(step(to))
    known, unknown = (sorted(spent[to])[len(spent[to]) // 2] * 1000 for to in (KNOWN, UNKNOWN))
    return [name, f"{known:.2f}", f"{unknown:.2f}", f"{known / unknown:.2f}"]


def _cpu(step: Callable[[], Reply], status: int) -> float:
    """Seconds of CPU of this process, all threads."""
    before = time.process_time()
    reply = step()
    spent = time.process_time() - before
    assert reply.status == status, reply.body
    return spent
