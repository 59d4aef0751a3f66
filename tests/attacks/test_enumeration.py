"""Who has an account here is not to be found out by trying to sign in. Contract 07 §4."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import force_setattr
from tests.world import CLIENTS, PASSWORD, Client, Native, Reply, World

from vestibule.domain.identity import State

EMAIL = "alice@example.org"
OTHER = "bobby@example.org"
VARYING = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[\w-]{80,}")


class Counting:
    """A hasher, or a table, that notes which of its methods are called."""

    def __init__(self, inner: Any, calls: list[str]) -> None:
        self._inner = inner
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def noted(*arguments: Any, **named: Any) -> Any:
            self._calls.append(name)
            return found(*arguments, **named)

        return noted


def known_kinds(world: World) -> None:
    """An account, one that is disabled; nobody has the other addresses."""
    world.identity(EMAIL)
    disabled = world.identity("eve@example.org")
    world.svc.identities.update(disabled, disabled.in_state(State.INACTIVE, world.clock.now()))


def attempt(kind: type[Client], world: World, identifier: str) -> tuple[Reply, bytes]:
    client = kind(world)
    flow = client.start("login")
    reply = client.submit(flow, method="password", identifier=identifier, password="wrong-guess")
    shown = client.fetch("login", flow.id).body if kind.kind == "browser" else reply.body
    return reply, VARYING.sub(b"*", shown.replace(identifier.encode(), b"@"))


@pytest.mark.attack("enum-01")
@pytest.mark.parametrize("kind", CLIENTS)
def test_a_wrong_password_and_an_unknown_account_are_answered_alike(world: World, kind: type[Client]) -> None:
    known_kinds(world)
    (known, body), *others = [
        attempt(kind, world, identifier) for identifier in (EMAIL, OTHER, "eve@example.org", "no address")
    ]
    for reply, shown in others:
        assert reply.status == known.status
        assert {name: VARYING.sub(b"*", value.encode()) for name, value in reply.headers.items()} == {
            name: VARYING.sub(b"*", value.encode()) for name, value in known.headers.items()
        }
        assert shown == body
        assert len(reply.cookies) == len(known.cookies)


@pytest.mark.attack("enum-02")
def test_they_cost_the_same_work(world: World) -> None:
    known_kinds(world)
    spent: dict[str, list[str]] = {}
    for identifier in (EMAIL, OTHER, "eve@example.org"):
        app = Native(world)
        flow = app.start("login")
        calls: list[str] = []
        force_setattr(world.svc, "hasher", Counting(world.svc.hasher, calls))
        try:
            app.submit(flow, method="password", identifier=identifier, password="wrong-guess")
        finally:
            force_setattr(world.svc, "hasher", world.svc.hasher._inner)
        spent[identifier] = sorted(call for call in calls if call in ("verify", "hash"))
    assert spent[EMAIL] == spent[OTHER] == spent["eve@example.org"] == ["verify"]


@pytest.mark.attack("enum-02")
def test_the_decoy_is_as_hard_as_a_real_hash(world: World) -> None:
    alice = world.identity(EMAIL)
    hashed = world.svc.identities.configs(alice.id, ["password"])["password"]["hashed_password"]
    decoy = world.svc.hasher.decoy()
    assert decoy.split("$")[:4] == hashed.split("$")[:4]
    assert len(decoy) == len(hashed)
    assert not world.svc.hasher.verify(PASSWORD, decoy)
    assert not world.svc.hasher.verify("", decoy)


@pytest.mark.attack("enum-02")
def test_they_read_and_write_the_same_number_of_items(world: World) -> None:
    known_kinds(world)
    counts: list[list[str]] = []
    for identifier in (EMAIL, OTHER):
        before = len(world.table.changes(None, 100_000))
        app = Native(world)
        app.sign_in(identifier, "wrong-guess")
        counts.append([change.key[0][:2] for change in world.table.changes(None, 100_000)[before:]])
    assert sorted(counts[0]) == sorted(counts[1])
