"""Backup codes: made and shown in settings, used at sign-in. Contract 03 §7."""

from __future__ import annotations

import re

import pytest
from tests.settings import build, codes_of, enrol_codes, enrol_totp, press, shown, step_up
from tests.world import CLIENTS, Client, Native, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.identity import Identity
from vestibule.ui import messages

EMAIL = "alice@example.org"
BUTTONS = {"lookup_secret_reveal", "lookup_secret_regenerate", "lookup_secret_confirm", "lookup_secret_disable"}


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table)


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def alice(request: pytest.FixtureRequest, world: World) -> Client:
    client: Client = request.param(world)
    client.sign_up(EMAIL)
    return client


def stored(world: World) -> Identity:
    found = world.svc.identities.by_identifier(["password"], EMAIL)
    assert found is not None
    return found


def signed_in(world: World) -> Client:
    client = Native(world)
    client.sign_in(EMAIL)
    return client


def test_twelve_codes_of_eight_letters_and_digits_are_made(alice: Client) -> None:
    codes = enrol_codes(alice)
    assert len(set(codes)) == 12
    assert all(re.fullmatch("[a-z0-9]{8}", code) for code in codes)


def test_codes_count_once_they_are_confirmed(alice: Client, world: World) -> None:
    flow = shown(alice, press(alice, alice.start("settings"), "lookup_secret_regenerate"))
    assert not stored(world).aal2_possible
    assert flow.nodes.keys() & BUTTONS == {"lookup_secret_confirm"}
    shown(alice, press(alice, flow, "lookup_secret_confirm"))
    assert stored(world).aal2_possible
    assert alice.whoami().json["authenticator_assurance_level"] == "aal2"
    assert alice.start("settings").nodes.keys() & BUTTONS == {"lookup_secret_reveal", "lookup_secret_disable"}


def test_a_code_that_was_not_confirmed_opens_nothing(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    flow = press(alice, alice.start("settings"), "lookup_secret_regenerate").flow
    reply = step_up(signed_in(world), method="lookup_secret", lookup_secret=codes_of(flow)[0])
    assert reply.flow.message_ids == [messages.NO_LOOKUP.id]


@pytest.mark.attack("totp-06")
def test_each_code_works_once(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    codes = enrol_codes(alice)
    for code in codes:
        assert step_up(signed_in(world), method="lookup_secret", lookup_secret=code).status == 200
        again = step_up(signed_in(world), method="lookup_secret", lookup_secret=code)
        assert again.flow.message_ids == [messages.LOOKUP_ALREADY_USED.id]
    assert signed_in(world).whoami().error_id == "session_aal2_required"


@pytest.mark.attack("totp-06")
def test_new_codes_make_the_old_ones_void(alice: Client, world: World) -> None:
    old = enrol_codes(alice)
    flow = shown(alice, press(alice, alice.start("settings"), "lookup_secret_reveal"))
    flow = shown(alice, press(alice, flow, "lookup_secret_regenerate"))
    new = codes_of(flow)
    shown(alice, press(alice, flow, "lookup_secret_confirm"))
    assert not set(old) & set(new)
    reply = step_up(signed_in(world), method="lookup_secret", lookup_secret=old[0])
    assert reply.flow.message_ids == [messages.LOOKUP_INVALID.id]
    assert step_up(signed_in(world), method="lookup_secret", lookup_secret=new[0]).status == 200


@pytest.mark.attack("totp-06")
def test_no_code_lies_open_in_the_store(alice: Client, world: World) -> None:
    codes = enrol_codes(alice)
    shown(alice, press(alice, alice.start("settings"), "lookup_secret_regenerate"))
    items = str(world.stored())
    assert not [code for code in codes if code in items]


def test_used_codes_are_shown_as_used(alice: Client, world: World) -> None:
    codes = enrol_codes(alice)
    step_up(signed_in(world), method="lookup_secret", lookup_secret=codes[3])
    flow = shown(alice, press(alice, alice.start("settings"), "lookup_secret_reveal"))
    assert codes_of(flow) == [code for code in codes if code != codes[3]]
    listed = flow.nodes["lookup_secret_codes"]["attributes"]["text"]["context"]["secrets"]
    assert listed[3]["id"] == messages.SETTINGS_LOOKUP_SECRET_USED.id
    assert flow.nodes.keys() & BUTTONS == {"lookup_secret_disable", "lookup_secret_regenerate"}


def test_turned_off_codes_are_no_longer_asked_for(alice: Client, world: World) -> None:
    enrol_codes(alice)
    shown(alice, press(alice, alice.start("settings"), "lookup_secret_disable"))
    assert not stored(world).aal2_possible
    assert stored(world).credential("lookup_secret") is None
    assert signed_in(world).whoami().status == 200


def test_an_app_is_asked_for_when_codes_are_turned_off(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    enrol_totp(alice)
    enrol_codes(alice)
    assert press(alice, alice.start("settings"), "lookup_secret_disable").status == 200
    assert stored(world).aal2_possible
    assert press(alice, alice.start("settings"), "totp_unlink").status == 200
    assert not stored(world).aal2_possible


@pytest.mark.parametrize("button", ["lookup_secret_reveal", "lookup_secret_confirm", "lookup_secret_disable"])
def test_there_has_to_be_something_to_act_on(alice: Client, button: str) -> None:
    reply = press(alice, alice.start("settings"), button)
    assert alice.refused_flow("settings", reply).message_ids == [messages.GENERIC.id]


@pytest.mark.parametrize(
    ("sent", "message"),
    [("abcdefgh", messages.LOOKUP_INVALID), ("ÄÖÜ\ud800", messages.LOOKUP_INVALID)],
)
def test_a_wrong_code_is_refused(world: World, sent: str, message: object) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    enrol_codes(alice)
    reply = step_up(signed_in(world), method="lookup_secret", lookup_secret=sent)
    assert reply.status == 400
    assert signed_in(world).whoami().status == 403


def test_guessing_has_an_end(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    codes = enrol_codes(alice)
    other = signed_in(world)
    statuses = [step_up(other, method="lookup_secret", lookup_secret="wrong").status for _ in range(11)]
    assert statuses == [400] * 10 + [429]
    assert step_up(signed_in(world), method="lookup_secret", lookup_secret=codes[0]).status == 429
