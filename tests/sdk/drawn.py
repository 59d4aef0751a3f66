"""Pages of the reference UI: its own renderer draws our flows, and what it drew is filled in as a browser would."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.world import Browser, Flow, Reply

HERE = Path(__file__).parent
FORMS = ("login", "registration", "recovery", "verification")
PAGES = {kind: f"https://app.example.org/{kind}" for kind in (*FORMS, "settings")}
SECTIONS = ("profile", "password", "oidc", "lookup_secret", "webauthn", "passkey", "totp")


@dataclass
class Form:
    """`fields` in the order of the page, hidden ones included, each as often as it stands there."""

    action: str = ""
    method: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[dict[str, str]] = field(default_factory=list)

    def button(self, name: str, value: str | None = None) -> dict[str, str]:
        return next(each for each in self.buttons if each["name"] == name and value in (None, each.get("value")))


class Page(HTMLParser):
    """What stands on it: forms, scripts, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.forms: list[Form] = []
        self.scripts: list[dict[str, str]] = []
        self.images: list[dict[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self.forms.append(Form(given["action"], given["method"]))
            case "button" | "input" if given.get("type") in ("submit", "button") or tag == "button":
                self.forms[-1].buttons.append({"name": ""} | given)
            case "input" if given.get("type") != "checkbox" or "checked" in given:
                self.forms[-1].fields.append((given.get("name", ""), given.get("value", "")))
            case "script":
                self.scripts.append(given)
            case "img":
                self.images.append(given)
            case _:
                pass

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"

    def form_with(self, name: str, value: str | None = None) -> Form:
        """The form that has this button."""
        for form in self.forms:
            for each in form.buttons:
                if each["name"] == name and value in (None, each.get("value")):
                    return form
        raise AssertionError(f"no button {name}={value} in {[form.buttons for form in self.forms]}")

    def names(self) -> set[str]:
        """Of every field and button."""
        found = {name for form in self.forms for name, _ in form.fields}
        return found | {each["name"] for form in self.forms for each in form.buttons}


class ReferenceUi:
    """The Node process that draws."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def page(self, kind: str, flow: Mapping[str, Any]) -> Page:
        """The page of a flow; of settings, all sections below one another."""
        if kind != "settings":
            return Page(self._drawn(kind=kind, flow=flow))
        sections = [self._drawn(kind=kind, flow=flow, section=section) for section in SECTIONS]
        return Page(self._drawn(kind="messages", flow=flow) + "".join(sections))

    @cached_property
    def words(self) -> dict[int, str]:
        """What it says in English for the ids of messages, with holes for their context."""
        said = self._drawn(kind="dictionary")
        return {
            int(key.rpartition(".")[2]): text for key, text in said.items() if key.startswith("identities.messages.")
        }

    def _drawn(self, **asked: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline()) or ""


@contextmanager
def reference_ui() -> Iterator[ReferenceUi]:
    node = shutil.which("node")
    if not node:
        pytest.skip("no Node here: install nodejs and npm")
    if not (HERE / "node_modules/@ory/elements-markup").is_dir():
        pytest.skip("no @ory/elements-markup here: npm install --no-package-lock --prefix tests/sdk")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([node, "elements.mjs"], cwd=HERE, **pipes) as process:
        yield ReferenceUi(process)


def press(client: Browser, form: Form, name: str, value: str | None = None, **typed: str) -> Reply:
    """What a browser sends: every field, the typed ones with what was typed, and the button."""
    typed = {key.replace("__", "."): text for key, text in typed.items()}
    missing = set(typed) - {key for key, _ in form.fields}
    assert not missing, f"{missing} cannot be typed into {form.fields}"
    button = form.button(name, value)
    sent = [(key, typed.get(key, stood)) for key, stood in form.fields if key]
    body = urlencode([*sent, (name, button.get("value", ""))]).encode()
    return client.send(form.method, form.action, body, Content_Type="application/x-www-form-urlencoded")


class Visit:
    """A browser in front of the reference UI."""

    def __init__(self, ui: ReferenceUi, client: Browser, kind: str, **params: str) -> None:
        self.ui, self.client = ui, client
        self.go(kind, client.start(kind, **params))

    def go(self, kind: str, flow: Flow) -> None:
        self.kind, self.flow = kind, flow
        self.page = self.ui.page(kind, flow.document)
        self._is_said()

    def _is_said(self) -> None:
        """Labels and messages stand on the page: in the UI's own words, up to their first hole, or else in ours."""
        labels = [node["meta"]["label"] for node in self.flow.document["ui"]["nodes"] if "label" in node["meta"]]
        at_fields = [each for node in self.flow.document["ui"]["nodes"] for each in node["messages"]]
        for each in labels + at_fields + self.flow.document["ui"].get("messages", []):
            text = self.ui.words.get(each["id"], each["text"]).partition("{")[0].strip()
            assert text in self.page.text, each
        assert not re.search(r"\{\w+\}", self.page.text), self.page.text

    def press(self, name: str, value: str | None = None, **typed: str) -> Reply:
        """Goes where the answer leads, if that is another page of a flow."""
        reply = press(self.client, self.page.form_with(name, value), name, value, **typed)
        assert reply.status in (302, 303), (reply.status, reply.body)
        for kind, url in PAGES.items():
            if reply.location.startswith(f"{url}?flow="):
                self.go(kind, self.client.fetch(kind, reply.query("flow")).flow)
        return reply

    @property
    def says(self) -> list[int]:
        return self.flow.message_ids
