"""What templates are told at each point. Contract 02 §4.2."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests import recovery
from tests.hooks.journeys import ANN, JOURNEYS, default
from tests.hooks.web_hook.target import PARSE, TEMPLATES, Scene, Target, after, answer, before, hook
from tests.world import CLIENTS, PASSWORD, PUBLIC, Browser, Client, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.session import NIL_UUID

EMAIL = "alice@example.org"
OF_ANN: dict[str, Any] = {
    "schema_id": "person",
    "state": "active",
    "traits": {"email": ANN},
    "metadata_public": {"plan": "gold"},
    "metadata_admin": {"note": "of administrators"},
}


def told(scene: Scene) -> dict[str, Any]:
    return scene.target.calls[-1].json


ALWAYS = {"flow", "request_headers", "request_method", "request_url", "request_cookies"}
UNSET = "0001-01-01T00:00:00Z"


def listening(table: SqliteTable, target: Target, flows: Any, names: list[str], **changes: Any) -> World:
    """A deployment whose hooks are told the headers of those names."""
    settings = {"clients": {"web_hook": {"header_allowlist": names}}, "selfservice": {"flows": flows}}
    return World.build(table, settings | changes, web=target, templates=TEMPLATES)


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("flow", ["login", "registration", "recovery", "verification"])
def test_before_a_flow_there_is_nobody(sqlite_table: SqliteTable, kind: type[Client], flow: str):
    scene = Scene(sqlite_table, before(flow))
    opened = kind(scene.world).start(flow, return_to="https://app.example.org/inside")
    ctx = told(scene)
    assert set(ctx) == ALWAYS
    assert "transient_payload" not in ctx["flow"]
    assert ctx["flow"]["ui"]["nodes"]
    assert (ctx["flow"]["id"], ctx["request_method"]) == (opened.id, "GET")
    ending = "api" if kind is Native else "browser"
    assert ctx["request_url"].startswith(f"{PUBLIC}/self-service/{flow}/{ending}?return_to=https%3A")


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize(
    ("flow", "config", "session"),
    [
        ("login", {}, True),
        ("registration", PARSE, False),
        ("registration", {}, False),
        ("recovery", {}, False),
        ("verification", {}, False),
        ("settings", PARSE, True),
        ("settings", {}, True),
    ],
)
def test_behind_a_form_there_is_somebody(
    sqlite_table: SqliteTable, kind: type[Client], flow: str, config: dict[str, Any], session: bool
):
    """Whose session it is stands there where it goes on; nothing that only they or administrators know does."""
    scene = Scene(sqlite_table, {flow: {"after": default(flow, hook(**config))}})
    if flow != "registration":
        scene.world.admin("PUT", f"/admin/identities/{scene.world.identity(ANN).id}", OF_ANN)
    JOURNEYS[flow](kind(scene.world))
    ctx = told(scene)
    assert set(ctx) == ALWAYS | {"identity"} | ({"session"} if session else set())
    people = [ctx["identity"], *([ctx["session"]["identity"]] if session else [])]
    for person in people:
        assert person["traits"]["email"] == person["verifiable_addresses"][0]["value"] == ANN
        assert not person.keys() & {"credentials", "metadata_admin"}
        assert person["metadata_public"] == (None if flow == "registration" else OF_ANN["metadata_public"])
    if session:
        assert not ctx["session"].keys() & {"token", "session_token"}
        assert len(ctx["session"]["devices"]) == 1
    assert ctx["flow"].get("transient_payload") == (None if flow == "settings" else {}), "as recorded"
    assert ctx["request_method"] == "POST"
    assert ctx["request_url"] == f"{PUBLIC}/self-service/{flow}?flow={ctx['flow']['id']}"
    sent = [text for data in recovery.letters(scene.world, ANN) for name, text in data.items() if name.endswith("code")]
    assert not [text for text in (PASSWORD, *sent) if f'"{text}"' in scene.target.calls[-1].body.decode()]


@pytest.mark.parametrize(("config", "is_stored"), [(PARSE, False), ({}, True)])
def test_registrations_have_the_real_identity(sqlite_table: SqliteTable, config: dict[str, Any], is_stored: bool):
    scene = Scene(sqlite_table, after("registration", **config))
    reply = Native(scene.world).sign_up(EMAIL, transient_payload={"from": "here"})
    ctx = told(scene)
    assert ctx["identity"]["id"] == reply.json["identity"]["id"]
    assert ctx["flow"]["transient_payload"] == {"from": "here"}
    (address,) = ctx["identity"]["verifiable_addresses"]
    assert (address["id"] != NIL_UUID) is is_stored
    for made in (ctx["identity"], address):
        assert (made["created_at"] != UNSET, made["updated_at"] != UNSET) == (is_stored, is_stored)


@pytest.mark.parametrize("refresh", ["", "true"])
def test_logins_have_the_real_session(sqlite_table: SqliteTable, refresh: str):
    scene = Scene(sqlite_table, after("login"))
    scene.world.identity(EMAIL)
    app = Native(scene.world)
    former = app.sign_in(EMAIL).json["session"]["id"]
    app.token = app.token if refresh else None
    reply = app.sign_in(EMAIL, refresh=refresh)
    assert told(scene)["session"]["id"] == reply.json["session"]["id"]
    assert (told(scene)["session"]["id"] == former) is bool(refresh)


@pytest.mark.parametrize("kind", CLIENTS)
def test_settings_have_session_and_identity(sqlite_table: SqliteTable, kind: type[Client]):
    scene = Scene(sqlite_table, before("settings"), after("settings", "profile"))
    client = kind(scene.world)
    client.sign_up(EMAIL)
    flow = client.start("settings")
    assert told(scene)["session"]["identity"]["traits"] == {"email": EMAIL, "name": {}}
    assert told(scene)["flow"]["ui"]["nodes"] is None
    assert set(told(scene)) == ALWAYS | {"session"}
    client.submit(flow, method="profile", traits={"email": EMAIL, "age": 33})
    assert told(scene)["identity"]["traits"]["age"] == 33
    assert told(scene)["flow"]["state"] == "success"


def test_before_settings_are_saved_both_what_is_wanted_and_what_is_there_are_told(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("settings", "profile", **PARSE))
    app = Native(scene.world)
    app.sign_up(EMAIL)
    app.submit(app.start("settings"), method="profile", traits={"email": EMAIL, "age": 33})
    ctx = told(scene)
    assert (ctx["identity"]["traits"]["age"], ctx["session"]["identity"]["traits"].get("age")) == (33, None)
    assert ctx["flow"]["state"] == "show_form"


@pytest.mark.attack("hook-13")
@pytest.mark.parametrize("kind", [Browser, Spa])
def test_own_cookies_stay_here(sqlite_table: SqliteTable, kind: type[Client]):
    """Those of the session, of its forms, and of what waits for a sign-in; also where `Cookie` is on the allow-list."""
    target = Target()
    world = listening(sqlite_table, target, after("login"), ["Cookie", "Accept"])
    client = kind(world)
    client.sign_up(EMAIL)
    client.cookies |= {"theirs": "yes", "ory_kratos_continuity": "somebody"}
    assert len(client.cookies) == 4
    client.sign_in(EMAIL, refresh="true")
    (call,) = target.calls
    assert call.json["request_cookies"] == {"theirs": "yes"}
    assert call.json["request_headers"] == {"Accept": [client.accept]}


@pytest.mark.attack("hook-13")
def test_tokens_stay_here_whatever_the_allow_list_says(sqlite_table: SqliteTable):
    target = Target()
    names = ["X-Session-Token", "Authorization", "X-Trace"]
    app = Native(listening(sqlite_table, target, after("login"), names))
    app.sign_up(EMAIL)
    app.headers = {"X-Trace": "7", "Authorization": f"Bearer {app.token}"}
    app.sign_in(EMAIL, refresh="true")
    assert target.calls[-1].json["request_headers"] == {"X-Trace": ["7"]}


@pytest.mark.attack("hook-13")
def test_a_link_that_is_not_used_up_yet_stays_here(sqlite_table: SqliteTable):
    target, hooks = Target(), {"use": "link", "after": {"hooks": [hook()]}}
    changes = {"selfservice": {"flows": {"recovery": hooks}}}
    world = recovery.build(sqlite_table, changes, web=target, templates=TEMPLATES)
    world.identity(EMAIL)
    recovery.send(Native(world), EMAIL, method="link")
    link = recovery.last_link(world, EMAIL)
    browser = Browser(world)
    assert recovery.is_in(browser, browser.get(link))
    assert target.calls[-1].json["request_url"] == re.sub("(?<=token=).+?(?=&|$)", "", link) != link


def test_the_headers_of_the_allow_list_are_told_by_their_canonical_names(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, before("login"))
    names = scene.world.svc.config.clients.web_hook.header_allowlist
    app = Native(scene.world)
    app.headers = {name: f"of {name}" for name in names} | {"Accept": "application/json", "X-Other": "no"}
    app.start("login")
    expected = {name: [f"of {name}"] for name in names}
    expected |= {"Accept": ["application/json"], "True-Client-Ip": ["192.0.2.7"]}
    assert told(scene)["request_headers"] == expected


def test_headers_outside_the_allow_list_stay_here(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, before("login"))
    Native(scene.world).get("/self-service/login/api", X_Secret="1", Accept_Language="de")
    assert told(scene)["request_headers"]["Accept-Language"] == ["de"]
    assert "X-Secret" not in told(scene)["request_headers"]


def test_the_address_of_the_client_is_the_one_that_the_gateway_saw(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, before("login"))
    Native(scene.world).get("/self-service/login/api", True_Client_Ip="198.51.100.1")
    assert told(scene)["request_headers"]["True-Client-Ip"] == ["192.0.2.7"]


FROM = ("Cf-Ipcountry", "Cloudfront-Viewer-Country", "X-Forwarded-For", "X-Real-Ip", "Forwarded")


def from_elsewhere(table: SqliteTable, *, trusted: bool) -> dict[str, list[str]]:
    """The headers that a hook is told of somebody who says where they come from."""
    target, names = Target(), [*FROM, "True-Client-Ip"]
    app = Native(listening(table, target, before("login"), names, vestibule={"trusted_proxy": trusted}))
    app.headers = dict.fromkeys(names, "203.0.113.9")
    app.start("login")
    return target.calls[-1].json["request_headers"]


def test_where_somebody_comes_from_is_not_what_they_say(sqlite_table: SqliteTable):
    assert from_elsewhere(sqlite_table, trusted=False) == {"True-Client-Ip": ["192.0.2.7"]}


def test_a_trusted_proxy_is_believed(sqlite_table: SqliteTable):
    said = from_elsewhere(sqlite_table, trusted=True)
    assert set(said) == {*FROM, "True-Client-Ip"}
    assert said["True-Client-Ip"] == ["203.0.113.9"]


def test_saving_settings_tells_of_the_flow_that_follows(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, before("settings"))
    scene.target.answers = [answer()]
    client = Native(scene.world)
    client.token = client.sign_up(EMAIL).json["session_token"]
    flow = client.start("settings")
    client.submit(flow, method="profile", traits={"email": EMAIL})
    first, second = (call.json["flow"]["id"] for call in scene.target.calls)
    assert first == flow.id != second
