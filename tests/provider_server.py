"""A provider on a port of this machine, for what runs in other processes: its sign-in page has one button."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from tests.providers import CLIENT_ID, key

EMAIL = "ann@example.org"


class Answering(BaseHTTPRequestHandler):
    """A provider whose sign-in page has one button."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        issuer = f"http://{self.headers['host']}"
        match parts.path:
            case "/.well-known/openid-configuration":
                addresses = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
                said: dict[str, Any] = {name: f"{issuer}/{path}" for name, path in addresses.items()}
                self._say(said | {"issuer": issuer, "code_challenge_methods_supported": ["S256"]})
            case "/keys":
                self._say({"keys": [key().as_dict(private=False)]})
            case "/authorize":
                back = f"{asked['redirect_uri']}?{urlencode({'code': 'a-code', 'state': asked['state']})}"
                self._show(f'<title>Provider</title><a id="yes" href="{back.replace("&", "&amp;")}">I am Ann</a>')
            case _:
                self.send_error(404)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        token = id_token(f"http://{self.headers['host']}", sub="1", email=EMAIL)
        self._say({"access_token": "an-access-token", "token_type": "Bearer", "id_token": token})

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests' output is theirs."""

    def _say(self, document: Any) -> None:
        self._send("application/json", json.dumps(document).encode())

    def _show(self, page: str) -> None:
        self._send("text/html", f"<!doctype html><html lang=en><link rel=icon href=data:,>{page}".encode())

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def id_token(issuer: str, **claims: Any) -> str:
    """What the provider of this address says about somebody."""
    now = int(time.time())
    claims = {"iss": issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 600, **claims}
    return jwt.encode({"alg": "RS256", "kid": "first"}, claims, key())
