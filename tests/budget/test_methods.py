"""No method costs the flows that do not use it a call of the store: design.md §4, for all of them together."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from tests import codes, keys, providers
from tests.world import CLIENTS, PASSWORD, Browser, Client, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged

ALICE = "alice@example.org"
NEW_PASSWORD = "green-Lantern-17-comet"
FLOWS = {"settings": {"required_aal": "aal1"}, "verification": {"enabled": True}, "recovery": {"enabled": True}}
SESSION = {"whoami": {"required_aal": "aal1"}}
ONLY_PASSWORD: dict[str, Any] = {
    "session": SESSION,
    "selfservice": {
        "flows": FLOWS,
        "methods": {name: {"enabled": False} for name in ("link", "code", "totp", "lookup_secret")},
    },
}
EVERY_METHOD: dict[str, Any] = {
    "session": SESSION,
    "selfservice": {
        "flows": FLOWS,
        "methods": {
            "code": {"enabled": True, "passwordless_enabled": True},
            "link": {"enabled": True},
            "totp": {"enabled": True, "config": {"issuer": "Harbour"}},
            "lookup_secret": {"enabled": True},
            "webauthn": {"enabled": True, "config": {"passwordless": True, "rp": keys.RP}},
            "passkey": {"enabled": True, "config": {"rp": keys.RP}},
            "oidc": providers.configured()["selfservice"]["methods"]["oidc"],
        },
    },
}


CODE_AS_SECOND_FACTOR = {"selfservice": {"methods": {"code": {"passwordless_enabled": False, "mfa_enabled": True}}}}


class Told:
    """A Table, and each call of it with the number of items that it is about."""

    def __init__(self, table: SqliteTable) -> None:
        self._table = table
        self.calls: list[tuple[str, int]] = []

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            count = len(arguments[0]) if arguments and isinstance(arguments[0], list | tuple) else 1
            self.calls.append((name, count))
            return getattr(self._table, name)(*arguments, **options)

        return call


Calls = dict[str, list[tuple[str, int]]]


def calls(table: SqliteTable, kind: type[Client], changes: dict[str, Any]) -> Calls:
    """What each phase calls, one after the other, of somebody who has a password and nothing else."""
    told = Told(table)
    world = World.build(told, changes, schema())  # type: ignore[arg-type] every method of a Table
    world.svc = replace(world.svc, parallel=lambda *tasks: [task() for task in tasks])
    client, seen = kind(world), Calls()

    def of(phase: str, step: Callable[[], Any]) -> Any:
        told.calls.clear()
        answer = step()
        seen[phase] = list(told.calls)
        return answer

    def through(name: str, **form: Any) -> None:
        flow = of(f"{name} start", lambda: client.start(name))
        of(f"{name} fetch", lambda: client.fetch(name, flow.id))
        of(f"{name} submit, {form['method']}", lambda: client.submit(flow, **form))

    world.svc.index.load()  # read once in a process
    through("registration", method="password", password=PASSWORD, traits={"email": ALICE})
    client = kind(world)
    through("login", method="password", identifier=ALICE, password=PASSWORD)
    assert of("whoami", client.whoami).status == 200
    of("sessions", lambda: client.get("/sessions"))
    through("settings", method="password", password=NEW_PASSWORD)
    through("settings", method="profile", traits={"email": ALICE, "name": {"first": "Ann"}})
    assert client.whoami().json["identity"]["traits"]["name"] == {"first": "Ann"}
    return seen


def schema() -> dict[str, Any]:
    """In which every method finds what it needs."""
    document = copy.deepcopy(codes.schema())
    credentials = document["properties"]["traits"]["properties"]["email"]["ory.sh/kratos"]["credentials"]
    credentials |= {"webauthn": {"identifier": True}, "passkey": {"display_name": True}}
    return document


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("more", [{}, CODE_AS_SECOND_FACTOR], ids=["code first", "code second"])
def test_no_method_adds_a_call_to_flows_that_do_not_use_it(kind: type[Client], more: dict[str, Any]) -> None:
    with_one, with_all = SqliteTable(None), SqliteTable(None)
    lean = calls(with_one, kind, ONLY_PASSWORD)
    whole = calls(with_all, kind, merged(EVERY_METHOD, more))
    assert len(lean) == 12
    assert all(lean.values())
    assert whole == lean
    with_one.close()
    with_all.close()


def test_every_method_is_among_those_that_are_enabled(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table, EVERY_METHOD, schema())
    client = Browser(world)
    nodes = [node for kind in ("login", "registration") for node in client.start(kind).document["ui"]["nodes"]]
    client.sign_up(ALICE)
    nodes += client.start("settings").document["ui"]["nodes"]
    enabled = {"password", "profile", *EVERY_METHOD["selfservice"]["methods"]}
    assert {node["group"] for node in nodes} >= enabled - {"link"}
    assert world.svc.config.selfservice.methods.link.enabled
