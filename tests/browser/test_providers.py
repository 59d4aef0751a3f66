"""Signing in at a provider with a real browser: the button, the provider's page, the way back, the list in settings."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from playwright.sync_api import Page, expect
from tests.browser.conftest import photographed
from tests.browser.deployment import deployed
from tests.providers import CLIENT_ID, configured, key
from tests.world import PASSWORD

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
        now = int(time.time())
        claims = {"iss": f"http://{self.headers['host']}", "aud": CLIENT_ID, "sub": "1", "iat": now, "exp": now + 600}
        token = jwt.encode({"alg": "RS256", "kid": "first"}, claims | {"email": EMAIL}, key())
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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with provider() as issuer:
        second = {"issuer_url": issuer, "id": "second", "label": "Second Account"}
        changes = configured({"issuer_url": issuer, "label": "Example Account"}, second)
        with deployed(tmp_path_factory.mktemp("providers"), changes) as running:
            yield running.public


def there_and_back(page: Page) -> None:
    page.get_by_role("button", name="Example Account").click()
    expect(page).to_have_title("Provider")
    page.locator("#yes").click()


@pytest.mark.parametrize("script", [True, False])
def test_somebody_signs_up_and_in_at_a_provider(script: bool, site: str, tab: Callable[..., Page]):
    page = tab(java_script_enabled=script)
    page.goto(f"{site}/self-service/login/browser")
    photographed(page, "providers-login")
    there_and_back(page)
    expect(page.get_by_text(EMAIL).first).to_be_visible()
    page.goto(f"{site}/self-service/settings/browser")
    expect(page.get_by_role("button", name="Example Account")).to_have_count(0)  # it is the only way in


def test_an_account_is_linked_and_unlinked_in_settings(site: str, tab: Callable[..., Page]):
    page = tab()
    page.goto(f"{site}/self-service/registration/browser")
    page.get_by_label("E-mail").fill("bea@example.org")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[name=method][value=password]").click()
    expect(page.get_by_text("bea@example.org").first).to_be_visible()
    page.goto(f"{site}/self-service/settings/browser")
    page.get_by_role("button", name="Link Second Account").click()
    page.locator("#yes").click()
    expect(page.get_by_role("button", name="Unlink Second Account")).to_be_visible()
    photographed(page, "providers-settings")
    page.get_by_role("button", name="Unlink Second Account").click()
    expect(page.get_by_role("button", name="Link Second Account")).to_be_visible()
