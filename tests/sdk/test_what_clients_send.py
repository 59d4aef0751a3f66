"""What real clients send, point by point, and the cookies and headers they live on. Contract 08.

Buttons that name no method are pressed in test_reference_ui.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from tests import codes
from tests.sdk.needs import APP, AXIOS, CORS, EMAIL, FORM, STARTS, TWO_STEPS, build, cookie_of, nodes_of, signed_up
from tests.world import PASSWORD, PUBLIC, Browser, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.flows import Registration


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table)


@pytest.fixture
def build_with(sqlite_table: SqliteTable) -> Callable[..., World]:
    return lambda *changes: build(sqlite_table, *changes)


# --- requests --------------------------------------------------------------------------------------------------------


def test_an_empty_query_value_means_that_nothing_was_given(world: World) -> None:
    flow = Spa(world).get("/self-service/login/browser?aal=&refresh=&return_to=&organization=&via=").flow
    assert (flow.document["requested_aal"], flow.document["refresh"]) == ("aal1", False)
    assert "return_to" not in flow.document
    for kind in STARTS:
        assert Spa(world).get(f"/self-service/{kind}/browser?return_to=").status == 200
    ann = signed_up(Spa(world))
    assert ann.get("/self-service/settings/browser?return_to=").status == 200
    assert ann.get("/self-service/logout/browser?return_to=").json["logout_url"].endswith("token") is False


@pytest.mark.parametrize("kind", STARTS)
def test_browsers_are_sent_to_the_page_and_whoever_takes_json_gets_the_flow(world: World, kind: str) -> None:
    start = f"/self-service/{kind}/browser"
    there = Browser(world).get(start, Accept="text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    assert there.status == 303
    assert re.fullmatch(rf"{APP}/{kind}\?flow=[0-9a-f-]{{36}}", there.location)
    for accept in (AXIOS, "application/json"):
        assert Spa(world).get(start, Accept=accept).flow.document["type"] == "browser"


@pytest.mark.parametrize("accept", ["*/*", "text/html", ""])
def test_apps_get_json_whatever_they_accept_but_not_at_verification(world: World, accept: str) -> None:
    app = signed_up(Native(world))
    app.token = None
    app.accept = accept
    bodies = {
        "login": {"method": "password", "identifier": EMAIL, "password": "wrong"},
        "registration": {"method": "password", "password": PASSWORD, "traits": {"email": EMAIL}},
        "recovery": {"method": "code", "email": EMAIL},
    }
    for kind, body in bodies.items():
        started = app.get(f"/self-service/{kind}/api")
        assert app.submit(started.flow, **body).flow.document["type"] == "api"
    flow = app.get("/self-service/verification/api", Accept="application/json").flow
    assert app.submit(flow, method="code", email=EMAIL).location == f"{APP}/verification?flow={flow.id}"


def test_a_form_comes_as_json_or_with_dotted_names_twice_over_and_with_more_than_asked(world: World) -> None:
    ann = Browser(world)
    flow = ann.start("registration")
    twice = [("traits.email", EMAIL), ("traits.name.first", "Ann")] * 2
    more = [("csrf_token", flow.csrf), ("method", "password"), ("password", PASSWORD)]
    more += [("passkey_create_data", "{}"), ("passkey_challenge", ""), ("webauthn_register", "")]
    reply = ann.send("POST", flow.document["ui"]["action"], urlencode(twice + more).encode(), Content_Type=FORM)
    assert reply.location == f"{APP}/"
    assert ann.whoami().json["identity"]["traits"] == {"email": EMAIL, "name": {"first": "Ann"}}
    bea = Spa(world)
    nested = {"email": "bea@example.org", "name": {"first": "Bea"}}
    assert bea.submit(bea.start("registration"), method="password", password=PASSWORD, traits=nested).status == 200


def test_sign_up_asks_who_first_and_how_then(build_with: Callable[..., World]) -> None:
    ann = Spa(build_with(codes.PASSWORDLESS, TWO_STEPS))
    flow = ann.start("registration")
    second = ann.refused_flow("registration", ann.submit(flow, method="profile", traits={"email": EMAIL}))
    assert second.message_ids == [1040009]
    assert second.nodes["traits.email"]["attributes"]["type"] == "hidden"
    assert second.nodes["traits.email"]["attributes"]["value"] == EMAIL
    assert {"password", "code"} <= {node["group"] for node in nodes_of(second)}
    assert ann.submit(second, method="password", password=PASSWORD, traits={"email": EMAIL}).status == 200


def test_that_is_what_nobody_configured() -> None:
    assert Registration().style == "profile_first"


def test_a_session_token_comes_in_either_header(world: World) -> None:
    app = signed_up(Native(world))
    token, app.token = app.token, None
    assert app.get("/sessions/whoami", X_Session_Token=token or "").status == 200
    assert app.get("/sessions/whoami", Authorization=f"Bearer {token}").status == 200
    body = json.dumps({"session_token": token}).encode()
    assert app.send("DELETE", "/self-service/logout/api", body, Content_Type="application/json").status == 204
    assert app.get("/sessions/whoami", Authorization=f"Bearer {token}").status == 401


def test_a_key_of_the_query_is_repeated(world: World) -> None:
    people = [world.identity(f"{name}@example.org").id for name in ("ann", "bea", "cas")]
    listed = world.admin("GET", f"/admin/identities?ids={people[0]}&ids={people[2]}").json
    assert {each["id"] for each in listed} == {people[0], people[2]}
    shown = world.admin("GET", f"/admin/identities/{people[0]}?include_credential=password&include_credential=totp")
    assert "config" in shown.json["credentials"]["password"]
    session = world.admin("GET", "/admin/sessions?expand=identity&expand=devices").json[0]
    assert {"identity", "devices"} <= set(session)


def test_a_json_patch_comes_as_json(world: World) -> None:
    patch = [{"op": "replace", "path": "/traits/name", "value": {"first": "Ann"}}]
    patched = world.admin("PATCH", f"/admin/identities/{world.identity(EMAIL).id}", patch)
    assert patched.json["traits"]["name"] == {"first": "Ann"}


def test_the_admin_api_answers_with_and_without_its_prefix(world: World) -> None:
    for path in ("/admin/identities", "/identities", "/admin/sessions", "/version"):
        assert world.admin("GET", path).status == 200, path
    assert world.admin("GET", "/schemas/person").location == f"{PUBLIC}/schemas/person"
    for path in ("/health/alive", "/health/ready"):
        assert [world.admin("GET", path).status, Spa(world).get(path).status] == [200, 200]


# --- cookies and headers ---------------------------------------------------------------------------------------------


def test_the_csrf_cookie_is_set_wherever_it_lacks_and_renewed_with_the_session(world: World) -> None:
    world.identity(EMAIL)
    cookie = cookie_of(Spa(world).get("/self-service/login/browser"), "csrf_token_")
    assert (cookie["httponly"], cookie["path"], cookie["samesite"], cookie["max-age"]) == (True, "/", "Lax", "31536000")
    assert cookie_of(Spa(world).get("/self-service/errors?id=stub:500"), "csrf_token_").value
    ann, seen = Spa(world), set[str]()
    ann.start("login")
    seen.add(next(value for name, value in ann.cookies.items() if name.startswith("csrf_token_")))
    seen.add(cookie_of(ann.sign_in(EMAIL), "csrf_token_").value)
    seen.add(cookie_of(ann.get(ann.get("/self-service/logout/browser").json["logout_url"]), "csrf_token_").value)
    assert len(seen) == 3


def test_the_session_cookie_lasts_as_long_as_the_session_and_goes_at_sign_out(world: World) -> None:
    ann = Spa(world)
    cookie = cookie_of(ann.sign_up(EMAIL), "ory_kratos_session")
    assert (cookie["httponly"], cookie["path"], cookie["samesite"]) == (True, "/", "Lax")
    assert int(cookie["max-age"]) == 24 * 3600
    assert cookie["expires"]
    ended = ann.get(ann.get("/self-service/logout/browser").json["logout_url"])
    assert cookie_of(ended, "ory_kratos_session")["max-age"] == "0"


def test_in_development_no_cookie_asks_for_https(build_with: Callable[..., World]) -> None:
    ann = Spa(build_with({"dev": True}))
    reply = ann.sign_up(EMAIL)
    assert not cookie_of(reply, "ory_kratos_session")["secure"]
    assert not cookie_of(reply, "csrf_token_")["secure"]


def test_a_server_that_draws_pages_passes_the_browsers_cookies_on(world: World) -> None:
    ann = Browser(world)
    flow = ann.start("login")
    cookies = "; ".join(f"{name}={value}" for name, value in ann.cookies.items())
    server = Native(world)
    assert server.get(f"/self-service/login/flows?id={flow.id}", Cookie=cookies).status == 200
    ann.sign_up(EMAIL)
    cookies = "; ".join(f"{name}={value}" for name, value in ann.cookies.items())
    assert server.get("/sessions/whoami", Cookie=cookies).status == 200
    assert server.get("/self-service/logout/browser?return_to=", Cookie=cookies).status == 200


def test_the_script_for_keys_is_for_the_pages_of_others(build_with: Callable[..., World]) -> None:
    reply = Browser(build_with(CORS)).get("/.well-known/ory/webauthn.js", Origin=APP)
    assert reply.headers["access-control-allow-origin"] == APP
    for name in (
        *("oryWebAuthnLogin", "oryWebAuthnRegistration", "oryPasskeyLogin", "oryPasskeyLoginAutocompleteInit"),
        *("oryPasskeyRegistration", "oryPasskeySettingsRegistration"),
    ):
        assert f"window.{name}" in reply.body.decode()


def test_scripts_of_named_origins_may_send_cookies(build_with: Callable[..., World]) -> None:
    world = build_with(CORS)
    asked = {"Origin": APP, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    reply = world.send("OPTIONS", f"{PUBLIC}/self-service/login", headers=asked)
    assert reply.status == 204
    assert "content-type" in reply.headers["access-control-allow-headers"].lower()
    headers = Spa(world).get("/sessions/whoami", Origin=APP).headers
    assert (headers["access-control-allow-origin"], headers["access-control-allow-credentials"]) == (APP, "true")
    assert headers["vary"] == "Origin, Cookie"


def test_answers_say_whose_they_are_what_went_wrong_and_are_not_kept(world: World) -> None:
    ann = signed_up(Spa(world))
    reply = ann.whoami()
    assert reply.headers["x-kratos-authenticated-identity-id"] == reply.json["identity"]["id"]
    assert "no-store" in reply.headers["cache-control"]
    assert ann.get("/self-service/login/browser").headers["ory-error-id"] == "session_already_available"
    assert Spa(world).whoami().headers["ory-error-id"] == ""


def test_what_proxies_of_elements_send_changes_nothing(world: World) -> None:
    rewriting = {
        "Ory_Base_URL_Rewrite": "https://evil.example.com",
        "Ory_Base_URL_Rewrite_Token": "a-token",
        "Ory_No_Custom_Domain_Redirect": "true",
    }
    flow = Spa(world).get("/self-service/login/browser", **rewriting).flow
    assert flow.document["ui"]["action"] == f"{PUBLIC}/self-service/login?flow={flow.id}"


def test_the_settings_page_finds_the_session_and_the_way_out(world: World) -> None:
    ann = signed_up(Spa(world))
    assert ann.start("settings").document["identity"]["id"] == ann.whoami().json["identity"]["id"]
    assert ann.get("/self-service/logout/browser").json["logout_url"].startswith(PUBLIC)
