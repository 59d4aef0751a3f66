"""The call itself. Contract 02 §4.1 and 4.3."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.hooks.journeys import ANN, FLOWS, JOURNEYS, default
from tests.hooks.web_hook.target import PARSE, Scene, after, answer, before, hook
from tests.world import CLIENTS, Browser, Client, Native, Reply, Spa

from vestibule.adapters.sqlite import SqliteTable

EMAIL = "alice@example.org"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def body(source: str) -> dict[str, Any]:
    return {"body": "base64://" + base64.b64encode(source.encode()).decode()}


def called(table: SqliteTable, **config: Any) -> tuple[Any, Scene]:
    scene = Scene(table, after("registration", **config))
    return Native(scene.world).sign_up(EMAIL), scene


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET", "QUERY"])
def test_every_method_has_a_body(sqlite_table: SqliteTable, method: str):
    (call,) = called(sqlite_table, method=method, **body("function(ctx) {a: 1}"))[1].target.calls
    assert (call.method, call.json, call.headers["Content-Type"]) == (method, {"a": 1}, "application/json")


def test_trace_has_none(sqlite_table: SqliteTable):
    (call,) = called(sqlite_table, method="TRACE", body=None)[1].target.calls
    assert call.body == b""


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"type": "basic_auth", "config": {"user": "u", "password": "p:w"}}, "Authorization", "Basic dTpwOnc="),
        ({"type": "api_key", "config": {"in": "header", "name": "X-Key", "value": "k"}}, "X-Key", "k"),
        ({"type": "api_key", "config": {"in": "cookie", "name": "key", "value": "k"}}, "Cookie", "key=k"),
    ],
)
def test_calls_prove_who_makes_them(sqlite_table: SqliteTable, auth: Any, header: str, value: str):
    (call,) = called(sqlite_table, auth=auth)[1].target.calls
    assert call.headers[header] == value


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8"]
)
@pytest.mark.parametrize(
    ("source", "sent"),
    [("{b: 'x y&z=+%', a: 'ü'}", b"a=%C3%BC&b=x+y%26z%3D%2B%25"), ("{'a&b=': ''}", b"a%26b%3D="), ("{}", b"")],
)
def test_a_form_is_sent_as_one(sqlite_table: SqliteTable, kind: str, source: str, sent: bytes):
    headers = {"content-type": kind}
    (call,) = called(sqlite_table, headers=headers, **body(f"function(ctx) {source}"))[1].target.calls
    types = [value for name, value in call.headers.items() if name.lower() == "content-type"]
    assert (call.body, types) == (sent, [kind])


@pytest.mark.parametrize(
    "config",
    [
        {"body": None},
        {"body": "file:///does/not/exist.jsonnet"},
        body("function(ctx) error 'boom'"),
        body("function(ctx) {"),
        {"headers": {"Content-Type": "text/plain"}},
        {"headers": FORM, **body("function(ctx) {a: 1}")},
        {"headers": FORM, **body("function(ctx) {a: {b: 'x'}}")},
        {"headers": FORM, **body("function(ctx) ['a']")},
        {"headers": FORM, **body("function(ctx) {a: null}")},
        {"headers": FORM, **body("function(ctx) error 'cancel'")},
    ],
)
def test_a_hook_that_cannot_call_is_an_error_of_ours(sqlite_table: SqliteTable, config: dict[str, Any]):
    reply, scene = called(sqlite_table, **config)
    assert (reply.status, set(reply.json["error"])) == (400, {"code", "status", "message"})
    assert reply.json["error"]["code"] == 500
    assert scene.target.calls == []


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("flow", FLOWS)
def test_an_error_of_ours_has_the_status_of_its_client(sqlite_table: SqliteTable, kind: type[Client], flow: str):
    """As recorded: it depends on the flow, too. Browsers see it on the page of errors."""
    scene = Scene(sqlite_table, {flow: {"after": default(flow, hook(body=None))}})
    if flow != "registration":
        scene.world.identity(ANN)
    plain = kind is Spa and flow in ("login", "registration")
    client = kind(scene.world)
    ensure_ours(client, JOURNEYS[flow](client), 500 if plain else 400)


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("flow", FLOWS)
def test_so_it_has_before_a_flow(sqlite_table: SqliteTable, kind: type[Client], flow: str):
    scene = Scene(sqlite_table, before(flow, body=None))
    client = kind(scene.world)
    if flow == "settings":
        scene.world.identity(ANN)
        client.sign_in(ANN)
    reply = client.get(f"/self-service/{flow}/{'api' if kind is Native else 'browser'}")
    if kind is Browser and flow in ("recovery", "verification"):
        assert (reply.status, reply.json["error"]["code"]) == (500, 500)
    else:
        ensure_ours(client, reply, 400 if kind is Native and flow == "login" else 500)


def ensure_ours(client: Client, reply: Reply, status: int) -> None:
    if client.kind == "browser":
        assert (reply.status, reply.location.split("?")[0]) == (303, "https://app.example.org/error")
        reply = client.get(f"/self-service/errors?id={reply.query('id')}")
    else:
        assert reply.status == status
    assert (set(reply.json["error"]), reply.json["error"]["code"]) == ({"code", "status", "message"}, 500)


@pytest.mark.parametrize("said", ["cancel", "cancel: an account of a test", "cancelled"])
@pytest.mark.parametrize("config", [{}, PARSE])
def test_a_template_may_cancel_its_call(sqlite_table: SqliteTable, config: dict[str, Any], said: str):
    """It fails with a message that begins so, as in Kratos."""
    reply, scene = called(sqlite_table, **config, **body(f"function(ctx) error '{said}'"))
    assert (reply.status, scene.target.calls) == (200, [])


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("flow", FLOWS)
def test_a_cancelled_call_stops_no_flow(sqlite_table: SqliteTable, kind: type[Client], flow: str):
    cancelling = body("function(ctx) error 'cancel'")
    hooks = {"before": {"hooks": [hook(**cancelling)]}, "after": default(flow, hook(**cancelling))}
    scene = Scene(sqlite_table, {flow: hooks})
    if flow != "registration":
        scene.world.identity(ANN)
    reply = JOURNEYS[flow](kind(scene.world))
    done = 303 if kind is Browser else 422 if flow == "recovery" else 200
    assert (reply.status, scene.target.calls) == (done, [])


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
def test_redirects_are_followed(sqlite_table: SqliteTable, status: int, method: str):
    scene = Scene(sqlite_table, after("registration"))
    scene.target.answers = [answer(status, location="/elsewhere"), answer()]
    assert Native(scene.world).sign_up(EMAIL).status == 200
    first, second = scene.target.calls
    assert (second.method, second.url) == (method, "https://target.example.org/elsewhere")
    assert second.body == (first.body if method == "POST" else b"")


def test_other_hosts_get_no_credentials(sqlite_table: SqliteTable):
    auth = {"type": "api_key", "config": {"in": "header", "name": "X-Key", "value": "k"}}
    scene = Scene(sqlite_table, after("registration", auth=auth))
    scene.target.answers = [answer(307, location="https://other.example.org/"), answer()]
    Native(scene.world).sign_up(EMAIL)
    first, second = scene.target.calls
    assert "X-Key" in first.headers
    assert "X-Key" not in second.headers


def test_redirects_end(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("registration"))
    scene.target.answers = [answer(302, location="/again")]
    assert Native(scene.world).sign_up(EMAIL).status == 502
