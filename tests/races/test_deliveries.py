"""A process dies between two calls to AWS, anywhere between a submit and the target's 200. Nothing is lost or made up.

The publisher, the bus and the worker are killed as well as the flow's function: whatever dies is begun anew, as a
stream, a queue and the sweeper begin it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace
from tests.hooks.web_hook.target import TEMPLATES, Pace, Target, hook
from tests.races.staging import Killed, Staged, one_after_the_other
from tests.world import PASSWORD, Native, Reply, World

from vestibule.adapters.queued_events import QueuedEvents
from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.event import WEB_HOOK_DUE, Event
from vestibule.local.bus import Bus
from vestibule.ports import Table

ALICE = "alice@example.org"
MOST = 60
TOLD = {"response": {"ignore": True}}
SETTINGS = {"ui_url": "https://app.example.org/settings"}
FLOWS: dict[str, Any] = {
    "registration": {"after": {"password": {"hooks": [hook(id="registered", **TOLD), {"hook": "session"}]}}},
    "login": {"after": {"password": {"hooks": [hook(id="signed-in", **TOLD)]}}},
    "settings": SETTINGS | {"after": {"profile": {"hooks": [hook(id="changed", **TOLD)]}}},
}
SUCCESSES = {"registered": "RegistrationSucceeded", "signed-in": "LoginSucceeded", "changed": "SettingsSucceeded"}


@dataclass
class Bused(QueuedEvents):
    """The bus, with a note of everything that reached it."""

    seen: list[Event] = field(default_factory=list[Event])

    def __init__(self, clock: Any, seen: list[Event]) -> None:
        super().__init__(clock)
        self.seen = seen

    def publish(self, events: Any) -> Any:
        self.seen += events
        return super().publish(events)


class Place:
    """One call to the store at which everything dies, counted over function, publisher and worker."""

    def __init__(self, table: Table, at: int, *, after: bool) -> None:
        self.table, self.target, self.seen = table, Target(), list[Event]()
        self.staged = Staged(table, 0, _die, after)
        self.world = self._world(self.staged)
        self.world.svc.index.hmac("any", "thing")  # a process reads its index key once
        self.bus = Bus(self.world.svc)
        self.bus.restore()
        self.staged.calls, self.staged.at = 0, at

    def _world(self, table: Any) -> World:
        flows = {"selfservice": {"flows": FLOWS}}
        world = World.build(table, flows, web=self.target, pace=Pace(), templates=TEMPLATES)
        svc = replace(world.svc, parallel=one_after_the_other, events=Bused(world.clock, self.seen))
        return World(svc, world.clock, table)

    def run(self, request: Callable[[Native], Reply]) -> Reply | None:
        """The request and all that follows from it, until it dies."""
        try:
            reply = request(Native(self.world))
            self.bus.step()
            self.bus.step()
        except Killed:
            return None
        return reply

    def go_on(self) -> World:
        """The processes that take over: the stream's records come again, and what stays behind is swept."""
        world = self._world(self.table)
        world.clock.pass_by(minutes=10)  # leases end
        _deliver(world)
        world.clock.pass_by(minutes=10)
        _deliver(world)
        return world

    def called(self, name: str) -> list[str]:
        """The ids under which the target was told by the hook."""
        calls = [call for call in self.target.calls if self._hook_of(call.headers["webhook-id"]) == name]
        return [call.headers["webhook-id"] for call in calls]

    def _hook_of(self, event_id: str) -> str:
        return next(str(event.detail["hook"]) for event in self.seen if event.id == event_id)

    def told(self, type_: str) -> set[str]:
        return {event.id for event in self.seen if event.type == type_}


def places(table: Table, *, after: bool) -> Iterator[Place]:
    for at in range(1, MOST):
        place = Place(table, at, after=after)
        yield place
        if place.staged.calls < at:
            assert at > 8, "nothing happened"
            return
    raise AssertionError(f"more than {MOST} calls")


def _die() -> None:
    raise Killed


def _deliver(world: World) -> None:
    bus = Bus(world.svc)
    bus.restore()
    bus.step()
    bus.step()


@pytest.mark.attack("flt-06")
@pytest.mark.parametrize("after", [False, True], ids=["before a call", "behind a call"])
def test_whoever_signs_up_is_told_of_once_and_nobody_else_is(sqlite_table: SqliteTable, after: bool) -> None:
    for place in places(sqlite_table, after=after):
        email = f"{place.staged.at}-{int(after)}-{ALICE}"
        place.run(lambda client, email=email: client.sign_up(email))
        world = place.go_on()
        exists = world.svc.identities.by_identifier(["password"], email) is not None
        assert len(set(place.called("registered"))) == len(place.told(SUCCESSES["registered"])) == int(exists)
        assert len(place.told("IdentityCreated")) == int(exists)
        again = Native(world).sign_up(email)
        assert (again.status == 200) is not exists
        _deliver(world)
        assert len(set(place.called("registered"))) == 1


@pytest.mark.attack("flt-06")
@pytest.mark.parametrize("after", [False, True], ids=["before a call", "behind a call"])
def test_every_sign_in_is_told_of_once(sqlite_table: SqliteTable, after: bool) -> None:
    plain = World.build(sqlite_table)
    alice = plain.identity(ALICE)
    _forget(plain)
    for place in places(sqlite_table, after=after):
        before = len(plain.svc.sessions.of_identity(alice))
        place.run(lambda client: client.sign_in(ALICE, PASSWORD))
        world = place.go_on()
        opened = len(world.svc.sessions.of_identity(alice)) - before
        assert opened in (0, 1)
        assert len(set(place.called("signed-in"))) == opened
        assert len(place.told("LoginSucceeded")) == opened
        assert len(place.told("SessionIssued")) == opened


@pytest.mark.parametrize("after", [False, True], ids=["before a call", "behind a call"])
def test_every_change_of_settings_is_told_of_once(sqlite_table: SqliteTable, after: bool) -> None:
    for place in places(sqlite_table, after=after):
        email = f"{place.staged.at}-{int(after)}-{ALICE}"
        plain = World.build(sqlite_table)
        alice = plain.identity(email)
        token = Native(plain).sign_in(email).json["session_token"]
        _forget(plain)
        named = {"email": email, "name": {"first": "Alice"}}

        def change(client: Native, token: str = token, named: dict[str, Any] = named) -> Reply:
            client.token = token
            return client.submit(client.start("settings"), method="profile", traits=named)

        place.run(change)
        world = place.go_on()
        stored = world.svc.identities.find(alice.id)
        assert stored is not None
        done = stored.traits == named
        assert len(set(place.called("changed"))) == len(place.told(SUCCESSES["changed"])) == int(done)


def _forget(world: World) -> None:
    """What happened so far is published; no hook is to be told of it."""
    bus = Bus(world.svc)
    bus.restore()
    bus.step()


def test_what_is_due_reaches_the_bus_with_its_type(any_table: Table) -> None:
    place = Place(any_table, 0, after=False)
    assert place.run(lambda client: client.sign_up(ALICE)) is not None
    assert [event.type for event in place.seen if event.type == WEB_HOOK_DUE] == [WEB_HOOK_DUE]
