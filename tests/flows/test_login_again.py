"""Sign in by whoever is signed in: already there, once more, and at a higher level. Contract 01 §4."""

from __future__ import annotations

import pytest
from tests.world import PASSWORD, Browser, Client, Native, Reply, Spa, World

from vestibule.ui import messages

EMAIL = "alice@example.org"


def succeeded(reply: Reply) -> bool:
    return reply.status in (200, 303) and "/login" not in reply.location and "/error" not in reply.location


# --- somebody is signed in already ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["login", "registration"])
def test_whoever_is_signed_in_needs_no_flow(client: Client, kind: str) -> None:
    client.sign_up(EMAIL)
    start = "api" if client.kind == "native" else "browser"
    reply = client.get(f"/self-service/{kind}/{start}")
    if client.kind == "browser":
        assert (reply.status, reply.location) == (303, "https://app.example.org/")
    else:
        assert (reply.status, reply.error_id) == (400, "session_already_available")


@pytest.mark.parametrize("kind", ["login", "registration"])
def test_a_signed_in_browser_is_sent_on_to_return_to(world: World, kind: str) -> None:
    browser = Browser(world)
    browser.sign_up(EMAIL)
    reply = browser.get(f"/self-service/{kind}/browser?return_to=https://app.example.org/inside/1")
    assert (reply.status, reply.location) == (303, "https://app.example.org/inside/1")
    reply = browser.get(f"/self-service/{kind}/browser?return_to=https://evil.example/")
    assert reply.location.startswith("https://app.example.org/error?")


@pytest.mark.parametrize("kind", ["login", "registration"])
def test_a_form_that_was_open_before_the_sign_in_is_of_no_use_after_it(client: Client, kind: str) -> None:
    flow = client.start(kind, return_to="https://app.example.org/inside")
    client.sign_up(EMAIL)
    reply = client.submit(flow, method="password", identifier=EMAIL, password=PASSWORD)
    if client.kind == "browser":
        # Unevenly, as Kratos does (contract 01 §5).
        assert (reply.status, reply.location) == (302 if kind == "registration" else 303, "https://app.example.org/")
    else:
        assert (reply.status, reply.error_id) == (400, "session_already_available")


# --- once more: refresh ---------------------------------------------------------------------------------


def test_a_refresh_knows_who_it_is(client: Client) -> None:
    client.sign_up(EMAIL)
    flow = client.start("login", refresh="true")
    assert flow.document["refresh"] is True
    assert flow.message_ids == [messages.LOGIN_RE_AUTH.id]
    identifier = flow.nodes["identifier"]["attributes"]
    assert (identifier["type"], identifier["value"]) == ("hidden", EMAIL)


def test_a_refresh_keeps_id_and_token_and_adds_a_method(client: Client, world: World) -> None:
    client.sign_up(EMAIL)
    before = client.whoami().json
    token, cookie = client.token, client.cookies.get("ory_kratos_session")
    world.clock.pass_by(hours=2)
    assert succeeded(client.sign_in(EMAIL, refresh="true"))
    after = client.whoami().json
    assert after["id"] == before["id"]
    assert client.token == token
    assert after["issued_at"] == before["issued_at"]
    assert after["authenticated_at"] == "2026-03-01T14:00:00Z"
    assert after["expires_at"] == "2026-03-02T14:00:00Z"
    assert [method["method"] for method in after["authentication_methods"]] == ["password", "password"]
    assert after["authenticator_assurance_level"] == "aal1"
    if cookie is not None:
        assert client.cookies["ory_kratos_session"] != cookie


@pytest.mark.attack("ses-02")
def test_a_refresh_leaves_one_session_not_two(client: Client, world: World) -> None:
    client.sign_up(EMAIL)
    client.sign_in(EMAIL, refresh="true")
    reply = client.get("/sessions", Accept="application/json")
    assert reply.json == []


def test_a_refresh_keeps_the_csrf_secret(world: World) -> None:
    browser = Spa(world)
    browser.sign_up(EMAIL)
    name = next(name for name in browser.cookies if name.startswith("csrf_token"))
    before = browser.cookies[name]
    assert browser.sign_in(EMAIL, refresh="true").status == 200
    assert browser.cookies[name] == before


def test_a_refresh_as_somebody_else_is_a_new_session(client: Client, world: World) -> None:
    bob = world.identity("bob@example.org", "another-orbit-19-kettle")
    client.sign_up(EMAIL)
    before = client.whoami().json
    token, csrf = client.token, {name: value for name, value in client.cookies.items() if name.startswith("csrf")}
    assert succeeded(client.sign_in("bob@example.org", "another-orbit-19-kettle", refresh="true"))
    after = client.whoami().json
    assert after["identity"]["id"] == bob.id
    assert after["id"] != before["id"]
    assert [method["method"] for method in after["authentication_methods"]] == ["password"]
    if client.kind == "native":
        assert client.token != token
    else:
        assert csrf != {name: value for name, value in client.cookies.items() if name.startswith("csrf")}


def test_a_wrong_password_leaves_the_refreshed_session_as_it_was(client: Client, world: World) -> None:
    client.sign_up(EMAIL)
    before = client.whoami().json
    world.clock.pass_by(minutes=1)
    refused = client.refused_flow("login", client.sign_in(EMAIL, "wrong", refresh="true"))
    assert refused.message_ids == [messages.INVALID_CREDENTIALS.id]
    assert client.whoami().json == before


@pytest.mark.parametrize("value", ["1", "t", "T", "TRUE", "true", "True"])
def test_refresh_takes_the_spellings_of_true(world: World, value: str) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    assert app.start("login", refresh=value).document["refresh"] is True


@pytest.mark.parametrize("value", ["yes", "on", "tRUE", "2"])
def test_refresh_takes_nothing_else_for_true(world: World, value: str) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    assert app.get(f"/self-service/login/api?refresh={value}").error_id == "session_already_available"


def test_refresh_without_a_session_is_a_plain_sign_in(client: Client) -> None:
    flow = client.start("login", refresh="true")
    assert flow.document["refresh"] is False
    assert flow.message_ids == []


def test_a_session_that_ends_during_a_refresh_is_not_brought_back(client: Client, world: World) -> None:
    alice_id = client.sign_up(EMAIL) and client.whoami().json["identity"]["id"]
    alice = world.svc.identities.find(alice_id)
    assert alice is not None
    flow = client.start("login", refresh="true")
    old = client.whoami().json["id"]
    world.svc.sessions.revoke(alice.id, old)
    client.submit(flow, method="password", identifier=EMAIL, password=PASSWORD)
    assert {session.id for session in world.svc.sessions.of_identity(alice) if session.revoked} == {old}
    found = client.whoami()
    assert found.status == 401 or found.json["id"] != old


# --- assurance levels -----------------------------------------------------------------------------------


def test_a_second_factor_without_a_first_is_refused(client: Client) -> None:
    start = "api" if client.kind == "native" else "browser"
    reply = client.get(f"/self-service/login/{start}?aal=aal2")
    if client.kind == "browser":
        assert reply.location.startswith("https://app.example.org/error?")
    else:
        assert (reply.status, reply.error_id) == (401, "session_aal1_required")


def test_a_second_factor_that_nobody_has_is_a_form_without_methods(client: Client) -> None:
    client.sign_up(EMAIL)
    flow = client.start("login", aal="aal2")
    assert flow.document["requested_aal"] == "aal2"
    assert flow.message_ids == [messages.LOGIN_MFA.id]
    assert "password" not in flow.nodes


def test_a_password_proves_no_second_factor(client: Client) -> None:
    client.sign_up(EMAIL)
    flow = client.start("login", aal="aal2")
    client.submit(flow, method="password", identifier=EMAIL, password=PASSWORD)
    assert client.whoami().json["authenticator_assurance_level"] == "aal1"


def test_a_second_factor_form_is_of_no_use_once_the_session_has_ended(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    flow = app.start("login", aal="aal2")
    app.token = None
    reply = app.submit(flow, method="totp", totp_code="123456")
    assert (reply.status, reply.error_id) == (401, "session_aal1_required")


@pytest.mark.parametrize("level", ["aal0", "aal3", "AAL 2", "none", "2"])
def test_unknown_levels_are_refused(client: Client, level: str) -> None:
    start = "api" if client.kind == "native" else "browser"
    reply = client.get(f"/self-service/login/{start}?aal={level.replace(' ', '%20')}")
    assert reply.status == (303 if client.kind == "browser" else 400)


@pytest.mark.parametrize("level", ["aal1", "AAL1", ""])
def test_the_first_level_is_the_default(client: Client, level: str) -> None:
    assert client.start("login", aal=level).document["requested_aal"] == "aal1"
