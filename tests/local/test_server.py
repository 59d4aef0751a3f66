"""The server as a process: two ports, a clean stop, and errors before it starts."""

import errno
import re
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from vestibule.local import server

TEMPLATE = """
Resources:
  Door:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: door
      Handler: app.handler
      Events:
        Public: {Type: HttpApi, Properties: {ApiId: !Ref PublicApi, Path: "/{proxy+}", Method: ANY}}
        Admin: {Type: HttpApi, Properties: {ApiId: !Ref AdminApi}}
"""
DOOR = """
import time
def handler(event, context):
    if event["rawPath"] == "/slow":
        print("slow", flush=True)
        time.sleep(30)
    return {"key": event["routeKey"], "method": event["requestContext"]["http"]["method"]}
"""
PROGRAM = """
import logging, os, sys
from pathlib import Path
from vestibule.local import doors, routes, server
from vestibule.local.gateway import Gateway

logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
listed = routes.read(Path(sys.argv[1]))
sockets = [server.bind("127.0.0.1", 0, "--public-port"), server.bind("127.0.0.1", 0, "--admin-port")]
ports = [opened.getsockname()[1] for opened in sockets]
app = Gateway(routes.Router(listed), doors.load(r.function for r in listed), dict(zip(ports, ["public", "admin"])))
server.serve(app, sockets, lambda: print("ready", *ports, flush=True))
if app.busy:
    os._exit(0)
"""


class Process:
    def __init__(self, folder):
        (folder / "door").mkdir()
        (folder / "door" / "app.py").write_text(DOOR)
        (folder / "template.yaml").write_text(TEMPLATE)
        command = [sys.executable, "-c", PROGRAM, str(folder / "template.yaml")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.public, self.admin = (f"http://127.0.0.1:{port}" for port in self.wait_for(r"ready (\d+) (\d+)").groups())

    def wait_for(self, pattern):
        """The first line of its output that matches."""
        for line in self.process.stdout:
            if found := re.match(pattern, line):
                return found
        raise AssertionError(f"the server ended without {pattern}")

    def stop(self, sent):
        """Exit status and the rest of the output."""
        self.process.send_signal(sent)
        rest, _ = self.process.communicate(timeout=10)
        return self.process.returncode, rest


@pytest.fixture
def running(tmp_path):
    started = Process(tmp_path)
    yield started
    started.process.kill()
    started.process.communicate()


def test_both_ports_answer_over_http(running):
    with httpx.Client() as client:
        public = client.post(f"{running.public}/a", content=b"x")
        assert (public.status_code, public.json()["key"]) == (200, "ANY /{proxy+}")
        assert client.get(f"{running.admin}/a").json()["key"] == "$default"
        assert "server" not in public.headers
        head = client.head(f"{running.public}/a")
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) > 0
        assert client.options(f"{running.public}/a").json()["method"] == "OPTIONS"


def test_a_request_is_one_line(running):
    httpx.get(f"{running.public}/a?code=123456")
    status, output = running.stop(signal.SIGTERM)
    assert status == 0
    assert re.fullmatch(r"public GET /a 200 \d+ms [0-9a-f-]{36}\n", output)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_with_status_0_within_a_second(running, sent):
    with httpx.Client() as client:
        client.get(f"{running.public}/a")  # the connection stays open
        begun = time.monotonic()
        status, output = running.stop(sent)
    assert status == 0
    assert time.monotonic() - begun < 1.5  # a second, and what a loaded machine takes to notice
    assert "Traceback" not in output


def test_a_request_under_way_does_not_hold_up_the_stop(running):
    host, port = running.public.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        running.wait_for("slow")
        begun = time.monotonic()
        status, output = running.stop(signal.SIGTERM)
        assert status == 0
        assert time.monotonic() - begun < 5
        assert "Traceback" not in output
        assert connection.recv(100).startswith(b"HTTP/1.1 503 ")


def test_what_is_no_http_is_a_400(running):
    host, port = running.public.removeprefix("http://").split(":")
    for sent in (b"nonsense\r\n\r\n", b"GET http://other.example/ HTTP/1.1\r\nHost: x\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(sent)
            assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")


def test_a_port_in_use_says_which_option_chooses_another():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(server.StartError, match=rf"^port {port} is in use; .*--admin-port$"):
            server.bind("127.0.0.1", port, "--admin-port")


@pytest.mark.parametrize(
    ("host", "port", "says"),
    [
        ("127.0.0.1", 70_000, "no port.*--public-port"),
        ("host.invalid", 0, "unknown.*--host"),
        ("192.0.2.1", 0, "no.* address of this machine.*--host"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_line(host, port, says):
    with pytest.raises(server.StartError, match=says):
        server.bind(host, port, "--public-port")


def test_a_privileged_port_says_what_to_choose(monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(server.StartError, match="above 1023"):
        server.bind("127.0.0.1", 80, "--public-port")
