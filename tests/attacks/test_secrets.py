"""Nothing secret is written down: not in a log, not in an error, not in the store."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from tests.world import Browser, Client, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.crypto.tokens import SessionToken
from vestibule.ports import StoreUnavailable

EMAIL = "carol.canary@example.org"
PASSWORD = "blue-canary-1887-$%&/ü-orbit"
WRONG = "wrong-canary-1888-$%&/ü-orbit"


def spellings(secret: str) -> list[bytes]:
    """As it may turn up: raw, escaped for URLs and JSON, in hex, and in base64 at each of three offsets."""
    raw = secret.encode()
    plain = [raw, quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode(), raw.hex().encode()]
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            inner = encode(b"\0" * offset + raw)
            plain.append(inner[(4 if offset else 0) : len(inner) - 4])
    return plain


class Everything(logging.Handler):
    """Every record of every logger, with all that hangs on it."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.text = b""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += (record.getMessage() + json.dumps(vars(record), default=repr)).encode() + b"\n"
        if record.exc_info and record.exc_info[1]:
            self.text += repr(record.exc_info[1]).encode()


@pytest.fixture
def logged() -> Iterator[Everything]:
    handler, root = Everything(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


def dumped(world: World) -> bytes:
    """Every item as it ever was, as bytes."""
    found: list[Any] = []
    after: str | None = None
    while changes := world.table.changes(after, 1000):
        after = changes[-1].sequence
        found += [change.new for change in changes if change.new is not None]
    return b"\n".join(_flattened(item) for item in found)


def _flattened(value: Any) -> bytes:
    match value:
        case bytes():
            return value + b" " + value.hex().encode()
        case dict():
            return b" ".join(_flattened(part) for pair in value.items() for part in pair)
        case list() | tuple():
            return b" ".join(_flattened(part) for part in value)
        case _:
            return str(value).encode()


def journey(world: World) -> tuple[set[str], list[Reply]]:
    """Sign up, fail, sign in, refresh, list, end, sign out; the secrets that turned up on the way, and the refusals."""
    secrets, refusals = {PASSWORD, WRONG}, []
    for kind in (Browser, Spa, Native):
        client: Client = kind(world)
        email = f"{kind.__name__}.{EMAIL}"
        client.sign_up(email, WRONG[:5])
        client.sign_up(email, PASSWORD)
        secrets |= _held(client)
        client.cookies, client.token = {}, None
        refusals.append(client.sign_up(email, PASSWORD))
        flow = client.start("login", return_to="https://app.example.org/inside")
        refusals.append(client.submit(flow, method="password", identifier=email, password=WRONG))
        refusals.append(
            client.submit(flow, method="none", identifier=email, password=WRONG, csrf_token="canary-csrf-1890")
        )
        refusals.append(
            client.send("POST", flow.document["ui"]["action"], PASSWORD.encode(), Content_Type="text/plain")
        )
        client.sign_in(email, PASSWORD)
        secrets |= _held(client) | {flow.csrf} - {""}
        client.sign_in(email, PASSWORD, refresh="true")
        secrets |= _held(client)
        refusals.append(client.get("/sessions/x", X_Session_Token="ory_st_canary-1889"))
        refusals.append(client.send("DELETE", "/sessions/x"))
        if kind is not Native:
            document = client.get("/self-service/logout/browser", Accept="application/json").json
            secrets.add(document["logout_token"])
            refusals.append(client.get("/self-service/logout?token=ory_lo_canary-1889"))
            client.get(document["logout_url"])
    init = (
        Native(world).start("login", return_session_token_exchange_code="true").document["session_token_exchange_code"]
    )
    refusals.append(Native(world).get(f"/sessions/token-exchange?init_code={init}&return_to_code={init}"))
    return secrets | {init, "canary-csrf-1890", "ory_st_canary-1889", "ory_lo_canary-1889"}, refusals


def _held(client: Client) -> set[str]:
    return {secret for secret in (*client.cookies.values(), client.token) if secret}


@pytest.mark.attack("data-01")
@pytest.mark.attack("ses-04")
def test_no_secret_of_a_journey_is_logged_stored_or_repeated(world: World, logged: Everything) -> None:
    secrets, refusals = journey(world)
    assert len(secrets) > 15
    store, bodies = dumped(world), b"\n".join(reply.body + str(reply.headers).encode() for reply in refusals)
    assert EMAIL.encode() in store
    for secret in secrets:
        for spelling in spellings(secret):
            assert spelling not in logged.text
            assert spelling not in store
        # A flow that is shown again carries its own token; passwords and what was made up are never repeated.
        if "canary" in secret:
            assert not [spelling for spelling in spellings(secret) if spelling in bodies]


@pytest.mark.attack("data-02")
def test_no_name_is_logged(world: World, logged: Everything) -> None:
    journey(world)
    for spelling in spellings(EMAIL):
        assert spelling not in logged.text


@pytest.mark.attack("data-01")
@pytest.mark.attack("data-05")
def test_an_accident_tells_nobody_what_was_sent_or_how_it_happened(
    world: World, logged: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.identity(EMAIL, PASSWORD)
    app, browser = Native(world), Browser(world)
    flows = [app.start("login"), browser.start("login")]

    def explodes(_: Any, password: str, *__: Any) -> bool:
        raise RuntimeError(f"could not compare {password} in arn:aws:dynamodb:eu-central-1:1:table/secret-table")

    monkeypatch.setattr(type(world.svc.hasher), "verify", explodes)
    fields = {"method": "password", "identifier": EMAIL, "password": PASSWORD}
    reply = app.submit(flows[0], **fields)
    page = browser.submit(flows[1], **fields)
    shown = browser.get(f"/self-service/errors?id={page.query('id')}")
    assert reply.status == 500
    assert shown.json["error"]["code"] == 500
    assert b"RuntimeError" in logged.text
    for text in (reply.body, shown.body, logged.text, dumped(world)):
        for secret in (PASSWORD, "secret-table"):
            assert not [spelling for spelling in spellings(secret) if spelling in text]
    for text in (reply.body, shown.body):
        assert b"RuntimeError" not in text
        assert b".py" not in text


@pytest.mark.attack("data-05")
@pytest.mark.parametrize(
    "path", ["/self-service/login/api", "/self-service/login/browser", "/self-service/errors?id=" + "0" * 36]
)
def test_a_store_that_does_not_answer_is_told_without_its_name(
    world: World, sqlite_table: SqliteTable, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def busy(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("table tbl-1887 at 10.0.0.1 does not answer")

    for name in ("get", "write", "transact", "query"):
        monkeypatch.setattr(sqlite_table, name, busy)
    for client in (Native(world), Browser(world)):
        reply = client.get(path)
        assert reply.status in (303, 404, 503)
        assert b"1887" not in reply.body + str(reply.headers).encode()


@pytest.mark.attack("ses-04")
def test_of_a_token_only_its_digest_is_stored(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    token = SessionToken.parse(str(app.token))
    assert token is not None
    item = next(item for (_, sk), item in world.stored().items() if sk.startswith("S#"))
    assert item["th"] == token.digest()
    store = dumped(world)
    assert token.secret not in store
    assert token.secret.hex().encode() not in store
    assert token.digest().hex().encode() in store


@pytest.mark.attack("data-05")
def test_values_that_hold_secrets_do_not_show_them(world: World) -> None:
    token = SessionToken.new(world.identity(EMAIL).id, world.svc.random.uuid7(), lambda count: b"s" * count)
    shown = repr((world.svc, token, world.svc.config))
    for secret in ("a-cookie-secret-for-tests", "a-cipher-secret-for-tests", "ssssssss"):
        assert secret not in shown
