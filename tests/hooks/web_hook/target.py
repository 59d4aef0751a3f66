"""A target of web hooks without sockets, and time that only passes for whoever waits."""

from __future__ import annotations

import atexit
import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.world import World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.adapters.templates import FetchedTemplates
from vestibule.config.fetch import fetch
from vestibule.ports import WebResponse, WebUnreachable

TEMPLATES = FetchedTemplates(fetch)
"""One engine for all tests."""

atexit.register(TEMPLATES.close)

WHOLE = "base64://" + base64.b64encode(b"function(ctx) ctx").decode()
"""A template that sends all that it is told."""


@dataclass
class Call:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answer(status: int = 200, body: Any = None, **headers: str) -> WebResponse:
    """`body`: bytes as they are, anything else as JSON, None for nothing."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return WebResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


@dataclass
class Target:
    """Port Web. Gives its answers in order, the last one again and again; an exception is raised."""

    answers: list[WebResponse | WebUnreachable] = field(default_factory=lambda: [answer()])
    calls: list[Call] = field(default_factory=list[Call])

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
        limit: int = 0,
    ) -> WebResponse:
        self.calls.append(Call(method, url, dict(headers or {}), body or b"", timeout))
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(said, WebUnreachable):
            raise said
        return said


@dataclass
class Pace:
    """Port Pace. `waits` are the pauses that were made."""

    waits: list[float] = field(default_factory=list[float])

    def now(self) -> float:
        return time.monotonic() + sum(self.waits)

    def pause(self, seconds: float) -> None:
        self.waits.append(seconds)


@dataclass
class Later:
    """Port Background, whose tasks run when a test says so."""

    tasks: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])

    def __call__(self, task: Callable[[], None]) -> None:
        self.tasks.append(task)

    def run(self) -> None:
        while self.tasks:
            self.tasks.pop(0)()


class Scene:
    """A deployment whose hooks call a target."""

    def __init__(self, table: SqliteTable, *changes: Mapping[str, Any], target: Any = None, **services: Any) -> None:
        self.target, self.pace, self.later = target or Target(), Pace(), Later()
        flows: dict[str, Any] = {
            "settings": {"ui_url": "https://app.example.org/settings"},
            "recovery": {"enabled": True, "use": "code", "ui_url": "https://app.example.org/recovery"},
            "verification": {"enabled": True, "use": "code", "ui_url": "https://app.example.org/verification"},
        }
        for change in changes:
            for kind, hooks in change.items():
                flows[kind] = flows.get(kind, {}) | hooks
        config = {"selfservice": {"flows": flows, "methods": {"code": {"enabled": True}}}}
        self.world = World.build(
            table, config, web=self.target, pace=self.pace, background=self.later, templates=TEMPLATES, **services
        )


def hook(**config: Any) -> dict[str, Any]:
    return {
        "hook": "web_hook",
        "config": {"url": "https://target.example.org/hook", "method": "POST", "body": WHOLE} | config,
    }


def before(kind: str, **config: Any) -> dict[str, Any]:
    return {kind: {"before": {"hooks": [hook(**config)]}}}


def after(kind: str, of: str = "password", /, **config: Any) -> dict[str, Any]:
    """A hook `of` a method; with "" one of the default list."""
    hooks = {"hooks": [hook(**config)]}
    return {kind: {"after": {of: hooks} if of else hooks}}


PARSE = {"response": {"parse": True}}
INTERRUPT = {"can_interrupt": True}
REFUSAL = {
    "messages": [
        {
            "instance_ptr": "#/traits/email",
            "messages": [{"id": 1234, "text": "Not you.", "type": "error", "context": {}}],
        }
    ]
}
