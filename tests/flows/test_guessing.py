"""Guessing passwords: how many tries an account takes, whatever the guesser varies. design.md §4."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import process_time
from typing import Any

import pytest
from msgspec.structs import force_setattr
from tests import settings
from tests.world import PASSWORD, SCHEMA, Browser, Client, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import Item, StoreUnavailable, Update, Write

EMAIL = "alice@example.org"
FREE = 3
GENERIC = 4000001
LIMITS: dict[str, Any] = {"vestibule": {"guesses": {"free": FREE, "first_wait": "10s", "max_wait": "1m", "cap": 6}}}

USERNAME = {"type": "string", "ory.sh/kratos": {"credentials": {"password": {"identifier": True}}}}


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return World.build(sqlite_table, LIMITS)


def guess(world: World, identifier: str = EMAIL, kind: type[Client] = Native, times: int = 1) -> list[int]:
    """Statuses of wrong guesses; a browser's redirect back to the form counts as 400, one to the error page as 429."""
    statuses: list[int] = []
    for number in range(times):
        client = kind(world)
        reply = client.sign_in(identifier, f"wrong-{number}")
        if reply.status == 303:
            statuses.append(400 if "/login" in reply.location else 429)
        else:
            statuses.append(reply.status)
    return statuses


@pytest.mark.attack("bf-01")
def test_after_the_free_guesses_even_the_right_password_has_to_wait(client: Client, world: World) -> None:
    world.identity(EMAIL)
    guess(world, times=FREE)
    reply = client.sign_in(EMAIL)
    if client.kind == "browser":
        assert reply.location.startswith("https://app.example.org/error?id=")
    else:
        assert reply.status == 429
    assert reply.headers["retry-after"] == "10"
    assert client.whoami().status == 401
    world.clock.pass_by(seconds=10)
    client.sign_in(EMAIL)
    assert client.whoami().status == 200


@pytest.mark.attack("bf-01")
def test_waits_double_up_to_their_limit_and_end_at_the_cap(world: World) -> None:
    world.identity(EMAIL)
    guess(world, times=FREE)
    waits: list[str] = []
    for _ in range(3):
        waits.append(Native(world).sign_in(EMAIL, "wrong").headers["retry-after"])
        world.clock.pass_by(seconds=int(waits[-1]))
        assert guess(world) == [400]
    assert waits == ["10", "20", "40"]
    at_the_cap = Native(world).sign_in(EMAIL)
    assert at_the_cap.status == 429
    assert int(at_the_cap.headers["retry-after"]) == 24 * 3600
    world.clock.pass_by(hours=24)
    assert Native(world).sign_in(EMAIL).status == 200


def test_known_and_unknown_accounts_are_locked_alike(world: World) -> None:
    world.identity(EMAIL)
    known, unknown = guess(world, times=FREE + 2), guess(world, "nobody@example.org", times=FREE + 2)
    assert known == unknown == [400] * FREE + [429] * 2
    replies = [Native(world).sign_in(who, "wrong") for who in (EMAIL, "nobody@example.org")]
    assert replies[0].body == replies[1].body
    assert replies[0].headers == replies[1].headers


@pytest.mark.attack("bf-03")
def test_all_clients_spellings_and_addresses_share_one_budget(world: World) -> None:
    world.identity(EMAIL)
    tries: list[Callable[[], list[int]]] = [
        lambda: guess(world, "ALICE@EXAMPLE.ORG"),
        lambda: guess(world, " alice@example.org", Spa),
        lambda: guess(world, "\uff41lice@example.org", Browser),
    ]
    assert [attempt() for attempt in tries] == [[400]] * FREE
    flow = Native(world).start("login")
    elsewhere = world.send(
        "POST",
        flow.document["ui"]["action"],
        headers={"Content-Type": "application/json", "User-Agent": "other"},
        body=b'{"method":"password","identifier":"alice@example.org","password":"wrong"}',
        source_ip="198.51.100.99",
    )
    assert elsewhere.status == 429


@pytest.mark.attack("bf-03")
def test_all_identifiers_of_an_account_share_one_budget(sqlite_table: SqliteTable) -> None:
    traits = SCHEMA["properties"]["traits"]
    person = SCHEMA | {"properties": {"traits": traits | {"properties": traits["properties"] | {"username": USERNAME}}}}
    world = World.build(sqlite_table, LIMITS, schema=person)
    assert Native(world).sign_up(EMAIL, traits={"email": EMAIL, "username": "alice"}).status == 200
    assert guess(world, EMAIL) + guess(world, "alice") + guess(world, EMAIL) == [400] * FREE
    assert guess(world, "alice") + guess(world, EMAIL) == [429, 429]


def test_one_form_has_no_budget_of_its_own(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = client.start("login")
    for _ in range(FREE):
        flow = client.refused_flow("login", client.submit(flow, method="password", identifier=EMAIL, password="x"))
    reply = client.submit(flow, method="password", identifier=EMAIL, password=PASSWORD)
    assert reply.status == 429 or reply.location.startswith("https://app.example.org/error?")


@pytest.mark.attack("bf-04")
def test_a_success_gives_the_account_its_guesses_back(world: World) -> None:
    world.identity(EMAIL)
    guess(world, times=FREE - 1)
    assert Native(world).sign_in(EMAIL).status == 200
    assert guess(world, times=FREE) == [400] * FREE


@pytest.mark.attack("bf-04")
def test_a_success_of_somebody_else_gives_none_back(world: World) -> None:
    world.identity(EMAIL)
    world.identity("mallory@example.org")
    guess(world, times=FREE)
    assert Native(world).sign_in("mallory@example.org").status == 200
    assert guess(world) == [429]


def test_an_account_is_not_locked_by_guesses_at_another(world: World) -> None:
    world.identity(EMAIL)
    guess(world, "mallory@example.org", times=FREE + 1)
    assert Native(world).sign_in(EMAIL).status == 200


@pytest.mark.attack("bf-14")
def test_refused_guesses_do_not_prolong_the_wait(world: World) -> None:
    world.identity(EMAIL)
    guess(world, times=FREE)
    for _ in range(9):
        world.clock.pass_by(seconds=1)
        assert guess(world) == [429]
    world.clock.pass_by(seconds=1)
    assert Native(world).sign_in(EMAIL).status == 200


@pytest.mark.attack("bf-14")
def test_a_counter_ends_by_its_own_time_not_when_the_store_removes_it(world: World) -> None:
    world.identity(EMAIL)
    guess(world, times=FREE)
    world.clock.pass_by(days=1)
    assert guess(world, times=FREE) == [400] * FREE


@pytest.mark.attack("dos-07")
@pytest.mark.attack("bf-01")
def test_no_more_guesses_than_allowed_are_compared_side_by_side(world: World) -> None:
    world.identity(EMAIL)
    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda _: guess(world)[0], range(24)))
    assert statuses.count(400) <= FREE
    assert set(statuses) <= {400, 429}


def test_a_refresh_is_counted_too(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    for _ in range(FREE):
        assert app.sign_in(EMAIL, "wrong", refresh="true").status == 400
    assert app.sign_in(EMAIL, refresh="true").status == 429


def test_forms_without_a_password_cost_no_guess(world: World) -> None:
    world.identity(EMAIL)
    for _ in range(FREE + 2):
        assert Native(world).sign_in(EMAIL, "").status == 400
    assert Native(world).sign_in(EMAIL).status == 200


# --- too long -------------------------------------------------------------------------------------------


@pytest.mark.attack("dos-01")
@pytest.mark.parametrize("password", ["x" * 4097, "é" * 2049, "x" * 1_000_000, "x" * 10_000_000])
def test_a_password_that_is_too_long_is_not_even_hashed(sqlite_table: SqliteTable, password: str) -> None:
    """The longest one is in a body that is not even read."""
    unread = [GENERIC] if len(password) > 5 * 1024 * 1024 else []
    world = settings.build(sqlite_table)
    world.identity(EMAIL)
    member = Native(world)
    member.sign_in(EMAIL)
    calls: list[str] = []
    hasher = world.svc.hasher
    force_setattr(world.svc, "hasher", _Refusing(hasher, calls))
    for identifier in (EMAIL, "nobody@example.org"):
        reply = Native(world).sign_in(identifier, password)
        assert reply.status == 400
        assert reply.flow.message_ids == (unread or [4000006])
    for reply in (
        Native(world).sign_up("new@example.org", password),
        member.submit(member.start("settings"), method="password", password=password),
    ):
        assert reply.status == 400
        assert (reply.flow.message_ids, reply.flow.messages_at("password")) == (unread, [] if unread else [4000033])
    assert calls == []


@pytest.mark.attack("dos-01")
@pytest.mark.parametrize("identifier", [EMAIL, "nobody@example.org"])
def test_a_password_that_is_too_long_costs_next_to_nothing(world: World, identifier: str) -> None:
    world.identity(EMAIL)
    took: list[float] = []
    for _ in range(3):
        app = Native(world)
        flow = app.start("login")
        started = process_time()
        app.submit(flow, method="password", identifier=identifier, password="x" * 1_000_000)
        took.append(process_time() - started)
    assert min(took) < 0.05


@pytest.mark.attack("dos-01")
def test_the_longest_password_can_be_used(world: World) -> None:
    longest = "é" * 2048
    assert Native(world).sign_up(EMAIL, longest).status == 200
    assert Native(world).sign_in(EMAIL, longest).status == 200
    assert Native(world).sign_in(EMAIL, longest[:-1]).status == 400


class _Refusing:
    """A hasher that notes who asks it."""

    def __init__(self, hasher: Any, calls: list[str]) -> None:
        self._hasher = hasher
        self._calls = calls

    def verify(self, password: str, hashed: str) -> bool:
        self._calls.append("verify")
        return self._hasher.verify(password, hashed)

    def hash(self, password: str) -> str:
        self._calls.append("hash")
        return self._hasher.hash(password)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hasher, name)


# --- the store is busy ----------------------------------------------------------------------------------


@pytest.mark.attack("bf-13")
@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_where_guesses_cannot_be_counted_nobody_gets_in(
    world: World, sqlite_table: SqliteTable, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    world.identity(EMAIL)
    write = sqlite_table.write

    def throttled(change: Write) -> Item | None:
        if isinstance(change, Update) and change.key[0].startswith("RL#"):
            raise StoreUnavailable("busy")
        return write(change)

    monkeypatch.setattr(sqlite_table, "write", throttled)
    app = Native(world)
    before = world.stored()
    flow = app.start("login")
    reply = app.submit(flow, method="password", identifier=EMAIL, password=password)
    assert reply.status == 503
    assert reply.headers["retry-after"] == "1"
    assert "session_token" not in reply.json
    assert {key for key in world.stored() if key not in before} == {(f"F#{flow.id}", "#")}
