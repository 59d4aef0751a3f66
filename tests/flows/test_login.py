"""Sign in, for the three clients. Contract 01 §4."""

from __future__ import annotations

from typing import Any

import pytest
from tests.world import PASSWORD, PUBLIC, Browser, Client, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.identity import Identity, State
from vestibule.ui import messages

EMAIL = "alice@example.org"


def succeeded(reply: Reply) -> bool:
    return reply.status in (200, 303) and "/login" not in reply.location and "/error" not in reply.location


def disabled(world: World, identity: Identity) -> Identity:
    return world.svc.identities.update(identity, identity.in_state(State.INACTIVE, world.clock.now()))


def test_the_right_password_opens_a_session(client: Client, world: World) -> None:
    alice = world.identity(EMAIL)
    assert succeeded(client.sign_in(EMAIL))
    assert client.whoami().json["identity"]["id"] == alice.id


def test_a_browser_goes_to_the_default_page_with_a_cookie(world: World) -> None:
    world.identity(EMAIL)
    browser = Browser(world)
    reply = browser.sign_in(EMAIL)
    assert (reply.status, reply.location) == (303, "https://app.example.org/")
    assert "ory_kratos_session" in browser.cookies


def test_a_single_page_app_is_told_where_to_go_and_gets_no_token(world: World) -> None:
    world.identity(EMAIL)
    reply = Spa(world).sign_in(EMAIL)
    assert set(reply.json) == {"session", "continue_with"}
    assert reply.json["continue_with"] == [
        {"action": "redirect_browser_to", "redirect_browser_to": "https://app.example.org/"}
    ]
    assert "ory_st_" not in reply.body.decode()


def test_a_native_app_gets_a_token_and_no_cookie(world: World) -> None:
    world.identity(EMAIL)
    reply = Native(world).sign_in(EMAIL)
    assert set(reply.json) == {"session_token", "session", "continue_with"}
    assert reply.json["session_token"].startswith("ory_st_")
    assert reply.json["continue_with"] is None
    assert reply.cookies == []


@pytest.mark.parametrize(
    "fields",
    [
        {"identifier": EMAIL, "password": "wrong"},
        {"identifier": EMAIL, "password": PASSWORD + " "},
        {"identifier": EMAIL, "password": PASSWORD.upper()},
        {"identifier": "bob@example.org", "password": PASSWORD},
        {"identifier": "no address", "password": PASSWORD},
    ],
)
def test_a_wrong_credential_reopens_the_form_and_opens_no_session(
    client: Client, world: World, fields: dict[str, str]
) -> None:
    alice = world.identity(EMAIL)
    before = len(world.svc.sessions.of_identity(alice))
    reply = client.submit(client.start("login"), method="password", **fields)
    refused = client.refused_flow("login", reply)
    assert refused.message_ids == [messages.INVALID_CREDENTIALS.id]
    assert refused.nodes["identifier"]["attributes"]["value"] == fields["identifier"]
    assert "value" not in refused.nodes["password"]["attributes"]
    assert len(world.svc.sessions.of_identity(alice)) == before
    assert client.whoami().status == 401


@pytest.mark.parametrize("missing", ["identifier", "password"])
def test_a_missing_field_is_named(client: Client, missing: str) -> None:
    fields = {"identifier": EMAIL, "password": PASSWORD} | {missing: ""}
    reply = client.submit(client.start("login"), method="password", **fields)
    assert client.refused_flow("login", reply).messages_at(missing) == [messages.REQUIRED.id]


@pytest.mark.parametrize("method", ["", "none", "PASSWORD", "__class__"])
def test_a_form_without_a_known_method_is_refused(client: Client, method: str) -> None:
    reply = client.submit(client.start("login"), method=method, identifier=EMAIL, password=PASSWORD)
    assert client.refused_flow("login", reply).message_ids == [messages.LOGIN_NO_STRATEGY_FOUND.id]


@pytest.mark.attack("flt-15")
def test_a_method_that_is_switched_off_while_the_form_is_open_is_not_found(
    client: Client, world: World, sqlite_table: SqliteTable
) -> None:
    world.identity(EMAIL)
    flow = client.start("login")
    client.world = World.build(sqlite_table, {"selfservice": {"methods": {"password": {"enabled": False}}}})
    reply = client.submit(flow, method="password", identifier=EMAIL, password=PASSWORD)
    if client.kind == "browser":
        assert reply.location.startswith("https://app.example.org/error?")
    else:
        assert reply.status == 404
    assert client.whoami().status == 401


def test_a_disabled_account_is_told_so_after_the_right_password_only(client: Client, world: World) -> None:
    disabled(world, world.identity(EMAIL))
    right = client.refused_flow("login", client.sign_in(EMAIL))
    assert right.message_ids == [messages.IDENTITY_DISABLED.id]
    wrong = client.refused_flow("login", client.sign_in(EMAIL, "wrong"))
    assert wrong.message_ids == [messages.INVALID_CREDENTIALS.id]
    assert client.whoami().status == 401


@pytest.mark.parametrize(
    "typed", ["ALICE@example.org", " alice@example.org ", "alice@EXAMPLE.org", "\uff41lice@example.org"]
)
def test_the_spelling_of_an_identifier_does_not_matter(world: World, typed: str) -> None:
    world.identity(EMAIL)
    assert succeeded(Native(world).sign_in(typed))


def test_a_refused_form_can_be_sent_again_with_the_right_password(client: Client, world: World) -> None:
    world.identity(EMAIL)
    flow = client.start("login")
    again = client.refused_flow("login", client.submit(flow, method="password", identifier=EMAIL, password="wrong"))
    assert again.id == flow.id
    assert succeeded(client.submit(again, method="password", identifier=EMAIL, password=PASSWORD))


def test_earlier_problems_are_gone_from_a_form_that_is_refused_anew(client: Client, world: World) -> None:
    flow = client.start("login")
    first = client.refused_flow("login", client.submit(flow, method="password", identifier="", password="x"))
    assert first.messages_at("identifier") == [messages.REQUIRED.id]
    second = client.refused_flow("login", client.submit(first, method="password", identifier=EMAIL, password="x"))
    assert second.messages_at("identifier") == []
    assert second.message_ids == [messages.INVALID_CREDENTIALS.id]


def test_signing_in_renews_the_csrf_secret_so_that_the_form_is_used_up(world: World) -> None:
    world.identity(EMAIL)
    browser = Spa(world)
    flow = browser.start("login")
    fields: dict[str, Any] = {"method": "password", "identifier": EMAIL, "password": PASSWORD}
    assert browser.submit(flow, **fields).status == 200
    browser.cookies.pop("ory_kratos_session")
    assert browser.submit(flow, **fields).error_id == "security_csrf_violation"


# --- what a start takes ---------------------------------------------------------------------------------


def test_empty_parameters_count_as_not_given(world: World) -> None:
    flow = Browser(world).start("login", aal="", refresh="", return_to="", organization="", via="")
    assert "return_to" not in flow.document


def test_a_flow_says_where_it_came_from_and_how_long_it_lasts(client: Client) -> None:
    document = client.start("login", return_to="https://app.example.org/inside").document
    assert document["return_to"] == "https://app.example.org/inside"
    assert document["request_url"].startswith(f"{PUBLIC}/self-service/login/")
    assert (document["issued_at"], document["expires_at"]) == ("2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z")
    assert document["state"] == "choose_method"
    assert document["type"] == ("api" if client.kind == "native" else "browser")


def test_the_whole_way_is_taken_to_return_to(world: World) -> None:
    world.identity(EMAIL)
    reply = Browser(world).sign_in(EMAIL, return_to="https://app.example.org/inside?a=1#b")
    assert reply.location == "https://app.example.org/inside?a=1#b"
    reply = Spa(world).sign_in(EMAIL, return_to="https://app.example.org/inside?a=1")
    assert reply.json["continue_with"][0]["redirect_browser_to"] == "https://app.example.org/inside?a=1"


def test_an_exchange_code_is_given_once_and_to_apps_only(world: World) -> None:
    app = Native(world)
    flow = app.start("login", return_session_token_exchange_code="true")
    assert len(flow.document["session_token_exchange_code"]) == 64
    assert "session_token_exchange_code" not in app.fetch("login", flow.id).json
    assert (
        "session_token_exchange_code"
        not in Spa(world).start("login", return_session_token_exchange_code="true").document
    )
    app.sign_up(EMAIL)
    again = app.start("login", return_session_token_exchange_code="true", refresh="true")
    assert "session_token_exchange_code" not in again.document


def test_the_after_settings_of_the_method_say_where_to_go(sqlite_table: SqliteTable) -> None:
    after = {
        "default_browser_return_url": "https://app.example.org/after",
        "password": {"default_browser_return_url": "https://app.example.org/after-password"},
    }
    world = World.build(sqlite_table, {"selfservice": {"flows": {"login": {"after": after}}}})
    world.identity(EMAIL)
    assert Browser(world).sign_in(EMAIL).location == "https://app.example.org/after-password"
    assert Browser(world).sign_in(EMAIL, return_to="https://app.example.org/inside").location.endswith("/inside")


def test_an_unknown_flow_is_not_found(client: Client) -> None:
    client.start("login")
    flow = client.start("login")
    elsewhere = {**flow.document, "ui": {**flow.document["ui"]}}
    elsewhere["ui"]["action"] = f"{PUBLIC}/self-service/login?flow=00000000-0000-4000-8000-000000000000"
    flow.document.update(elsewhere)
    reply = client.submit(flow, method="password", identifier=EMAIL, password=PASSWORD)
    if client.kind == "browser":
        assert reply.location.startswith("https://app.example.org/error?")
    else:
        assert reply.status == 404


@pytest.mark.parametrize("query", ["", "?flow=", "?flow=x", "?flow=%00", "?flow=" + "a" * 36])
def test_a_submit_without_a_flow_id_is_refused(world: World, query: str) -> None:
    reply = Spa(world).send("POST", f"/self-service/login{query}", b"{}", Content_Type="application/json")
    assert reply.status == 400


def test_a_flow_of_another_kind_is_no_flow_of_this_one(world: World) -> None:
    app = Native(world)
    flow = app.start("registration")
    assert app.fetch("login", flow.id).status == 404
    reply = app.send(
        "POST", f"/self-service/login?flow={flow.id}", b'{"method":"password"}', Content_Type="application/json"
    )
    assert reply.status == 404
