"""Who has an account is not to be found out by trying to get back into it. Contract 07 §4."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import replace
from tests import recovery
from tests.recovery import build, enter, letters, shown
from tests.world import CLIENTS, Client, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.identity import State
from vestibule.ports import Put

KNOWN = "alice@example.org"
DISABLED = "eve-x@example.org"
UNKNOWN = "bobby@example.org"
VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[\w-]{80,}")


class Counting:
    """A table that notes what is asked of it, and of how many items."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.calls: list[tuple[str, int]] = []
        self.sizes: list[int] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)

        def noted(*arguments: Any, **named: Any) -> Any:
            first = arguments[0] if arguments else ()
            self.calls.append((name, len(first) if isinstance(first, list | tuple) else 1))
            if name == "transact":
                self.sizes = [len(str(write.item)) for write in first if isinstance(write, Put)]
            return found(*arguments, **named)

        return noted


def deployment(table: SqliteTable, *changes: Any) -> tuple[World, Counting]:
    counting = Counting(table)
    world = build(counting, *changes)  # type: ignore[arg-type] (it answers like the table)
    world.identity(KNOWN)
    disabled = world.identity(DISABLED)
    world.svc.identities.update(disabled, disabled.in_state(State.INACTIVE, world.clock.now()))
    world.svc = replace(world.svc, parallel=lambda *tasks: [task() for task in tasks])
    return world, counting


def asked(client: Client, counting: Counting, address: str, method: str) -> tuple[str, list[tuple[str, int]]]:
    """What is shown, free of what varies, and the calls that it took."""
    flow = client.start("recovery")
    counting.calls.clear()
    reply = client.submit(flow, method=method, email=address)
    calls = list(counting.calls)
    told = str(shown(client, reply).document) + str(sorted(reply.headers)) + str(reply.status)
    return VARYING.sub("*", told.replace(address, "@")), calls


@pytest.mark.attack("enum-03")
@pytest.mark.parametrize("method", ["code", "link"])
@pytest.mark.parametrize("changes", [{}, recovery.NOTIFIED], ids=["silent", "notified"])
@pytest.mark.parametrize("kind", CLIENTS)
def test_an_address_that_nobody_has_is_answered_and_costs_as_any_other(
    sqlite_table: SqliteTable, kind: type[Client], changes: dict[str, Any], method: str
) -> None:
    world, counting = deployment(sqlite_table, changes)
    told, calls = asked(kind(world), counting, KNOWN, method)
    sizes = counting.sizes
    for other in (UNKNOWN, DISABLED):
        assert asked(kind(world), counting, other, method) == (told, calls)
        if not changes:  # a note to somebody unknown is shorter than a message to somebody known
            assert all(abs(one - two) < 512 for one, two in zip(sizes, counting.sizes, strict=True))
    assert len(letters(world, UNKNOWN)) == bool(changes)


@pytest.mark.attack("enum-03")
@pytest.mark.parametrize("kind", CLIENTS)
def test_a_wrong_code_costs_the_same_whoever_it_is_for(sqlite_table: SqliteTable, kind: type[Client]) -> None:
    world, counting = deployment(sqlite_table)
    seen: list[Any] = []
    for address in (KNOWN, UNKNOWN):
        client = kind(world)
        flow = shown(client, client.submit(client.start("recovery"), method="code", email=address))
        answers: list[Any] = []
        for _ in range(6):
            counting.calls.clear()
            reply = enter(client, flow, "000000")
            answers.append((reply.status, list(counting.calls)))
        seen.append(answers)
    assert seen[0] == seen[1]


@pytest.mark.attack("bf-09")
def test_the_sixth_message_within_an_hour_is_told_and_not_sent(sqlite_table: SqliteTable) -> None:
    world, counting = deployment(sqlite_table)
    client = CLIENTS[2](world)
    answers = [asked(client, counting, KNOWN, "code") for _ in range(7)]
    assert len({told for told, _ in answers}) == 1
    assert len(letters(world, KNOWN)) == 5
    world.clock.pass_by(hours=1)
    asked(client, counting, KNOWN, "code")
    assert len(letters(world, KNOWN)) == 6
