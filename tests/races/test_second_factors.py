"""Many show a second factor at once, on one session."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.codes import another, last_code, letters, schema
from tests.races.staging import assert_consistent, at_once, interruptions
from tests.settings import CONFIG as FACTORS
from tests.settings import code_of, enrol_totp
from tests.world import Client, Flow, Native, World

from vestibule.domain.flow import Kind
from vestibule.ports import Table

CROWD = 32
EMAIL = "alice@example.org"
MFA = {"selfservice": {"methods": {"code": {"enabled": True, "mfa_enabled": True}}}}


def waiting(table: Table) -> tuple[World, Native, Flow]:
    """Somebody whose second factor is on its way."""
    world = World.build(table, MFA, schema())
    alice = Native(world)
    alice.sign_up(EMAIL)
    return world, alice, alice.start("login", aal="aal2")


def again(alice: Client) -> Client:
    """The same session in another hand."""
    client = Native(alice.world)
    client.token = alice.token
    return client


def test_of_one_right_code_sent_many_times_one_counts(any_table: Table) -> None:
    world, alice, flow = waiting(any_table)
    code = last_code(world, EMAIL)
    replies = at_once([lambda: again(alice).submit(flow, method="code", code=code) for _ in range(CROWD)])
    statuses = Counter(reply.status for reply in replies)
    assert statuses[200] == 1
    assert set(statuses) <= {200, 400, 429}
    assert [each["method"] for each in alice.whoami().json["authentication_methods"]] == ["password", "code"]
    assert_consistent(world)


def test_of_many_wrong_codes_five_are_compared(any_table: Table) -> None:
    world, alice, flow = waiting(any_table)
    code = last_code(world, EMAIL)
    replies = at_once([lambda: again(alice).submit(flow, method="code", code=another(code)) for _ in range(CROWD)])
    assert {reply.status for reply in replies} <= {400, 429}
    stored = world.svc.flows.find(flow.id, Kind.LOGIN)
    assert stored is not None
    assert stored.attempts == 5
    assert alice.submit(flow, method="code", code=code).status in (400, 429)
    assert alice.whoami().status == 403


def test_flows_opened_at_once_fill_no_mailbox(any_table: Table) -> None:
    world, alice, _ = waiting(any_table)
    most = world.svc.config.vestibule.codes_per_address
    flows = at_once([lambda: again(alice).start("login", aal="aal2") for _ in range(CROWD)])
    assert {flow.document["state"] for flow in flows} == {"sent_email"}
    assert 1 < len(letters(world, EMAIL)) <= most


@pytest.mark.attack("bf-06")
def test_of_many_guesses_at_an_app_over_many_sessions_few_are_compared(any_table: Table) -> None:
    world = World.build(any_table, FACTORS)
    owner = Native(world)
    owner.sign_up(EMAIL)
    enrol_totp(owner)
    thieves = [Native(world) for _ in range(4)]
    for thief in thieves:
        thief.sign_in(EMAIL)
    flows = [(thief, thief.start("login", aal="aal2")) for thief in thieves for _ in range(12)]
    replies = at_once(
        [lambda at=at: again(at[0]).submit(at[1], method="totp", totp_code="000000") for at in flows], threads=CROWD
    )
    statuses = Counter(reply.status for reply in replies)
    assert set(statuses) == {400, 429}
    assert statuses[400] <= world.svc.config.vestibule.guesses.free


@pytest.mark.attack("cc-05")
def test_a_session_that_ends_during_its_step_up_has_ended(any_table: Table) -> None:
    world = World.build(any_table, FACTORS)
    owner = Native(world)
    owner.sign_up(EMAIL)
    secret = enrol_totp(owner)
    for number, place in enumerate(interruptions(any_table), start=2):
        alice = Native(world)
        ended = alice.sign_in(EMAIL).json["session"]["id"]
        interrupted = place.world(lambda ended=ended: world.admin("DELETE", f"/admin/sessions/{ended}"), FACTORS)
        interrupted.clock.pass_by(seconds=60 * number)
        twin = Native(interrupted)
        twin.token = alice.token
        flow = alice.start("login", aal="aal2")
        place.staged.calls = 0  # pyright: ignore[reportOptionalMemberAccess] it was just made
        twin.submit(flow, method="totp", totp_code=code_of(interrupted, secret))
        assert alice.whoami().status == (401 if place.reached else 200)
        assert step_up_is_refused(alice, place.reached)


def step_up_is_refused(client: Client, ended: bool) -> bool:
    return (client.get("/self-service/login/api?aal=aal2").status == 401) is ended
