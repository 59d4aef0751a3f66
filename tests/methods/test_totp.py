"""Authenticator apps: taken on in settings, asked for at sign-in. Contract 03 §6."""

from __future__ import annotations

import hmac
import json
import logging

import pyotp
import pytest
from tests.settings import build, code_of, enrol_totp, press, secret_of, shown, step_up
from tests.world import CLIENTS, Client, Native, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.identity import Identity
from vestibule.methods.totp import matching
from vestibule.ui import messages

EMAIL = "alice@example.org"


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


def signed_in(world: World, kind: type[Client] = Native) -> Client:
    client = kind(world)
    client.sign_in(EMAIL)
    return client


def methods_of(client: Client) -> list[tuple[str, str]]:
    return [(each["method"], each["aal"]) for each in client.whoami().json["authentication_methods"]]


def test_the_app_is_taken_on_and_raises_the_session(alice: Client, world: World) -> None:
    enrol_totp(alice)
    assert methods_of(alice) == [("password", "aal1"), ("totp", "aal2")]
    assert alice.whoami().json["authenticator_assurance_level"] == "aal2"
    assert stored(world).aal2_possible


def test_a_wrong_code_takes_nothing_on(alice: Client, world: World) -> None:
    flow = alice.start("settings")
    wrong = code_of(world, secret_of(flow), 5)
    refused = alice.refused_flow("settings", alice.submit(flow, method="totp", totp_code=wrong))
    assert refused.messages_at("totp_code") == [messages.TOTP_VERIFIER_WRONG.id]
    assert secret_of(refused) == secret_of(flow)
    assert not stored(world).aal2_possible


def test_the_code_is_asked_for_once_it_is_taken_on(alice: Client, world: World) -> None:
    secret = enrol_totp(alice)
    other = signed_in(world, type(alice))
    assert other.whoami().error_id == "session_aal2_required"
    reply = step_up(other, method="totp", totp_code=code_of(world, secret, 1))
    assert reply.status in (200, 303)
    assert methods_of(other) == [("password", "aal1"), ("totp", "aal2")]


def test_a_code_between_blanks_is_right_and_one_with_blanks_is_wrong(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    code = code_of(world, enrol_totp(alice), 1)
    other = signed_in(world)
    for spelling, status in ((f"{code[:3]} {code[3:]}", 400), (f"{code[:3]}-{code[3:]}", 400), (f" {code} ", 200)):
        assert step_up(other, method="totp", totp_code=spelling).status == status


def test_no_code_is_said_at_its_field(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    enrol_totp(alice)
    reply = step_up(signed_in(world), method="totp", totp_code="")
    assert reply.flow.messages_at("totp_code") == [messages.REQUIRED.id]


@pytest.mark.attack("totp-02")
def test_one_time_step_to_either_side_is_close_enough(world: World) -> None:
    secret = pyotp.random_base32()
    url = pyotp.TOTP(secret, name="alice").provisioning_uri()
    now = world.clock.now()
    near = [steps for steps in range(-3, 4) if matching(url, code_of(world, secret, steps), "id", now)]
    assert near == [-1, 0, 1]


@pytest.mark.attack("totp-01")
def test_a_code_works_once_also_in_another_session_and_behind_the_enrolment(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    secret = enrol_totp(alice)
    replayed = step_up(signed_in(world), method="totp", totp_code=code_of(world, secret))
    assert replayed.flow.message_ids == [messages.TOTP_VERIFIER_WRONG.id]
    world.clock.pass_by(seconds=30)
    first, second = signed_in(world), signed_in(world)
    code = code_of(world, secret)
    assert step_up(first, method="totp", totp_code=code).status == 200
    again = step_up(second, method="totp", totp_code=code)
    assert (again.status, again.flow.message_ids) == (400, [messages.TOTP_VERIFIER_WRONG.id])
    world.clock.pass_by(seconds=30)
    assert step_up(second, method="totp", totp_code=code_of(world, secret)).status == 200


@pytest.mark.attack("totp-03")
def test_the_secret_is_shown_by_nobody_once_it_is_taken_on(
    alice: Client, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = enrol_totp(alice)
    flow = alice.start("settings")
    assert "totp_unlink" in flow.nodes
    assert not {"totp_qr", "totp_secret_key", "totp_code"} & flow.nodes.keys()
    identity = f"/admin/identities/{stored(world).id}"
    seen = [flow.document, world.admin("GET", identity).json, alice.whoami().json]
    assert secret not in json.dumps(seen) + str(world.stored()) + caplog.text
    assert secret in world.admin("GET", f"{identity}?include_credential=totp").body.decode()


@pytest.mark.attack("totp-04")
def test_every_enrolment_has_a_secret_of_its_own(alice: Client, world: World) -> None:
    one, other = alice.start("settings"), alice.start("settings")
    secrets = {secret_of(one), secret_of(other)}
    assert {len(secret) for secret in secrets} == {32}
    crossed = alice.submit(one, method="totp", totp_code=code_of(world, secret_of(other)))
    assert alice.refused_flow("settings", crossed).messages_at("totp_code") == [messages.TOTP_VERIFIER_WRONG.id]
    secrets.add(enrol_totp(alice))
    flow = shown(alice, press(alice, alice.start("settings"), "totp_unlink"))
    secrets |= {secret_of(flow), secret_of(alice.start("settings"))}
    assert len(secrets) == 5


@pytest.mark.attack("totp-04")
def test_a_secret_that_the_client_sends_is_not_looked_at(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    mine = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    sent = {"totp_url": pyotp.TOTP(mine, name="alice").provisioning_uri(), "totp_secret_key": mine}
    reply = alice.submit(alice.start("settings"), method="totp", totp_code=code_of(world, mine), **sent)
    assert reply.status == 400
    assert not stored(world).aal2_possible


def test_nothing_that_is_on_offer_is_stored(alice: Client, world: World) -> None:
    assert secret_of(alice.start("settings")) not in str(world.stored())


def test_the_app_is_given_up_again_and_no_longer_asked_for(alice: Client, world: World) -> None:
    enrol_totp(alice)
    shown(alice, press(alice, alice.start("settings"), "totp_unlink"))
    assert not stored(world).aal2_possible
    assert stored(world).credential("totp") is None
    assert signed_in(world).whoami().status == 200
    assert alice.whoami().json["authenticator_assurance_level"] == "aal2"


def test_a_form_that_is_sent_twice_is_done_once(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    flow = alice.start("settings")
    code = code_of(world, secret_of(flow))
    assert alice.submit(flow, method="totp", totp_code=code).status == 200
    before = world.svc.credentials.find(stored(world).id, "totp")
    assert alice.submit(flow, method="totp", totp_code=code).status == 200
    assert world.svc.credentials.find(stored(world).id, "totp") == before
    assert methods_of(alice) == [("password", "aal1"), ("totp", "aal2")]


@pytest.mark.attack("totp-05")
def test_guessing_has_an_end(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    secret = enrol_totp(alice)
    other = signed_in(world)
    wrong = code_of(world, secret, 9)
    statuses = [step_up(other, method="totp", totp_code=wrong).status for _ in range(11)]
    assert statuses == [400] * 10 + [429]
    assert step_up(signed_in(world), method="totp", totp_code=code_of(world, secret, 1)).status == 429
    world.clock.pass_by(minutes=15)
    assert step_up(signed_in(world), method="totp", totp_code=code_of(world, secret)).status == 200


def test_whoever_has_no_app_is_told_so(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    enrol_totp(alice)
    flow = signed_in(world).start("login", aal="aal2")
    bea = Native(world)
    bea.sign_up("bea@example.org")
    assert bea.submit(flow, method="totp", totp_code="123456").flow.message_ids == [messages.NO_TOTP_DEVICE.id]


def test_an_imported_app_may_have_its_own_digits_period_and_digest(world: World) -> None:
    url = "otpauth://totp/Old:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&digits=8&period=60&algorithm=SHA256"
    app = pyotp.parse_uri(url)
    assert isinstance(app, pyotp.totp.TOTP)
    now = world.clock.now()
    assert matching(url, app.at(int(now.timestamp())), "id", now) is not None
    assert matching(url, "12345678", "id", now) is None


def test_an_imported_secret_may_have_the_80_bits_of_old(world: World) -> None:
    url = "otpauth://totp/Old:alice?secret=JBSWY3DPEHPK3PXP&issuer=Other"
    code = hotp(b"Hello!\xde\xad\xbe\xef", int(world.clock.now().timestamp()) // 30)
    assert matching(url, code, "id", world.clock.now()) is not None


def hotp(secret: bytes, counter: int) -> str:
    """RFC 4226 §5.3, written out."""
    digest = hmac.digest(secret, counter.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0x0F
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


@pytest.mark.parametrize("url", ["", "https://example.org", "otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP&counter=1"])
def test_what_is_no_totp_address_matches_nothing(world: World, url: str) -> None:
    assert matching(url, "123456", "id", world.clock.now()) is None
