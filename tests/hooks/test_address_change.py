"""A changed address: `verify_new_address`, `notify_previous_addresses`, and its verification. Contract 02 §3."""

from __future__ import annotations

from typing import Any

import pytest
from tests.codes import letters
from tests.settings import CONFIG, PAGE, shown
from tests.verification import BY_LINK, WORK, build, code_to, create, enter, link_to, statuses
from tests.world import CLIENTS, PASSWORD, Browser, Client, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged
from vestibule.domain.identity import Identity
from vestibule.ui import messages

EMAIL, NEW, OTHER = "alice@example.org", "alice@new.example", "bea@example.org"


def profile(*hooks: Any) -> dict[str, Any]:
    """The hooks behind a change of the profile, by name or as entries."""
    listed = [hook if isinstance(hook, dict) else {"hook": hook} for hook in hooks]
    return merged(CONFIG, {"selfservice": {"flows": {"settings": {"after": {"profile": {"hooks": listed}}}}}})


def notify(recipients: str) -> dict[str, Any]:
    return {"hook": "notify_previous_addresses", "config": {"recipients": recipients}}


WAITING = profile("verify_new_address", notify("removed"))


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table, WAITING)


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def alice(request: pytest.FixtureRequest, world: World) -> Client:
    client: Client = request.param(world)
    client.sign_up(EMAIL)
    return client


def stored(world: World, email: str = EMAIL) -> Identity:
    found = world.svc.identities.by_identifier(["password"], email)
    assert found is not None
    return found


def told(world: World, address: str) -> int:
    """How many messages said that addresses were changed."""
    return sum("changed_at" in data for data in letters(world, address))


def change(client: Client, **traits: Any) -> Any:
    return client.submit(client.start("settings"), method="profile", traits=traits)


def verification(client: Client, reply: Any) -> Any:
    """The flow that waits for the code."""
    if client.kind == "browser":
        assert reply.location.startswith("https://app.example.org/verification"), reply.location
        return client.fetch("verification", reply.query("flow")).flow
    [item] = reply.json["continue_with"]
    assert item["action"] == "show_verification_ui"
    return client.fetch("verification", item["flow"]["id"]).flow


@pytest.mark.attack("set-02")
def test_the_old_address_stays_until_the_new_one_is_proven(alice: Client, world: World) -> None:
    flow = verification(alice, change(alice, email=NEW, name={"first": "Ann"}))
    assert stored(world).traits == {"email": EMAIL, "name": {}}
    assert Native(world).sign_in(EMAIL).status == 200
    assert Native(world).sign_in(NEW).status == 400
    assert told(world, EMAIL) == 0
    enter(alice, flow, code_to(world, NEW))
    assert stored(world, NEW).traits == {"email": NEW, "name": {"first": "Ann"}}
    assert statuses(world, stored(world, NEW).id) == {NEW: ("completed", True)}
    assert Native(world).sign_in(EMAIL).status == 400
    assert Native(world).sign_in(NEW).status == 200
    assert told(world, EMAIL) == 1


def test_a_wrong_code_changes_nothing(alice: Client, world: World) -> None:
    flow = verification(alice, change(alice, email=NEW))
    right = code_to(world, NEW)
    enter(alice, flow, "000000" if right != "000000" else "111111")
    assert stored(world).traits["email"] == EMAIL


def test_the_code_can_be_sent_once_more(alice: Client, world: World) -> None:
    flow = verification(alice, change(alice, email=NEW))
    world.clock.pass_by(minutes=1)
    alice.submit(flow, method="code", email=NEW)
    assert len(letters(world, NEW)) == 2
    enter(alice, flow, code_to(world, NEW))
    assert stored(world, NEW).traits["email"] == NEW


def test_the_code_of_a_change_that_was_replaced_is_worth_nothing(alice: Client, world: World) -> None:
    flow = verification(alice, change(alice, email=NEW))
    later = verification(alice, change(alice, email="alice@newer.example"))
    enter(alice, flow, code_to(world, NEW))
    assert stored(world).traits["email"] == EMAIL
    enter(alice, later, code_to(world, "alice@newer.example"))
    assert stored(world, "alice@newer.example").id


def test_nothing_is_changed_for_somebody_who_signed_out(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    flow = verification(alice, change(alice, email=NEW))
    identity = stored(world)
    world.svc.sessions.revoke_all(identity, keep=None, at=world.clock.now())
    reply = enter(alice, flow, code_to(world, NEW))
    assert reply.flow.message_ids == [messages.VERIFICATION_CODE_INVALID_OR_ALREADY_USED.id]
    assert stored(world).traits["email"] == EMAIL


def test_nothing_is_changed_that_was_changed_in_between(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    flow = verification(alice, change(alice, email=NEW))
    assert change(alice, email=EMAIL, age=30).status == 200
    enter(alice, flow, code_to(world, NEW))
    assert stored(world).traits == {"email": EMAIL, "age": 30, "name": {}}


def test_an_address_that_somebody_else_took_meanwhile_is_not_given_twice(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    flow = verification(alice, change(alice, email=NEW))
    create(world, NEW)
    enter(alice, flow, code_to(world, NEW))
    assert stored(world).traits["email"] == EMAIL


def test_an_address_of_somebody_else_is_refused_and_not_written_to(alice: Client, world: World) -> None:
    create(world, OTHER)
    refused = alice.refused_flow("settings", change(alice, email=OTHER))
    assert refused.message_ids == [messages.DUPLICATE_CREDENTIALS.id]
    assert letters(world, OTHER) == []


def test_one_address_is_changed_at_a_time(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, WAITING, work=WORK)
    alice = Spa(world)
    alice.sign_up(EMAIL)
    reply = change(alice, email=NEW, work="alice@work.example")
    assert reply.status == 200
    assert reply.flow.message_ids == [messages.SETTINGS_TOO_MANY_ADDRESS_CHANGES.id]
    assert stored(world).traits["email"] == EMAIL


def test_what_is_no_address_is_saved_at_once(alice: Client, world: World) -> None:
    shown(alice, change(alice, email=EMAIL, name={"first": "Ann"}))
    assert stored(world).traits["name"] == {"first": "Ann"}
    assert told(world, EMAIL) == 0


def test_a_session_that_is_not_fresh_sends_nothing_to_a_new_address(sqlite_table: SqliteTable) -> None:
    aged = {"selfservice": {"flows": {"settings": {"privileged_session_max_age": "5m"}}}}
    world = build(sqlite_table, merged(WAITING, aged))
    alice = Native(world)
    alice.sign_up(EMAIL)
    flow = alice.start("settings")
    world.clock.pass_by(minutes=6)
    reply = alice.submit(flow, method="profile", traits={"email": NEW})
    assert reply.error_id == "session_refresh_required"
    assert letters(world, NEW) == []


def test_nobody_writes_to_a_stranger_without_end(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, merged(WAITING, {"vestibule": {"codes_per_address": 3}}))
    alice = Native(world)
    alice.sign_up(EMAIL)
    statuses = [change(alice, email=NEW).status for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert len(letters(world, NEW)) == 3


def test_a_link_proves_the_new_address_too(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, merged(WAITING, BY_LINK))
    alice = Native(world)
    alice.sign_up(EMAIL)
    assert change(alice, email=NEW).status == 200
    Native(world).get(link_to(world, NEW))
    assert stored(world, NEW).traits["email"] == NEW


# --- who is told ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipients", "expected"),
    [
        ("removed", {"old@work.example": 1}),
        ("all_verified", {EMAIL: 1}),
        ("all", {EMAIL: 1, "old@work.example": 1}),
    ],
)
def test_previous_addresses_are_told(sqlite_table: SqliteTable, recipients: str, expected: dict[str, int]) -> None:
    world = build(sqlite_table, profile(notify(recipients)), work=WORK)
    alice = Native(world)
    alice.sign_up(EMAIL, traits={"email": EMAIL, "work": "old@work.example"})
    flow = alice.start("verification")
    alice.submit(flow, method="code", email=EMAIL)
    enter(alice, flow, code_to(world, EMAIL))
    assert change(alice, email=EMAIL, work="new@work.example").status == 200
    counts = {address: told(world, address) for address in (EMAIL, "old@work.example", "new@work.example")}
    assert {address: count for address, count in counts.items() if count} == expected


def test_a_new_password_tells_no_address(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, profile(notify("all")))
    alice = Native(world)
    alice.sign_up(EMAIL)
    alice.submit(alice.start("settings"), method="password", password="green-ladder-17-comet")
    assert told(world, EMAIL) == 0


# --- without waiting --------------------------------------------------------------------------------------


def test_a_new_address_is_asked_for_its_proof(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, CONFIG)
    browser = Browser(world)
    browser.sign_up(EMAIL)
    assert change(browser, email=NEW).location.startswith(PAGE)
    assert statuses(world, stored(world, NEW).id) == {NEW: ("sent", False)}
    assert code_to(world, NEW)


def test_browsers_go_to_the_verification_behind_a_changed_address(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, profile("show_verification_ui"))
    browser = Browser(world)
    browser.sign_up(EMAIL)
    reply = change(browser, email=NEW)
    assert reply.location.startswith("https://app.example.org/verification?flow=")
    enter(browser, browser.fetch("verification", reply.query("flow")).flow, code_to(world, NEW))
    assert statuses(world, stored(world, NEW).id) == {NEW: ("completed", True)}
    assert change(browser, email=NEW, age=30).location.startswith(PAGE)


def test_a_new_password_ends_the_other_sessions(sqlite_table: SqliteTable) -> None:
    hooks = {"hooks": [{"hook": "revoke_active_sessions"}]}
    revoking = merged(CONFIG, {"selfservice": {"flows": {"settings": {"after": {"password": hooks}}}}})
    world = build(sqlite_table, revoking)
    alice, other = Native(world), Native(world)
    alice.sign_up(EMAIL)
    other.sign_in(EMAIL, PASSWORD)
    alice.submit(alice.start("settings"), method="password", password="green-ladder-17-comet")
    assert other.whoami().status == 401
    assert alice.whoami().status == 200
