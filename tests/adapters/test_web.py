import socket
import ssl
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from vestibule.adapters.web import HttpWeb
from vestibule.ports import WebTimeout, WebUnreachable


class Echo(BaseHTTPRequestHandler):
    """Answers what the path asks for, and remembers what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append(
            (
                self.command,
                self.path,
                dict(self.headers),
                self.rfile.read(int(self.headers.get("Content-Length", 0))),
                self.client_address,
            )
        )
        answer = self.server.answers.get(self.path, b"hello")
        self.send_response(302 if self.path == "/redirect" else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Location", "/elsewhere")
        self.send_header("X-Twice", "one")
        self.send_header("X-Twice", "two")
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET  # noqa: N815 the library's name

    def log_message(self, *_):
        pass


@contextmanager
def serving(context=None):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.seen, server.answers = [], {}
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server():
    with serving() as running:
        yield running


@pytest.fixture
def web():
    with closing(HttpWeb()) as made:
        yield made


def at(server, path="/"):
    return f"http://127.0.0.1:{server.server_port}{path}"


@contextmanager
def dripping(*pieces, pause=0.05):
    """A server that sends the pieces, then one byte after each pause."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def run():
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            for piece in pieces:
                connection.sendall(piece)
            while not stop.wait(pause):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        stop.set()
        thread.join()
        listener.close()


def test_an_answer_comes_back_whole(server, web):
    reply = web.request("GET", at(server, "/a?b=c"))
    assert (reply.status, reply.body) == (200, b"hello")
    assert reply.headers["x-twice"] == "one, two"
    method, path, headers, _, _ = server.seen[0]
    assert (method, path, headers["Host"]) == ("GET", "/a?b=c", f"127.0.0.1:{server.server_port}")


def test_body_and_headers_are_sent_as_given(server, web):
    web.request("POST", at(server), headers={"user-agent": "me", "X-A": "é"}, body=b"\0{}")
    _, _, headers, body, _ = server.seen[0]
    assert body == b"\0{}"
    assert headers["user-agent"] == "me"
    assert "User-Agent" not in headers
    assert headers["Content-Length"] == "3"


def test_a_post_without_a_body_says_so(server, web):
    web.request("POST", at(server))
    assert server.seen[0][2]["Content-Length"] == "0"


def test_connections_are_kept(server, web):
    for _ in range(3):
        web.request("GET", at(server))
    assert len({client for *_, client in server.seen}) == 1


def test_a_connection_that_the_other_side_closed_is_not_used_again(web):
    with serving() as first:
        port = first.server_port
        web.request("GET", at(first))
    server = ThreadingHTTPServer(("127.0.0.1", port), Echo)
    server.seen, server.answers = [], {}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        assert web.request("GET", at(server)).status == 200
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_redirects_are_answers(server, web):
    reply = web.request("GET", at(server, "/redirect"))
    assert (reply.status, reply.headers["location"]) == (302, "/elsewhere")
    assert len(server.seen) == 1


def test_credentials_in_the_address_become_a_header_and_not_a_part_of_the_line(server, web):
    web.request("GET", at(server, "/x").replace("://", "://ann:s%3Acret@"))
    _, path, headers, _, _ = server.seen[0]
    assert headers["Authorization"] == "Basic YW5uOnM6Y3JldA=="
    assert path == "/x"


def test_paths_are_written_as_ascii_and_fragments_stay_here(server, web):
    web.request("GET", at(server, "/ü b?q=ä#frag"))
    assert server.seen[0][1] == "/%C3%BC%20b?q=%C3%A4"


def test_an_answer_up_to_the_limit_is_read_and_a_larger_one_is_not(server, web):
    server.answers["/big"] = b"x" * 1000
    assert len(web.request("GET", at(server, "/big"), limit=1000).body) == 1000
    with pytest.raises(WebUnreachable, match="more than 999 bytes"):
        web.request("GET", at(server, "/big"), limit=999)
    assert web.request("GET", at(server)).body == b"hello"


@pytest.mark.parametrize(
    "pieces",
    [(), (b"HTTP/1.1 200 OK\r\nX-Slow: ",), (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",)],
    ids=["before the answer", "in a header", "in the body"],
)
def test_the_time_limit_holds_for_an_answer_that_drips(web, pieces):
    with dripping(*pieces) as url:
        started = time.monotonic()
        with pytest.raises((WebTimeout, WebUnreachable)):
            web.request("GET", url, timeout=0.3)
        assert time.monotonic() - started < 2


def test_no_answer_in_time_is_a_timeout(web):
    with dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", pause=30) as url, pytest.raises(WebTimeout):
        web.request("GET", url, timeout=0.1)


def test_a_name_that_takes_too_long_to_resolve_is_a_timeout(web, monkeypatch):
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait(5) and [])
    with pytest.raises(WebTimeout):
        web.request("GET", "http://slow.example/", timeout=0.1)
    done.set()


def test_what_cannot_be_reached_is_unreachable_and_the_text_tells_no_cause(web):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(WebUnreachable) as closed:
        web.request("GET", f"http://127.0.0.1:{port}/secret-path")
    assert str(closed.value) == "127.0.0.1 gave no usable answer"
    with pytest.raises(WebUnreachable, match="no usable answer"):
        web.request("GET", "http://name.invalid/")


def test_no_answer_that_speaks_http_is_unreachable(web):
    with dripping(b"SSH-2.0-OpenSSH\r\n\r\n") as url, pytest.raises(WebUnreachable):
        web.request("GET", url, timeout=2)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/path",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://",
        "http://:80/",
        "http://a:99999/",
        "http://a:b/",
        "http://[::1/",
        "http://" + "a" * 64 + ".org/",
        "http://a..b/",
        "http://\ud800/",
        "http://example.org/\ud800",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_web_address_is_unreachable(web, url):
    with pytest.raises(WebUnreachable):
        web.request("GET", url, timeout=1)


@pytest.mark.parametrize("headers", [{"X": "a\r\nInjected: 1"}, {"X\r\nY": "a"}, {"X": "\u20ac"}, {"é": "x"}])
def test_headers_cannot_smuggle(server, web, headers):
    with pytest.raises(WebUnreachable):
        web.request("GET", at(server), headers=headers)
    assert server.seen == []


def test_the_guard_is_asked_about_addresses_right_before_they_are_connected_to(server):
    asked = []
    with closing(HttpWeb(allow=lambda address: asked.append(address) is None)) as allowed:
        assert allowed.request("GET", at(server)).status == 200
    assert asked == ["127.0.0.1"]


def test_an_address_that_is_not_allowed_is_not_connected_to(server):
    guarded = HttpWeb(allow=lambda _: False)
    for host in ("127.0.0.1", "localhost", "127.1", "2130706433"):
        with pytest.raises(WebUnreachable, match="no usable answer"):
            guarded.request("GET", f"http://{host}:{server.server_port}/")
    assert server.seen == []


def test_certificates_are_checked(web, tmp_path, monkeypatch):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(context) as server:
        url = at(server).replace("http:", "https:")
        with pytest.raises(WebUnreachable):
            web.request("GET", url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with closing(HttpWeb()) as trusting:
            assert trusting.request("GET", url).body == b"hello"
            with pytest.raises(WebUnreachable):
                trusting.request("GET", url.replace("127.0.0.1", "localhost"))
