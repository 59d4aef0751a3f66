"""A gate that asks for an invitation: its answer stands at its field, and the corrected one is let in."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import photographed
from tests.browser.deployment import deployed

PASSWORD = "a-long-phrase-of-my-own"
TEMPLATE = "function(ctx) { invitation: std.get(ctx.identity.traits, 'invitation', '') }"
SENT_ALONG = """function(ctx) {
  invitation: std.get(ctx.flow.transient_payload, 'invite_code', ''),
  field: '#/transient_payload/invite_code',
}"""
REFUSED = "This invitation is not known."


def encoded(text: str) -> str:
    return "base64://" + base64.b64encode(text.encode()).decode()


SCHEMA: dict[str, Any] = {
    "$id": "https://example.org/invited.json",
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "traits": {
            "type": "object",
            "properties": {
                "email": {
                    "type": "string",
                    "format": "email",
                    "title": "E-mail",
                    "ory.sh/kratos": {"credentials": {"password": {"identifier": True}}},
                },
                "invitation": {"type": "string", "title": "Invitation"},
            },
            "required": ["email"],
        }
    },
}


class Gate(BaseHTTPRequestHandler):
    """Answers an event that it knows as it did the first time, as receivers do that take each event once."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known: dict[str, tuple[int, bytes]] = vars(self.server)["known"]
        status, body = known.setdefault(self.headers["webhook-id"], self._judged(**asked))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _judged(self, invitation: str, field: str = "#/traits/invitation") -> tuple[int, bytes]:
        if invitation == "sesame":
            return 200, b"{}"
        message = {"id": 4321, "text": REFUSED, "type": "error"}
        return 400, json.dumps({"messages": [{"instance_ptr": field, "messages": [message]}]}).encode()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def gate() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    vars(server)["known"] = {}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def asking(folder: Path, template: str) -> Iterator[str]:
    """A deployment whose gate is told what the template makes of a sign-up."""
    with gate() as url:
        config = {"url": url, "method": "POST", "body": encoded(template), "response": {"parse": True}}
        hooks = [{"hook": "web_hook", "config": config}, {"hook": "session"}]
        changes = {
            "identity": {"schemas": [{"id": "person", "url": encoded(json.dumps(SCHEMA))}]},
            "selfservice": {"flows": {"registration": {"after": {"password": {"hooks": hooks}}}}},
        }
        with deployed(folder, changes) as running:
            yield running.public


@pytest.fixture(scope="module")
def invited(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    del chromium
    with asking(tmp_path_factory.mktemp("invited"), TEMPLATE) as public:
        yield public


@pytest.fixture
def sent_along(chromium: Any, tmp_path: Path) -> Iterator[str]:
    """As docs/recipes/invite-code.md has it: no trait, and no field before the gate asks for it."""
    del chromium
    with asking(tmp_path, SENT_ALONG) as public:
        yield public


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_wrong_invitation_is_said_at_its_field_and_the_right_one_let_in(script: bool, invited: str, tab: Any):
    page: Page = tab(java_script_enabled=script)
    page.goto(f"{invited}/ui/registration")
    page.get_by_label("E-mail").fill(f"ann.{'with' if script else 'without'}@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    for _ in range(2):  # sent again as it was: the same refusal
        page.get_by_label("Invitation").fill("mellon")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign up", exact=True).click()
        field = page.get_by_label("Invitation")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_value("mellon")
        expect(field).to_have_accessible_description(REFUSED)
    photographed(page, f"invitation-refused-{script}")
    page.get_by_label("Invitation").fill("sesame")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")


def test_a_page_asks_for_the_code_that_the_gate_wants_and_no_schema_knows(sent_along: str, tab: Any):
    page: Page = tab(java_script_enabled=False)
    page.goto(f"{sent_along}/ui/registration")
    field = page.get_by_label("Invite code")
    page.get_by_label("E-mail").fill("bea@example.org")
    expect(field).to_have_count(0)
    for code in ("", "mellon", "sesame"):
        if code:
            field.fill(code)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign up", exact=True).click()
        if code != "sesame":
            expect(field).to_have_attribute("aria-invalid", "true")
            expect(field).to_have_accessible_description(REFUSED)
            photographed(page, f"invite-code-{code or 'asked'}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")
