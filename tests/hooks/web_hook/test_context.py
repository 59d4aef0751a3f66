"""What templates are told at each point. Contract 02 §4.2."""

from __future__ import annotations

from typing import Any

import pytest
from tests.hooks.web_hook.target import PARSE, TEMPLATES, Scene, Target, after, answer, before
from tests.world import Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable

EMAIL = "alice@example.org"


def told(scene: Scene) -> dict[str, Any]:
    return scene.target.calls[-1].json


@pytest.mark.parametrize("kind", ["login", "registration", "recovery", "verification"])
def test_before_a_flow_there_is_nobody(sqlite_table: SqliteTable, kind: str):
    scene = Scene(sqlite_table, before(kind))
    Native(scene.world).get(f"/self-service/{kind}/api")
    ctx = told(scene)
    assert set(ctx) == {"flow", "request_headers", "request_method", "request_url", "request_cookies"}
    assert "transient_payload" not in ctx["flow"]
    assert ctx["flow"]["ui"]["nodes"]


@pytest.mark.parametrize("config", [PARSE, {}])
def test_registrations_have_the_real_identity(sqlite_table: SqliteTable, config: dict[str, Any]):
    scene = Scene(sqlite_table, after("registration", **config))
    reply = Native(scene.world).sign_up(EMAIL, transient_payload={"from": "here"})
    ctx = told(scene)
    assert ctx["identity"]["id"] == reply.json["identity"]["id"]
    assert ctx["flow"]["transient_payload"] == {"from": "here"}
    assert "session" not in ctx
    assert "credentials" not in ctx["identity"]


def test_logins_have_the_real_session(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("login"))
    scene.world.identity(EMAIL)
    reply = Native(scene.world).sign_in(EMAIL)
    assert told(scene)["session"]["id"] == reply.json["session"]["id"]
    assert told(scene)["flow"]["transient_payload"] == {}


def test_settings_have_session_and_identity(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, before("settings"), after("settings", "profile"))
    client = Native(scene.world)
    client.token = client.sign_up(EMAIL).json["session_token"]
    flow = client.start("settings")
    assert told(scene)["session"]["identity"]["traits"] == {"email": EMAIL, "name": {}}
    assert told(scene)["flow"]["ui"]["nodes"] is None
    client.submit(flow, method="profile", traits={"email": EMAIL, "age": 33})
    assert told(scene)["identity"]["traits"]["age"] == 33
    assert told(scene)["flow"]["state"] == "success"


def test_own_cookies_stay_here(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("login"))
    client = Spa(scene.world)
    client.sign_up(EMAIL)
    client.cookies = {"theirs": "yes"}
    client.sign_in(EMAIL)
    assert told(scene)["request_cookies"] == {"theirs": "yes"}


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
    changes = {
        "vestibule": {"trusted_proxy": trusted},
        "clients": {"web_hook": {"header_allowlist": [*FROM, "True-Client-Ip"]}},
        "selfservice": {"flows": before("login")},
    }
    target = Target()
    app = Native(World.build(table, changes, web=target, templates=TEMPLATES))
    app.headers = dict.fromkeys((*FROM, "True-Client-Ip"), "203.0.113.9")
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
