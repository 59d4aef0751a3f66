"""Targets, templates and configurations of web hooks that mean harm, or are broken as if they did."""

from __future__ import annotations

import base64
import gzip
import ipaddress
import logging
import resource
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests import settings
from tests.hooks.web_hook.target import (
    INTERRUPT,
    PARSE,
    REFUSAL,
    TEMPLATES,
    WHOLE,
    Scene,
    Target,
    after,
    answer,
    hook,
)
from tests.world import PASSWORD, Browser, Client, Native, Reply, Spa, World

from vestibule.adapters import web_sockets
from vestibule.adapters.sqlite import SqliteTable
from vestibule.adapters.web import HttpWeb, guarded
from vestibule.config.document import merged
from vestibule.local.bus import Bus
from vestibule.ports import WebResponse, WebTimeout, WebUnreachable

EMAIL = "alice@example.org"
MB = 1024 * 1024
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

Speak = Callable[[socket.socket, threading.Event], None]


@pytest.fixture
def web() -> Iterator[Any]:
    with closing(HttpWeb()) as made:
        yield made


def heard(connection: socket.socket) -> bool:
    """Whether a request came, read to its end: closing with some of it unread resets the connection, answer and all."""
    with connection.makefile("rb") as request:
        head = list(takewhile(lambda line: line != b"\r\n", request))
        lengths = [int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length:")]
        return bool(head) and len(request.read(sum(lengths))) == sum(lengths)


@contextmanager
def answering(speak: Speak, context: ssl.SSLContext | None = None, touched: list[bytes] | None = None) -> Iterator[str]:
    """A server that reads a request and then speaks, until the client or the test has had enough.

    `touched` gets the first byte of each connection, nothing for one that says nothing.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
                connection.settimeout(5)
                if touched is not None:
                    touched.append(connection.recv(1, socket.MSG_PEEK))
                with context.wrap_socket(connection, server_side=True) if context else connection as spoken:
                    if heard(spoken):
                        speak(spoken, stop)
            except (TimeoutError, OSError):
                continue

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        stop.set()
        thread.join()
        listener.close()


def saying(*pieces: bytes) -> Speak:
    def speak(connection: socket.socket, _: threading.Event) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return speak


def without_end(start: bytes, piece: bytes) -> Speak:
    def speak(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(start)
        while not stop.is_set():
            connection.sendall(piece)

    return speak


def dripping(start: bytes, pause: float = 0.02) -> Speak:
    def speak(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(start)
        while not stop.wait(pause):
            connection.sendall(b"x")

    return speak


def signed_up(table: SqliteTable, web: Any, **config: Any) -> tuple[Reply, Scene]:
    scene = Scene(table, after("registration", **config), target=web)
    return Native(scene.world).sign_up(EMAIL), scene


def stored(scene: Scene) -> bool:
    return any(key[0].startswith(("I#", "C#")) for key in scene.world.stored())


def jsonnet(text: str) -> str:
    return "base64://" + base64.b64encode(text.encode()).decode()


DEEP = b"[" * 200_000
BOMBS = {
    "a large body": without_end(HEAD + b"Content-Length: 104857600\r\n\r\n", b"x" * 65536),
    "chunks without end": without_end(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n"
    ),
    "a body without end": without_end(HEAD + b"\r\n", b"x" * 65536),
    "headers without end": without_end(HEAD, b"X-A: " + b"x" * 1000 + b"\r\n"),
    "a header without end": without_end(HEAD + b"X-A: ", b"x" * 65536),
    "deep JSON": saying(HEAD + f"Content-Length: {len(DEEP)}\r\n\r\n".encode(), DEEP),
    "packed zeros": saying(
        HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n", gzip.compress(b"0" * 50 * MB, compresslevel=9)
    ),
}


@pytest.mark.attack("hook-04")
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_in_the_answer_fails_the_hook_and_nothing_else(sqlite_table: SqliteTable, web: Any, bomb: Speak):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with answering(bomb) as url:
        reply, scene = signed_up(sqlite_table, web, url=url, retry={"attempts": 1}, timeout="10s", **PARSE)
    assert (reply.status, stored(scene)) == (502, False)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
    assert b"127.0.0.1" not in reply.body


SLOW = {
    "no answer": dripping(b"", 3600),
    "a status that drips": dripping(b"HTTP/1.1 20"),
    "headers that drip": dripping(HEAD + b"X-A: "),
    "a body that drips": dripping(HEAD + b"Content-Length: 1000000\r\n\r\n"),
}


@pytest.mark.attack("hook-05")
@pytest.mark.parametrize("slow", SLOW.values(), ids=SLOW.keys())
def test_a_slow_target_is_given_up_when_its_time_is_over(sqlite_table: SqliteTable, web: Any, slow: Speak):
    with answering(slow) as url:
        started = time.monotonic()
        reply, scene = signed_up(sqlite_table, web, url=url, timeout="300ms", **PARSE)
        assert time.monotonic() - started < 5
    assert (reply.status, stored(scene)) == (504, False)


@contextmanager
def filtered() -> Iterator[str]:
    """A port that neither takes connections nor refuses them, as behind a firewall."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()):
            yield f"http://127.0.0.1:{full.getsockname()[1]}/"


@pytest.mark.attack("hook-05")
def test_a_target_that_takes_no_connection_is_given_up_too(sqlite_table: SqliteTable, web: Any):
    with filtered() as url:
        reply, _ = signed_up(sqlite_table, web, url=url, timeout="300ms", **PARSE)
    assert reply.status == 504


@pytest.mark.attack("hook-05")
def test_all_hooks_of_a_step_end_before_the_gateway_gives_up(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("registration", retry={"attempts": 10, "wait": "10s"}))
    scene.target.answers = [answer(503, retry_after="9")]
    reply = Native(scene.world).sign_up(EMAIL)
    assert reply.status == 502
    assert sum(scene.pace.waits) < 25


TEMPLATE_BOMBS = {
    "recursion": "function(ctx) local f(x) = f(x + 1); f(0)",
    "tail recursion": "function(ctx) local f(x) = f(x + 1) tailstrict; f(0)",
    "a long range": "function(ctx) std.foldl(function(a, b) a + b, std.range(0, 1000000000), 0)",
    "a long text": "function(ctx) std.length(std.repeat('a', 2000000000))",
    "doubling": "function(ctx) std.foldl(function(a, b) a + a, std.range(1, 40), 'x')",
    "a comprehension": "function(ctx) [[y for y in std.range(0, 100000)] for x in std.range(0, 100000)]",
    "a long result": "function(ctx) std.repeat('a', 3000000)",
    "nested imports": "function(ctx) (import 'template') + (import 'template')",
}


@pytest.mark.attack("hook-07")
@pytest.mark.parametrize("bomb", TEMPLATE_BOMBS.values(), ids=TEMPLATE_BOMBS.keys())
def test_a_bomb_in_a_template_ends_its_process_and_not_ours(sqlite_table: SqliteTable, bomb: str):
    scene = Scene(sqlite_table, after("registration", body=jsonnet(bomb), **PARSE))
    started = time.monotonic()
    reply = Native(scene.world).sign_up(EMAIL)
    assert time.monotonic() - started < 8  # a second for the template, the rest for a busy machine
    assert reply.status in (400, 500)
    assert reply.json["error"]["code"] == 500
    assert (scene.target.calls, stored(scene)) == ([], False)
    assert TEMPLATES(WHOLE, {"a": 1}) == {"a": 1}


@pytest.mark.attack("hook-08")
@pytest.mark.parametrize(
    "source",
    [
        "function(ctx) importstr '/etc/passwd'",
        "function(ctx) import '/etc/passwd'",
        "function(ctx) importbin '/etc/passwd'",
        "function(ctx) importstr '/proc/self/environ'",
        "function(ctx) import 'http://127.0.0.1/'",
        "function(ctx) std.native('readFile')('/etc/passwd')",
        "function(ctx) std.extVar('A_SECRET')",
        "function(ctx) std.thisFile + importstr std.thisFile",
    ],
)
def test_a_template_reads_no_file_and_no_environment(
    sqlite_table: SqliteTable, source: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("A_SECRET", "s3cret-in-the-environment")
    scene = Scene(sqlite_table, after("registration", body=jsonnet(source), **PARSE))
    with caplog.at_level(logging.DEBUG):
        reply = Native(scene.world).sign_up(EMAIL)
    assert reply.status in (400, 500)
    assert scene.target.calls == []
    for hidden in ("root:", "s3cret", "PATH="):
        assert hidden not in f"{reply.body!r}{caplog.text}"


@pytest.mark.attack("hook-09")
@pytest.mark.parametrize(
    "source",
    [
        "function(ctx) function(x) x",
        "function(ctx) { f(x):: x, g: self.f }",
        "function(ctx) std.log(-1)",
        "function(ctx) 1e308 * 10",
        "function(ctx) { a: 1, a: 2 }",
        "function(ctx) std.repeat('x', 10000000)",
        "function(ctx) error ctx.identity.traits.email",
        "function(ctx) { a: '\\ud800' }",
        "",
        "\x00",
    ],
)
def test_a_result_that_is_none_fails_the_hook(sqlite_table: SqliteTable, source: str, caplog: pytest.LogCaptureFixture):
    scene = Scene(sqlite_table, after("registration", body=jsonnet(source or " "), **PARSE))
    reply = Native(scene.world).sign_up(EMAIL)
    assert (reply.json["error"]["code"], scene.target.calls, stored(scene)) == (500, [], False)
    assert EMAIL not in caplog.text


@pytest.mark.attack("hook-09")
@pytest.mark.parametrize(
    "source",
    [
        "function(ctx) 'text'",
        "function(ctx) 12345678901234567890",
        "function(ctx) null",
        "function(ctx) std.char(55296)",
    ],
)
def test_a_result_that_is_no_object_is_sent_as_it_is(sqlite_table: SqliteTable, source: str):
    scene = Scene(sqlite_table, after("registration", body=jsonnet(source)))
    assert Native(scene.world).sign_up(EMAIL).status == 200
    assert len(scene.target.calls) == 1


@pytest.mark.attack("hook-10")
def test_a_target_changes_what_is_documented_and_nothing_else(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("registration", **PARSE))
    mine = "00000000-0000-4000-8000-000000000000"
    identity = {
        "id": mine,
        "credentials": {"password": {"identifiers": ["root"], "config": {"hashed_password": "x"}}},
        "created_at": "2000-01-01T00:00:00Z",
        "organization_id": mine,
        "available_aal": "aal2",
        "recovery_addresses": [{"value": "evil@example.org", "via": "email"}],
        "verifiable_addresses": [{"value": "evil@example.org", "via": "email", "verified": True}],
        "metadata_admin": {"kept": True},
    }
    scene.target.answers = [answer(200, {"identity": identity, "session": {"id": mine}, "flow": {"id": mine}})]
    reply = Native(scene.world).sign_up(EMAIL)
    made = scene.world.svc.identities.find(reply.json["identity"]["id"])
    assert made is not None
    assert made.id != mine
    assert made.metadata_admin == {"kept": True}
    assert [address.value for address in (*made.verifiable_addresses, *made.recovery_addresses)] == [EMAIL] * 2
    assert not made.verifiable_addresses[0].verified
    assert made.organization_id is None
    scene.target.answers = [answer()]
    assert Native(scene.world).sign_in(EMAIL).status == 200


@pytest.mark.attack("hook-11")
@pytest.mark.parametrize("mode", [INTERRUPT, PARSE])
@pytest.mark.parametrize("said", [answer(500), answer(400, REFUSAL), WebTimeout("slow"), WebUnreachable("refused")])
def test_a_gate_that_fails_stays_closed_and_its_flow_can_be_used(sqlite_table: SqliteTable, mode: Any, said: Any):
    scene = Scene(sqlite_table, after("registration", **mode))
    client = Spa(scene.world)
    flow = client.start("registration")
    scene.target.answers = [said]
    given = {"method": "password", "password": PASSWORD, "traits": {"email": EMAIL}}
    reply = client.submit(flow, **given)
    assert reply.status in (400, 502, 504)
    if said.__class__ is not WebResponse or said.status != 400:
        assert reply.status >= 502
    else:
        pointer, text = REFUSAL["messages"][0]["instance_ptr"], REFUSAL["messages"][0]["messages"][0]["text"]
        named = {node["attributes"]["name"]: node["messages"] for node in reply.json["ui"]["nodes"]}
        assert [each["text"] for each in named[pointer.removeprefix("#/").replace("/", ".")]] == [text]
    assert not stored(scene)
    assert client.whoami().status == 401
    scene.target.answers = [answer()]
    assert client.submit(flow, **given).status == 200


@pytest.mark.attack("hook-13")
@pytest.mark.parametrize("kind", [Browser, Native])
def test_what_targets_are_told_holds_no_secret(sqlite_table: SqliteTable, kind: Any):
    changes = [after("registration", **PARSE), after("login"), after("settings", "password", **PARSE)]
    scene = Scene(sqlite_table, *changes, {"recovery": {"after": after("login", "")["login"]["after"]}})
    client = kind(scene.world)
    client.sign_up(EMAIL, PASSWORD)
    client.sign_in(EMAIL, PASSWORD)
    client.submit(client.start("settings"), method="password", password="another-kettle-77")
    assert len(scene.target.calls) >= 2
    told = b"".join(call.body for call in scene.target.calls).decode()
    hidden = [PASSWORD, "another-kettle-77", "$argon2", "$2a$", "hashed_password", "ory_st_", "metadata_admin"]
    hidden += [value for value in (*client.cookies.values(), client.token or "") if value]
    assert not [text for text in hidden if text in told]


@pytest.mark.attack("hook-13")
@pytest.mark.parametrize("config", [PARSE, INTERRUPT, {}, {"response": {"ignore": True}}])
@pytest.mark.parametrize("kind", [Browser, Native])
def test_targets_see_no_second_factor(sqlite_table: SqliteTable, kind: type[Client], config: dict[str, Any]):
    """Neither one that the form offers to an app, nor backup codes that are about to be taken on or shown again."""
    hooks = {"hooks": [hook(**config)]}
    after_ = dict.fromkeys(("profile", "totp", "lookup_secret"), hooks)
    changes = {"selfservice": {"flows": {"settings": {"before": hooks, "after": after_}}}}
    target = Target()
    world = World.build(sqlite_table, merged(settings.CONFIG, changes), web=target, templates=TEMPLATES)
    client = kind(world)
    client.sign_up(EMAIL)
    form = client.start("settings")
    hidden = [settings.secret_of(form), form.nodes["totp_qr"]["attributes"]["src"]]
    settings.shown(client, client.submit(form, method="profile", traits={"email": EMAIL, "age": 30}))
    hidden += [settings.enrol_totp(client), *settings.enrol_codes(client)]
    revealed = settings.shown(client, settings.press(client, client.start("settings"), "lookup_secret_reveal"))
    assert set(settings.codes_of(revealed)) <= set(hidden)
    Bus(world.svc).step()
    told = b"".join(call.body for call in target.calls).decode()
    assert len(target.calls) >= 6
    assert not [text for text in hidden if text in told]


def resolved(host: str, port: int, *more: Any, **keys: Any) -> Any:
    """A resolver inside a private net: it knows a name there, and answers for no other."""
    if host[0].isdigit() or ":" in host:
        return SYSTEM(host, port, *more, **keys)
    if host != "db.internal":
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.20.30.40", port))]


SYSTEM = socket.getaddrinfo


@pytest.mark.attack("hook-14")
def test_nothing_tells_what_is_behind_an_address_that_hooks_may_not_call(
    sqlite_table: SqliteTable, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """A service, a closed port, a filtered one, a name of the private net, one that nobody has: all the same."""
    monkeypatch.setattr(web_sockets.socket, "getaddrinfo", resolved)
    touched: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    answers, took = set[tuple[int, bytes, tuple[float, ...]]](), list[float]()
    with answering(saying(HEAD + b"Content-Length: 2\r\n\r\n{}"), touched=touched) as service, filtered() as silent:
        for number, url in enumerate(
            (
                service,
                f"http://127.0.0.1:{closed}/secret",
                silent,
                "http://169.254.169.254/latest/meta-data/",
                "http://[::ffff:10.0.0.1]/",
                "http://db.internal:5432/",
                "http://nobody.internal/",
            )
        ):
            with closing(guarded(disallow_private=True, exceptions=())) as web:
                scene = Scene(sqlite_table, after("registration", url=url, **PARSE), target=web)
                started = time.monotonic()
                reply = Native(scene.world).sign_up(f"ann-{number}@example.org")
                took.append(time.monotonic() - started)
            answers.add((reply.status, reply.body, tuple(scene.pace.waits)))
    ((status, body, waits),) = answers
    assert (status, waits, touched) == (502, (1.0, 2.0), [])
    assert max(took) < 2, "nothing was waited for but the pauses between attempts, which are the same"
    for word in (b"127.0.0.1", b"169.254", b"10.", b"refused", b"resolve", b"private", b"internal"):
        assert word not in body.lower()


@pytest.mark.attack("hook-14")
def test_where_every_address_may_be_called_the_answer_says_no_more_either(sqlite_table: SqliteTable, web: Any):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    answers: set[tuple[int, bytes]] = set()
    for number, url in enumerate((f"http://127.0.0.1:{port}/", "http://nobody.invalid/")):
        scene = Scene(sqlite_table, after("registration", url=url, retry={"attempts": 1}, **PARSE), target=web)
        reply = Native(scene.world).sign_up(f"ann-{number}@example.org")
        answers.add((reply.status, reply.body))
    ((status, body),) = answers
    assert status == 502
    assert not [word for word in (b"127.0.0.1", b"refused", b"resolve", b"nobody") if word in body.lower()]


@pytest.mark.attack("hook-14")
def test_no_redirect_leads_into_the_private_net(sqlite_table: SqliteTable):
    touched: list[bytes] = []
    with answering(saying(HEAD + b"Content-Length: 2\r\n\r\n{}"), touched=touched) as private:
        leading = saying(f"HTTP/1.1 307 Go\r\nLocation: {private}\r\nContent-Length: 0\r\n\r\n".encode())
        with answering(leading) as public, closing(guarded(disallow_private=True, exceptions=[public])) as web:
            reply, _ = signed_up(sqlite_table, web, url=public, retry={"attempts": 1}, **PARSE)
    assert (reply.status, touched) == (502, [])


@pytest.mark.parametrize(
    "headers", [{"X-A": "a\r\nX-B: b"}, {"X-A\r\nX-B": "a"}, {"X-A": "a\nb"}, {"X-A": "a\0b"}, {"X A": "a"}, {"": "a"}]
)
def test_no_header_smuggles_another(sqlite_table: SqliteTable, web: Any, headers: dict[str, str]):
    touched: list[bytes] = []
    with answering(saying(HEAD + b"Content-Length: 2\r\n\r\n{}"), touched=touched) as url:
        reply, scene = signed_up(sqlite_table, web, url=url, headers=headers, retry={"attempts": 1}, **PARSE)
    assert (reply.status, b"".join(touched), stored(scene)) == (502, b"", False)


# --- certificates ---------------------------------------------------------------------------------------


def certified(folder: Path, *, name: str = "127.0.0.1", days: int = 1) -> tuple[ssl.SSLContext, str]:
    """A server's context with a certificate that signs itself, and its file. Negative `days`: it has ended."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    host = x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}-{days}.pem"
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file.write_bytes(
        made.public_bytes(encoding) + key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, str(file)


@pytest.mark.attack("hook-15")
@pytest.mark.parametrize(
    ("trusted", "changes", "status"),
    [(True, {}, 200), (False, {}, 502), (True, {"name": "other.example.org"}, 502), (True, {"days": -1}, 502)],
    ids=["a trusted one", "one nobody signed", "another host's", "one that has ended"],
)
def test_only_a_certificate_that_holds_is_talked_to(
    sqlite_table: SqliteTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool, changes: Any, status: int
):
    context, file = certified(tmp_path, **changes)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", file)
    speak = saying(HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")
    touched: list[bytes] = []
    with answering(speak, context, touched) as url, closing(HttpWeb()) as web:
        reply, scene = signed_up(sqlite_table, web, url=url, retry={"wait": "0s"}, **PARSE)
    assert (reply.status, stored(scene)) == (status, status == 200)
    assert touched == [TLS] * (1 if status == 200 else 3), "no attempt goes on without it"


TLS = b"\x16"
"""The first byte of a handshake."""


@pytest.mark.attack("hook-15")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_no_old_version_of_tls_is_spoken(
    sqlite_table: SqliteTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: ssl.TLSVersion
):
    context, file = certified(tmp_path)
    careless = ssl.create_default_context(cafile=file)
    for each in (context, careless):
        each.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSVersion"):
            each.minimum_version = version
    with pytest.warns(DeprecationWarning, match="TLSVersion"):
        context.maximum_version = version
    monkeypatch.setenv("SSL_CERT_FILE", file)
    touched: list[bytes] = []
    speak = saying(HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")
    with answering(speak, context, touched) as url, closing(HttpWeb()) as web:
        reply, scene = signed_up(sqlite_table, web, url=url, retry={"wait": "0s"}, **PARSE)
        port = urlsplit(url).port
        with (
            socket.create_connection(("127.0.0.1", port)) as connection,
            careless.wrap_socket(connection, server_hostname="127.0.0.1") as spoken,
        ):
            assert spoken.version() == version.name.replace("_", "."), "the server itself speaks it"
    assert (reply.status, stored(scene)) == (502, False)
    assert touched == [TLS] * 4
