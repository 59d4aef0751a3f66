"""Attacks on sign-in at a provider: forged answers, forged tokens, other people's accounts."""

from __future__ import annotations

import base64
import hmac
import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from tests.providers import CLIENT_ID, ISSUER, Provider, answer, away, configured, deployed, key, there_and_back, where
from tests.world import PASSWORD, PUBLIC, Browser, Client, Flow, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.model import Config
from vestibule.ports import WebTimeout, WebUnreachable

EMAIL = "ann@example.org"
CALLBACK = "/self-service/methods/oidc/callback/example"
OTHER = {"id": "other", "issuer_url": "https://other.example.com"}


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def world(sqlite_table: SqliteTable, provider: Provider) -> World:
    return deployed(sqlite_table, provider)


def nobody_is_there(world: World) -> bool:
    return not any(pk.startswith("I#") for pk, _ in world.stored())


def refused_with(reply: Reply, browser: Browser) -> list[int]:
    """The form's messages behind a redirect to it."""
    kind = "registration" if "registration" in reply.location else "login"
    return browser.refused_flow(kind, reply).message_ids


# --- state ----------------------------------------------------------------------------------------------


@pytest.mark.attack("oidc-01")
@pytest.mark.parametrize("state", ["", "made-up", "A" * 120])
def test_an_answer_without_a_state_of_ours_is_refused(state: str, world: World):
    reply = Spa(world).get(f"{CALLBACK}?code=a-code&state={state}")
    assert reply.status == 400
    assert nobody_is_there(world)


@pytest.mark.attack("oidc-01")
def test_an_answer_for_another_browser_is_refused(provider: Provider, world: World):
    mine = Spa(world)
    back = provider.approves(where(away(mine)), email=EMAIL)
    stranger = Spa(world)
    assert stranger.get(back).status == 400
    away(stranger)  # a journey of their own gives them a ticket, but not mine
    assert stranger.get(back).status == 400
    assert nobody_is_there(world)
    assert mine.get(back).status == 200


@pytest.mark.attack("oidc-01")
def test_an_answer_counts_once(provider: Provider, world: World):
    browser = Spa(world)
    back = provider.approves(where(away(browser)), email=EMAIL)
    kept = dict(browser.cookies)
    assert browser.get(back).status == 200
    thief = Spa(world)
    thief.cookies = {name: value for name, value in kept.items() if name != "ory_kratos_session"}
    assert thief.get(back).status == 400
    assert thief.whoami().status == 401


@pytest.mark.attack("oidc-01")
def test_an_answer_that_comes_too_late_is_refused(provider: Provider, world: World):
    browser = Spa(world)
    back = provider.approves(where(away(browser)), email=EMAIL)
    world.clock.pass_by(minutes=31)
    assert browser.get(back).status == 400


@pytest.mark.attack("oidc-01")
def test_looking_at_an_answer_with_head_ends_nothing(provider: Provider, world: World):
    browser = Spa(world)
    back = provider.approves(where(away(browser)), email=EMAIL)
    assert browser.send("HEAD", back).status == 204
    assert browser.get(back).status == 200


@pytest.mark.attack("oidc-01")
def test_a_stolen_code_is_worth_nothing_without_its_verifier(provider: Provider, world: World):
    """The thief trades it in a journey of their own: the provider compares the verifier with the other challenge."""
    victim, thief = Spa(world), Spa(world)
    mine = where(away(victim))
    theirs = where(away(thief))
    provider.sends_back(mine, code="a-code")
    stolen_for = dict(provider.asked)
    back = provider.sends_back(theirs, code="a-code")
    provider.asked = stolen_for  # the code was given out for the victim's challenge
    provider.claims = {"sub": "1", "email": EMAIL}
    assert thief.get(back).status == 500
    assert nobody_is_there(world)


# --- tokens ---------------------------------------------------------------------------------------------


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _unsigned(provider: Provider) -> str:
    return f"{_encoded(json.dumps({'alg': 'none'}).encode())}.{provider.id_token().split('.')[1]}."


def _with_the_public_key_as_secret(provider: Provider) -> str:
    header = _encoded(json.dumps({"alg": "HS256", "kid": "first"}).encode())
    signed = f"{header}.{provider.id_token().split('.')[1]}"
    return f"{signed}.{_encoded(hmac.digest(key().as_pem(private=False), signed.encode(), 'sha256'))}"


def _with_its_own_key(provider: Provider) -> str:
    mine = RSAKey.generate_key(2048, {"kid": "first"})
    return provider.id_token({"jwk": mine.as_dict(private=False), "jku": "https://evil.example.com/"}, mine)


def _by_another_algorithm(provider: Provider) -> str:
    payload = base64.urlsafe_b64decode(provider.id_token().split(".")[1] + "==")
    return jws.serialize_compact({"alg": "ES256"}, payload, ECKey.generate_key("P-256"), algorithms=["ES256"])


FORGED: dict[str, Callable[[Provider], str]] = {
    "alg none": _unsigned,
    "HS256 with the public key": _with_the_public_key_as_secret,
    "a key of its own": _with_its_own_key,
    "an algorithm that is not announced": _by_another_algorithm,
    "an unknown kid": lambda provider: provider.id_token({"kid": "unknown"}),
    "another audience": lambda provider: provider.id_token(aud="somebody-else"),
    "two audiences without azp": lambda provider: provider.id_token(aud=[CLIENT_ID, "somebody-else"]),
    "another party": lambda provider: provider.id_token(azp="somebody-else"),
    "another issuer": lambda provider: provider.id_token(iss="https://evil.example.com"),
    "an issuer with a slash": lambda provider: provider.id_token(iss=f"{ISSUER}/"),
    "expired": lambda provider: provider.id_token(exp=int(provider.clock.now().timestamp()) - 61),
    "no expiry": lambda provider: provider.id_token(exp=None),
    "from the future": lambda provider: provider.id_token(iat=int(provider.clock.now().timestamp()) + 61),
    "not yet": lambda provider: provider.id_token(nbf=int(provider.clock.now().timestamp()) + 61),
    "no subject": lambda provider: provider.id_token(sub=None),
    "an empty subject": lambda provider: provider.id_token(sub=""),
    "a number as subject": lambda provider: provider.id_token(sub=1),
    "a nonce that nobody asked for": lambda provider: provider.id_token(nonce="a-nonce"),
    "no token": lambda provider: "",
    "no JWT": lambda provider: "a.b",
    "too long": lambda provider: "a" * 40_000,
}


@pytest.mark.attack("oidc-04")
@pytest.mark.parametrize("forged", FORGED)
def test_a_token_that_does_not_hold_signs_nobody_up(forged: str, provider: Provider, world: World):
    browser = Spa(world)
    back = provider.approves(where(away(browser)), email=EMAIL)
    provider.tokens = {"id_token": FORGED[forged](provider)}
    reply = browser.get(back)
    assert reply.status in (400, 502), reply.body
    assert browser.whoami().status == 401
    assert nobody_is_there(world)


@pytest.mark.attack("flt-14")
@pytest.mark.attack("oidc-04")
def test_clocks_may_differ_by_a_minute(provider: Provider, world: World):
    browser = Spa(world)
    back = provider.approves(where(away(browser)), email=EMAIL)
    now = int(provider.clock.now().timestamp())
    provider.tokens = {"id_token": provider.id_token(iat=now + 50, exp=now - 50)}
    assert browser.get(back).status == 200


@pytest.mark.attack("oidc-04")
@pytest.mark.parametrize("nonce", ["another-nonce", None])
def test_a_token_of_an_app_needs_the_nonce_that_the_app_made(
    nonce: str | None, provider: Provider, sqlite_table: SqliteTable
):
    world = deployed(sqlite_table, provider, configured({"provider": "fedcm-test"}))
    app = Native(world)
    provider.claims = {"sub": "1", "email": EMAIL}
    token = provider.id_token(nonce=nonce)
    reply = app.submit(
        app.start("login"), method="oidc", provider="example", id_token=token, id_token_nonce="the-nonce"
    )
    assert reply.flow.message_ids == [4000001]
    assert nobody_is_there(world)


# --- mixed up -------------------------------------------------------------------------------------------


@pytest.mark.attack("oidc-05")
def test_an_answer_of_another_provider_is_refused(provider: Provider, sqlite_table: SqliteTable):
    world = deployed(sqlite_table, provider, configured({}, OTHER))
    browser = Spa(world)
    back = provider.approves(where(away(browser)), email=EMAIL)
    assert browser.get(back.replace("/callback/example", "/callback/other")).status == 400
    assert browser.get(f"{back}&iss=https://other.example.com").status == 400
    assert nobody_is_there(world)


@pytest.mark.attack("oidc-05")
def test_a_provider_that_names_itself_has_to_do_so(provider: Provider, world: World):
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    browser = Spa(world)
    assert browser.get(provider.approves(where(away(browser)), email=EMAIL)).status == 400
    assert browser.get(f"{provider.approves(where(away(browser)), email=EMAIL)}&iss={ISSUER}").status == 200


@pytest.mark.attack("oidc-05")
def test_the_same_subject_at_another_provider_is_somebody_else(provider: Provider, sqlite_table: SqliteTable):
    twin = {"id": "twin"}
    world = deployed(sqlite_table, provider, configured({}, twin))
    first, second = Spa(world), Spa(world)
    assert there_and_back(first, provider, email=EMAIL).status == 200
    back = provider.approves(where(away(second, provider="twin")), email="bea@example.org")
    assert second.get(back).status == 200
    assert first.whoami().json["identity"]["id"] != second.whoami().json["identity"]["id"]


# --- other people's accounts ----------------------------------------------------------------------------


@pytest.mark.attack("oidc-07")
@pytest.mark.parametrize("verified", [True, False])
@pytest.mark.parametrize("mode", ["confirm_with_existing_credential", "automatic"])
def test_nothing_is_merged_by_an_address_alone(
    mode: str, verified: bool, provider: Provider, sqlite_table: SqliteTable
):
    """Somebody registered the victim's address with a password of their own; or claims it at a provider."""
    world = deployed(sqlite_table, provider, configured({"account_linking_mode": mode}))
    theirs = world.identity(EMAIL)
    browser = Browser(world)
    reply = there_and_back(browser, provider, email=EMAIL, email_verified=verified)
    flow = browser.fetch("login", reply.query("flow")).flow
    assert flow.message_ids == [1010016]
    assert browser.whoami().status == 401
    stored = world.svc.identities.find(theirs.id)
    assert stored is not None
    assert stored.credential("oidc") is None
    reply = browser.submit(flow, method="password", identifier=EMAIL, password="not-the-password")
    assert browser.whoami().status == 401


@pytest.mark.attack("oidc-07")
def test_a_waiting_account_is_linked_to_nobody_else(provider: Provider, world: World):
    world.identity(EMAIL)
    bea = world.identity("bea@example.org")
    browser = Browser(world)
    reply = there_and_back(browser, provider, email=EMAIL)
    flow = browser.fetch("login", reply.query("flow")).flow
    reply = browser.submit(flow, method="password", identifier="bea@example.org", password=PASSWORD)
    assert refused_with(reply, browser) == [4010009]
    assert browser.whoami().status == 401
    stored = world.svc.identities.find(bea.id)
    assert stored is not None
    assert stored.credential("oidc") is None


def led(client: Spa, flow: Flow, how: str, **fields: str) -> Reply:
    """Somebody is led into the flow, by a link or by a form on another site."""
    action, sent = flow.document["ui"]["action"], urlencode(fields)
    if how == "link":
        return client.get(f"{action}&{sent}")
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://evil.example"}
    return client.send("POST", action, sent.encode(), **headers)


@pytest.mark.attack("csrf-05")
@pytest.mark.parametrize("begun", [True, False], ids=["with a flow of their own", "without"])
@pytest.mark.parametrize("how", ["link", "form"])
@pytest.mark.parametrize("kind", ["login", "registration"])
def test_nobody_signs_up_with_what_somebody_else_typed(kind: str, how: str, begun: bool, world: World):
    attacker, victim = Spa(world), Spa(world)
    flow = attacker.start(kind)
    if begun:
        victim.start(kind)
    fields = {"provider": "example", "traits.email": "attacker@example.org"}
    reply = led(victim, flow, how, **fields)
    assert (reply.status, reply.error_id) == (403, "security_csrf_violation")
    assert led(attacker, flow, how, **fields).status == 422


@pytest.mark.attack("oidc-07")
@pytest.mark.parametrize("how", ["link", "form"])
def test_nobody_links_an_account_that_somebody_else_left_waiting(
    how: str, provider: Provider, sqlite_table: SqliteTable
):
    world = deployed(sqlite_table, provider, configured({}, {"id": "second"}))
    victim, attacker = Spa(world), Spa(world)
    victim.get(provider.approves(where(away(victim, provider="second")), email=EMAIL))
    waiting = attacker.get(provider.approves(where(away(attacker)), sub="attacker", email=EMAIL)).flow
    again = Spa(world)
    again.start("login")
    reply = led(again, waiting, how, provider="second")
    assert (reply.status, reply.error_id) == (403, "security_csrf_violation")
    stored = world.svc.identities.find(victim.whoami().json["identity"]["id"])
    assert stored is not None
    assert [each.identifiers for each in stored.credentials if each.type == "oidc"] == [("second:1",)]


@pytest.mark.attack("oidc-07")
def test_an_app_that_sends_somebody_else_to_their_provider_gets_nothing_linked(
    provider: Provider, sqlite_table: SqliteTable
):
    world = deployed(sqlite_table, provider, configured({}, {"id": "second"}))
    victim, attacker = Spa(world), Native(world)
    victim.get(provider.approves(where(away(victim, provider="second")), email=EMAIL))
    waiting = Spa(world).get(provider.approves(where(away(attacker)), sub="attacker", email=EMAIL)).flow
    led_there = where(attacker.submit(waiting, provider="second"))
    assert Spa(world).get(provider.approves(led_there, email=EMAIL)).status == 200
    stored = world.svc.identities.find(victim.whoami().json["identity"]["id"])
    assert stored is not None
    assert [each.identifiers for each in stored.credentials if each.type == "oidc"] == [("second:1",)]


@pytest.mark.attack("oidc-07")
@pytest.mark.parametrize(
    ("kind", "address"), [(Browser, "typed@example.org"), (Spa, "typed@example.org"), (Native, EMAIL)]
)
def test_what_an_app_typed_takes_the_place_of_no_claim_of_whoever_comes_back(
    provider: Provider, world: World, kind: type[Client], address: str
):
    client = kind(world)
    led_there = where(away(client, **{"traits.email": "typed@example.org"}))
    back = Spa(world) if kind is Native else client
    assert back.get(provider.approves(led_there, email=EMAIL)).status < 400
    identity = world.svc.identities.by_identifier(["oidc"], "example:1")
    assert identity is not None
    assert identity.traits["email"] == address


@pytest.mark.attack("oidc-07")
def test_an_address_counts_as_verified_where_the_provider_says_so(provider: Provider, world: World):
    for subject, verified in (("1", True), ("2", False), ("3", "true"), ("4", "false")):
        browser = Spa(world)
        back = provider.approves(where(away(browser)), email=f"{subject}@example.org", email_verified=verified)
        provider.claims["sub"] = subject
        assert browser.get(back).status == 200
        address = browser.whoami().json["identity"]["verifiable_addresses"][0]
        assert address["verified"] is (verified in (True, "true"))


@pytest.mark.attack("oidc-07")
def test_an_address_that_was_typed_is_not_verified_by_the_providers_word(provider: Provider, world: World):
    browser = Spa(world)
    left = away(browser, "registration", traits={"email": "victim@example.org"})
    assert browser.get(provider.approves(where(left), email=EMAIL, email_verified=True)).status == 200
    address = browser.whoami().json["identity"]["verifiable_addresses"][0]
    assert (address["value"], address["verified"]) == ("victim@example.org", False)


# --- faults ---------------------------------------------------------------------------------------------

FAULTS: dict[str, tuple[str, Any]] = {
    "discovery times out": ("/.well-known", WebTimeout("slow")),
    "discovery is unreachable": ("/.well-known", WebUnreachable("down")),
    "keys time out": ("/keys", WebTimeout("slow")),
    "keys are broken": ("/keys", answer(500)),
    "keys are no JSON": ("/keys", answer(200, b"<html>")),
    "the token endpoint times out": ("/token", WebTimeout("slow")),
    "the token endpoint breaks": ("/token", answer(500)),
    "tokens are no JSON": ("/token", answer(200, b"<html>")),
    "tokens are a list": ("/token", answer(200, [])),
    "tokens are missing": ("/token", answer(200, {})),
    "tokens are too long": ("/token", answer(200, {"access_token": "a" * 40_000})),
    "the profile times out": ("/userinfo", WebTimeout("slow")),
    "the profile is more than is read": ("/userinfo", WebUnreachable("the answer is too long")),
    "the profile breaks": ("/userinfo", answer(500)),
    "the profile is a list": ("/userinfo", answer(200, [])),
    "the profile is no JSON": ("/userinfo", answer(200, b"<html>", content_type="text/html")),
    "the profile is elsewhere": ("/userinfo", answer(302, location="http://169.254.169.254/")),
}


@pytest.mark.attack("oidc-10")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("client", [Browser, Spa, Native])
def test_a_provider_that_is_out_of_order_is_a_typed_error(
    client: type[Browser | Spa | Native], fault: str, provider: Provider, sqlite_table: SqliteTable
):
    at, said = FAULTS[fault]
    world = deployed(sqlite_table, provider, configured({"claims_source": "userinfo"}))
    browser = client(world)
    if at == "/.well-known":
        provider.routes = {f"{ISSUER}{at}": said}
        reply = away(browser)
    else:
        back = provider.approves(where(away(browser)), email=EMAIL)
        provider.routes = {f"{ISSUER}{at}": said}
        reply = browser.get(back)
    if client is Browser:
        shown = browser.get(f"{PUBLIC}/self-service/errors?id={reply.query('id')}").json["error"]
        assert shown["code"] == 502
        assert shown["reason"].startswith("example ")  # in words for people
    else:
        assert (reply.status, reply.error_id) == (502, "upstream_error")
    assert nobody_is_there(world)


@pytest.mark.attack("oidc-10")
def test_new_keys_are_looked_for_once_and_not_at_everybodys_wish(provider: Provider, world: World):
    assert there_and_back(Spa(world), provider, email=EMAIL).status == 200
    provider.keys = [key("second")]
    world.clock.pass_by(minutes=1)
    assert there_and_back(Spa(world), provider, email=EMAIL).status == 200
    asked = len([call for call in provider.calls if call.url.endswith("/keys")])
    assert asked == 2
    for _ in range(5):
        browser = Spa(world)
        back = provider.approves(where(away(browser)), email=EMAIL)
        provider.tokens = {"id_token": provider.id_token({"kid": "unknown"})}
        assert browser.get(back).status == 400
    assert len([call for call in provider.calls if call.url.endswith("/keys")]) == asked


@pytest.mark.attack("oidc-11")
@pytest.mark.parametrize("change", ["removed", "off"])
def test_a_provider_that_is_not_offered_any_more_signs_nobody_in(
    change: str, provider: Provider, sqlite_table: SqliteTable
):
    world = deployed(sqlite_table, provider, configured({}, OTHER))
    browser = Spa(world)
    back = provider.approves(where(away(browser)), email=EMAIL)
    changes = configured(OTHER) if change == "removed" else configured(methods={"oidc": {"enabled": False}})
    later = deployed(sqlite_table, provider, changes)
    assert isinstance(later.svc.config, Config)
    browser.world = later
    assert browser.get(back).status == 404
    assert nobody_is_there(world)


# --- the same gates -------------------------------------------------------------------------------------


@pytest.mark.attack("oidc-12")
def test_a_disabled_person_is_not_signed_in_by_a_provider(provider: Provider, world: World):
    first = Spa(world)
    there_and_back(first, provider, email=EMAIL)
    person = first.whoami().json["identity"]["id"]
    patch = [{"op": "replace", "path": "/state", "value": "inactive"}]
    assert world.admin("PATCH", f"/admin/identities/{person}", patch).status == 200
    browser = Spa(world)
    reply = there_and_back(browser, provider, email=EMAIL)
    assert reply.flow.message_ids == [4010011]
    assert browser.whoami().status == 401


@pytest.mark.attack("oidc-12")
def test_a_provider_does_not_stand_for_a_second_factor(provider: Provider, sqlite_table: SqliteTable):
    world = deployed(sqlite_table, provider, configured(methods={"totp": {"enabled": True}}))
    first = Spa(world)
    there_and_back(first, provider, email=EMAIL)
    person = first.whoami().json["identity"]["id"]
    url = "otpauth://totp/a:b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=a"
    body = {"schema_id": "person", "traits": {"email": EMAIL}, "state": "active",
            "credentials": {"totp": {"config": {"totp_url": url}}}}  # fmt: skip
    assert world.admin("PUT", f"/admin/identities/{person}", body).status == 200
    browser = Spa(world)
    reply = there_and_back(browser, provider, email=EMAIL)
    assert reply.status == 422
    assert browser.whoami().json["error"]["id"] == "session_aal2_required"


@pytest.mark.attack("oidc-12")
def test_an_address_that_has_to_be_proven_has_to_be_at_a_providers_sign_in_too(
    provider: Provider, sqlite_table: SqliteTable
):
    gate = {"login": {"after": {"hooks": [{"hook": "require_verified_address"}]}}}
    proving = {"verification": {"enabled": True, "ui_url": "https://app.example.org/verification"}}
    world = deployed(sqlite_table, provider, configured(flows={**gate, **proving}, methods={"code": {"enabled": True}}))
    there_and_back(Spa(world), provider, email=EMAIL)
    browser = Spa(world)
    refused = there_and_back(browser, provider, email=EMAIL)
    assert (refused.status, refused.error_id) == (403, "session_verified_address_required")
    assert browser.whoami().status == 401
    for _ in ("signed up", "signed in"):
        proven = Spa(world)
        back = provider.approves(where(away(proven)), email="bea@example.org", email_verified=True)
        provider.claims["sub"] = "2"
        assert proven.get(back).status == 200


# --- the last way in ------------------------------------------------------------------------------------


@pytest.mark.attack("set-01")
@pytest.mark.parametrize("fields", [{"link": "second"}, {"unlink": "example"}], ids=str)
def test_an_old_session_links_and_unlinks_nothing(
    fields: dict[str, str], provider: Provider, sqlite_table: SqliteTable
):
    world = deployed(sqlite_table, provider, configured({}, {"id": "second"}))
    client = Spa(world)
    there_and_back(client, provider, email=EMAIL)
    world.clock.pass_by(hours=2)
    refused = client.submit(client.start("settings"), method="oidc", **fields)
    assert (refused.status, refused.error_id) == (403, "session_refresh_required")
    person = world.svc.identities.find(client.whoami().json["identity"]["id"])
    assert person is not None
    assert [each.identifiers for each in person.credentials if each.type == "oidc"] == [("example:1",)]


@pytest.mark.attack("set-04")
def test_the_last_account_at_a_provider_is_not_unlinked(provider: Provider, sqlite_table: SqliteTable):
    world = deployed(sqlite_table, provider, configured({}, {"id": "second"}))
    client = Spa(world)
    there_and_back(client, provider, email=EMAIL)
    linked = where(client.submit(client.start("settings"), method="oidc", link="second"))
    assert client.get(provider.approves(linked, email=EMAIL)).status == 200
    first, second = client.start("settings"), client.start("settings")
    assert client.submit(first, method="oidc", unlink="example").status == 200
    refused = client.submit(second, method="oidc", unlink="second")  # a form from when both were there
    assert (refused.status, refused.flow.message_ids) == (400, [4000001])
    person = client.whoami().json["identity"]["id"]
    refused = world.admin("DELETE", f"/admin/identities/{person}/credentials/oidc?identifier=second:1")
    assert refused.status == 400
    stored = world.svc.identities.find(person)
    assert stored is not None
    assert [each.identifiers for each in stored.credentials if each.type == "oidc"] == [("second:1",)]


# --- secrets --------------------------------------------------------------------------------------------


@pytest.mark.attack("oidc-13")
def test_tokens_are_stored_sealed_and_shown_to_administrators_who_ask(
    provider: Provider, world: World, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    provider.tokens = {"access_token": "canary-access-token", "refresh_token": "canary-refresh-token"}
    browser = Spa(world)
    reply = there_and_back(browser, provider, email=EMAIL)
    person = reply.json["identity"]["id"]
    stored = str(world.stored())
    token = provider.id_token()
    for secret in ("canary-access-token", "canary-refresh-token", token.split(".")[2]):
        assert secret not in stored
        assert secret not in caplog.text
        assert secret.encode() not in reply.body + browser.whoami().body
    plain = world.admin("GET", f"/admin/identities/{person}").json["credentials"]["oidc"]
    assert "config" not in plain
    shown = world.admin("GET", f"/admin/identities/{person}?include_credential=oidc").json["credentials"]["oidc"]
    linked = shown["config"]["providers"][0]
    assert (linked["initial_access_token"], linked["initial_refresh_token"]) == (
        "canary-access-token",
        "canary-refresh-token",
    )
    assert linked["initial_id_token"].count(".") == 2
