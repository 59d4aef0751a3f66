"""Deployments that commands are for: a file with its store, the local server's process, an API behind signatures."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from click.testing import CliRunner, Result
from tests.live import Live
from tests.world import ADMIN, SCHEMA, configured

from vestibule import wiring
from vestibule.cli.main import cli
from vestibule.config.document import merged


def command(*arguments: str, stdin: str | None = None) -> Result:
    """A command as it is typed behind `vestibule`."""
    return CliRunner().invoke(cli, arguments, prog_name="vestibule", input=stdin)


def saved(folder: Path, changes: dict[str, Any] | None = None) -> Path:
    path = folder / "kratos.yml"
    document = merged(configured(SCHEMA), {"dsn": f"sqlite://{folder}/store.sqlite", **(changes or {})})
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


@contextmanager
def wired() -> Iterator[None]:
    """Whatever a command makes of the process is undone."""
    before, variables = dict(vars(wiring._process)), dict(os.environ)
    try:
        yield
    finally:
        vars(wiring._process).update(before)
        os.environ.clear()
        os.environ.update(variables)


class Request(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


Guard = Callable[[Request], bool]
"""Whether API Gateway lets a request in."""


class Recorded(ThreadingHTTPServer):
    """The admin API of a deployment behind a port; `requests` are (method, path, headers, body)."""

    def __init__(self, live: Live, host: str = "127.0.0.1", guard: Guard = lambda _: True) -> None:
        super().__init__((host, 0), _Door)
        self.live, self.guard = live, guard
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []

    @property
    def address(self) -> str:
        return f"http://{self.server_address[0]}:{self.server_port}"


class _Door(BaseHTTPRequestHandler):
    server: Recorded

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.command, self.path, headers, body))
        if not self.server.guard(Request(self.command, f"{self.server.address}{self.path}", headers, body)):
            return self._refuse()
        reply = self.server.live.send(self.command, f"{ADMIN}{self.path}", api="admin", headers=headers, body=body)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)
        return None

    def _refuse(self) -> None:
        """As API Gateway does it."""
        body = b'{"message":"Forbidden"}'
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PATCH = do_PUT = do_POST = _serve  # noqa: N815 (the names are http.server's)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def behind_a_port(live: Live, host: str = "127.0.0.1", guard: Guard = lambda _: True) -> Iterator[Recorded]:
    with _served(Recorded(live, host, guard)) as server:
        yield server


def signed_with(access_key: str, secret_key: str, region: str) -> Guard:
    """Lets in what Signature Version 4 covers, with its method, address, headers and body, as IAM checks it."""

    def guard(request: Request) -> bool:
        given = request.headers.get("authorization", "")
        if not given.startswith(f"AWS4-HMAC-SHA256 Credential={access_key}/"):
            return False
        covered = given.split("SignedHeaders=")[1].split(",")[0].split(";")
        again = AWSRequest(
            request.method,
            request.url,
            {name: request.headers[name] for name in covered if name != "x-amz-date"},
            request.body,
        )
        again.context["timestamp"] = again.headers["X-Amz-Date"] = request.headers["x-amz-date"]
        signer = SigV4Auth(Credentials(access_key, secret_key), "execute-api", region)
        signature = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
        return given.endswith(f"Signature={signature}")

    return guard


@contextmanager
def cloudformation(outputs: dict[str, str]) -> Iterator[str]:
    """The address of a CloudFormation that knows one stack, with these outputs."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            members = "".join(
                f"<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>"
                for name, value in outputs.items()
            )
            stack = f"<member><StackName>identity</StackName><Outputs>{members}</Outputs></member>"
            body = (
                '<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
                f"<DescribeStacksResult><Stacks>{stack}</Stacks></DescribeStacksResult></DescribeStacksResponse>"
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    with _served(ThreadingHTTPServer(("127.0.0.1", 0), Door)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


S = TypeVar("S", bound=ThreadingHTTPServer)


@contextmanager
def _served(server: S) -> Iterator[S]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def flow_lists(document: dict[str, Any], flow: str) -> dict[str, Any]:
    """The after lists of a flow: method ("" for the flow's own) to the names of its hooks."""
    after = document["selfservice"]["flows"][flow].get("after", {})
    found = {"": [hook["hook"] for hook in after.get("hooks", [])]}
    return found | {
        method: [hook["hook"] for hook in below.get("hooks", [])]
        for method, below in after.items()
        if isinstance(below, dict)
    }


def shown(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
