"""The call itself. Contract 02 §4.1 and 4.3."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.hooks.web_hook.target import Scene, after, answer
from tests.world import Native

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


def test_a_form_is_sent_as_one(sqlite_table: SqliteTable):
    (call,) = called(sqlite_table, headers=FORM, **body("function(ctx) {b: 'x y&z', a: 'ü'}"))[1].target.calls
    assert call.body == b"a=%C3%BC&b=x+y%26z"


@pytest.mark.parametrize(
    "config",
    [
        {"body": None},
        {"body": "file:///does/not/exist.jsonnet"},
        body("function(ctx) error 'boom'"),
        body("function(ctx) {"),
        {"headers": {"Content-Type": "text/plain"}},
        {"headers": FORM, **body("function(ctx) {a: 1}")},
        {"headers": FORM, **body("function(ctx) error 'cancel'")},
    ],
)
def test_a_hook_that_cannot_call_is_an_error_of_ours(sqlite_table: SqliteTable, config: dict[str, Any]):
    reply, scene = called(sqlite_table, **config)
    assert (reply.status, set(reply.json["error"])) == (400, {"code", "status", "message"})
    assert reply.json["error"]["code"] == 500
    assert scene.target.calls == []


def test_a_template_may_cancel_its_call(sqlite_table: SqliteTable):
    reply, scene = called(sqlite_table, **body("function(ctx) error 'cancel'"))
    assert (reply.status, scene.target.calls) == (200, [])


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
