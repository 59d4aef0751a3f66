"""Whatever is sent to whatever address: a documented refusal, nothing stored, nothing repeated in the log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.world import ADMIN, PUBLIC, ROOT, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.local import routes

CANARY = "canary-4711"
SETTINGS = settings(max_examples=150, deadline=None, derandomize=True)
ROUTES = [(route.api, route.method, route.path) for route in routes.read(ROOT / "template.yaml")]
RECOVERY = {
    "selfservice": {
        "methods": {"code": {"enabled": True}, "link": {"enabled": True}},
        "flows": {"verification": {"enabled": True}, "recovery": {"enabled": True}},
    }
}
FORMS = ["login", "registration", "verification", "recovery"]
VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
KEPT = ("I#", "C#", "A#", "X#", "M#", "D#", "CFG")
"""What must not change: identities and all that belongs to them, messages, configuration."""

NASTY_TEXTS = [
    "",
    "\0",
    "\ud800",
    "\r\nX-Evil: 1",
    "../../etc/passwd",
    "%00%ff%2e%2e",
    "\u202e\u200b\ufeff",
    "{{7*7}}${jndi:x}",
    "' OR 1=1 --",
    "x" * 5000,
    "-1",
    "999999999999999999999",
    "\u0661\u0662",
    "null",
    "ory_st_" + "0" * 86,
    "00000000-0000-0000-0000-000000000000",
]
NASTY_BODIES = [
    b"",
    b"null",
    b"[]",
    b"{",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    '{"method":"password"}'.encode("utf-16"),
    b'{"a":' * 5000,
    b"[" * 100_000,
    b'{"traits":' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"traits":{"age":NaN}}',
    b'{"traits":{"age":1e999}}',
    b'{"traits":{"age":' + b"9" * 5000 + b"}}",
    b'{"method":"password","identifier":"\\u0000","password":"\\ud800"}',
    b'{"traits":{"email":"\\udfff@example.org"}}',
    b'{"method":{"$ref":"#"},"password":["x"],"identifier":{}}',
    b'{"method":"password","method":"code","transient_payload":[]}',
    b"x" * 1_000_000,
    b'{"identifier":"' + b"x" * 1_000_000 + b'"}',
    b"traits[999999999]=x&traits.a.b.c=1&traits=1&traits.email=x",
    b"&".join(b"a%d=1" % number for number in range(10_000)),
    b"%" * 1000,
    b"a=%ff&b=%00",
    b'--x\r\nContent-Disposition: form-data; name="method"\r\n\r\npassword',
    b'[{"op":"test","path":"/state","value":"active"}]',
    b'[{"op":"replace","path":"/id","value":"x"}]',
    b'{"identities":[' + b"{}," * 1500 + b"{}]}",
]
CONTENT_TYPES = [
    "application/json",
    "application/json; charset=utf-16",
    "application/json, text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "y" * 300,
    "text/plain",
    "application/xml",
    "",
    "\ud800",
]
NAMES = [
    "method",
    "identifier",
    "password",
    "traits",
    "transient_payload",
    "csrf_token",
    "screen",
    "flow",
    "id",
    "ids",
    "page",
    "page_size",
    "page_token",
    "refresh",
    "aal",
    "return_to",
    "schema_id",
    "state",
    "credentials",
]

texts = st.one_of(st.sampled_from(NASTY_TEXTS), st.text(max_size=30))
documents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.sampled_from(NAMES), texts), inner, max_size=4)
    ),
    max_leaves=12,
)
bodies = st.one_of(
    st.sampled_from(NASTY_BODIES),
    st.binary(max_size=100),
    documents.map(lambda document: json.dumps(document).encode()),
)
queries = st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), texts), texts), max_size=4).map(
    lambda pairs: "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
)
HEADERS = [
    "Cookie",
    "Authorization",
    "X-Session-Token",
    "X-CSRF-Token",
    "Accept",
    "Origin",
    "X-Forwarded-For",
    "If-Match",
    "User-Agent",
    "Accept-Language",
    "Host",
    "Content-Length",
    "Sec-Fetch-Mode",
]
headers = st.dictionaries(st.sampled_from(HEADERS), texts, max_size=4)


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")


class Log(logging.Handler):
    """Everything that is logged, in full."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(scope="module")
def deployment() -> Iterator[World]:
    table = SqliteTable(None)
    world = World.build(table, RECOVERY)
    world.identity("alice@example.org")
    yield world
    table.close()


@pytest.fixture(scope="module")
def changes(deployment: World) -> Changes:
    return Changes(deployment)


@pytest.fixture(scope="module")
def log() -> Iterator[Log]:
    handler, logger = Log(), logging.getLogger("vestibule")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)


class Changes:
    """What was written since it was asked last, of what no stranger may change."""

    def __init__(self, world: World) -> None:
        self._table = world.table
        self._seen: str | None = None
        self.news()

    def news(self) -> list[str]:
        keys: list[str] = []
        while changes := self._table.changes(self._seen, 1000):
            self._seen = changes[-1].sequence
            keys += [change.key[0] for change in changes]
        return [key for key in keys if key.startswith(KEPT)]


def check(reply: Reply, log: Log) -> None:
    records = [json.dumps(vars(record), default=str) for record in log.records]
    log.records.clear()
    assert not [record for record in records if '"ERROR"' in record], records
    assert not [record for record in records if CANARY in record], records
    assert reply.status in range(200, 500), (reply.status, reply.body)
    assert reply.status != 401 or reply.body
    assert b"Traceback" not in reply.body
    for name, value in reply.headers.items():
        assert "\n" not in f"{name}{value}"
        assert "\r" not in f"{name}{value}"
    if reply.status >= 400 and reply.headers.get("content-type", "").startswith("application/json"):
        assert reply.json["error"]["code"] == reply.status if "error" in reply.json else reply.json["ui"]


@SETTINGS
@given(data=st.data())
def test_no_request_without_a_session_breaks_or_changes_anything(
    deployment: World, changes: Changes, log: Log, data: st.DataObject
) -> None:
    world = deployment
    api, method, path = data.draw(st.sampled_from(ROUTES))
    parts = [_quoted(data.draw(texts)) or "x" if "{" in part else part for part in path.split("/")]
    address = f"/{data.draw(texts)}" if path == "$default" else "/".join(parts)
    base = PUBLIC if api == "public" else ADMIN
    query = data.draw(queries)
    verb = data.draw(st.sampled_from(VERBS)) if method == "ANY" else method
    sent = {name: f"{value}{CANARY}" for name, value in data.draw(headers).items()}
    sent["Content-Type"] = data.draw(st.sampled_from(CONTENT_TYPES))
    if path != "$default":
        query += f"&x={CANARY}"
    reply = world.send(verb, f"{base}{_path(address)}?{query}", api=api, headers=sent, body=data.draw(bodies))
    check(reply, log)
    assert changes.news() == []


def _path(address: str) -> str:
    """What a client can send as a path: no separators of its own."""
    return "/" + "".join("-" if character in "?#" else character for character in address.lstrip("/"))


@SETTINGS
@given(kind=st.sampled_from(FORMS), body=bodies, content_type=st.sampled_from(CONTENT_TYPES))
def test_no_body_breaks_a_form(
    deployment: World, changes: Changes, log: Log, kind: str, body: bytes, content_type: str
) -> None:
    world = deployment
    client = Native(world) if len(body) % 2 else Spa(world)
    flow = client.start(kind)
    reply = client.send(
        "POST", flow.document["ui"]["action"], body, Content_Type=content_type, X_CSRF_Token=flow.csrf, X_Canary=CANARY
    )
    check(reply, log)
    assert reply.status in (400, 403, 404, 413, 429)
    assert changes.news() == []


@SETTINGS
@given(
    kind=st.sampled_from(["login", "registration"]),
    fields=st.dictionaries(st.sampled_from(NAMES), documents, max_size=5),
    method=st.sampled_from(["password", "profile", "identifier_first", "code", "totp", ""]),
)
def test_no_document_breaks_a_form(
    deployment: World, changes: Changes, log: Log, kind: str, fields: dict[str, Any], method: str
) -> None:
    world = deployment
    app = Native(world)
    body = json.dumps(fields | {"method": method, "password": f"{CANARY}-secret"}).encode()
    reply = app.send("POST", app.start(kind).document["ui"]["action"], body, Content_Type="application/json")
    check(reply, log)
    assert reply.status in (400, 404, 413, 429)
    assert f"{CANARY}-secret" not in reply.body.decode()
    assert changes.news() == []
