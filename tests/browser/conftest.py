"""A real browser, the screens in a real server with the pages' own headers, and what checks them.

Needs Chromium (CHROMIUM, or `chromium` on the path) and, for accessibility, axe-core:
`npm install --no-package-lock --prefix tests/browser`. What is missing is skipped and said.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from tests.pages.screens import SCREENS, Screen

from vestibule.pages.assets import ASSET_POLICY, asset, page_headers
from vestibule.pages.look import Look

_HERE = Path(__file__).parent
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOTS = _HERE.parents[1] / "build" / "screenshots"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.skip("no Chromium here: install it, or name it in CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    source = _HERE / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        pytest.skip("no axe-core here: npm install --no-package-lock --prefix tests/browser")
    return source.read_text("utf-8")


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a tab in a context of its own; what its console or network complains about fails the test."""
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def open_tab(**options: Any) -> Page:
        context = chromium.new_context(**{"reduced_motion": "reduce", "locale": "en-GB", **options})
        opened.append(context)
        page = context.new_page()
        listened(page, complaints)
        return page

    yield open_tab
    for context in opened:
        context.close()
    assert complaints == []


def photographed(page: Page, name: str) -> None:
    """For people to look at: build/screenshots/journey-<name>.png."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"journey-{name}.png", full_page=True)


def listened(page: Page, complaints: list[str] | None = None) -> list[str]:
    """The list to which the page's console errors and uncaught exceptions are added."""
    heard = complaints if complaints is not None else []
    page.on("console", lambda entry: heard.append(entry.text) if _is_complaint(entry, page) else None)
    page.on("pageerror", lambda failure: heard.append(str(failure)))
    return heard


def _is_complaint(entry: ConsoleMessage, page: Page) -> bool:
    """An error, but not the page's own status: an error page is meant to have one."""
    own_status = entry.text.startswith("Failed to load resource") and entry.location.get("url") == page.url
    return entry.type == "error" and not own_status


@contextmanager
def served(screens: dict[str, Screen], look: Look) -> Iterator[str]:
    """The screens under `/<name>/<language>`, with the headers and files they have in earnest. Yields the origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path).path.strip("/").split("/")
            if parts[:2] == ["ui", "assets"] and (found := asset(look, parts[2])):
                headers = {"content-type": found[0].content_type, "content-security-policy": ASSET_POLICY}
                return self._answer(200, headers, found[0].body)
            if parts == [".well-known", "ory", "webauthn.js"]:
                return self._answer(200, {"content-type": "text/javascript"}, b"")
            if parts[0] in screens:
                html = screens[parts[0]](look, parts[1] if len(parts) > 1 else "en")
                return self._answer(200, {"content-type": "text/html; charset=utf-8", **page_headers()}, html.encode())
            return self._answer(404, {"content-type": "text/plain"}, b"nothing here")

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def screens() -> Iterator[str]:
    with served(SCREENS, Look(name="Harbour")) as origin:
        yield origin
