"""Every screen there is, by name: what the tests of the pages draw, weigh, photograph and check."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.pages.samples import FLOWS, SESSION

from vestibule.pages.look import Look
from vestibule.pages.render import render_error, render_flow, render_sessions, render_welcome

Screen = Callable[[Look, str], str]


def _flow(name: str, look: Look, language: str) -> str:
    kind, document = FLOWS[name]
    return render_flow(kind, document, look, language)


def _error(look: Look, language: str) -> str:
    error = {"code": 403, "id": "security_csrf_violation", "reason": "The token does not match.", "status": "Forbidden"}
    return render_error({"id": "3b9e0b52-aaaa-4c3d-8a55-3b7e1d1c9a01", "error": error}, look, language)


def _failure(look: Look, language: str) -> str:
    error = {"code": 502, "reason": "The payment service did not answer.", "status": "Bad Gateway"}
    return render_error({"id": "3b9e0b52-aaaa-4c3d-8a55-3b7e1d1c9a01", "error": error}, look, language)


def _sessions(count: int, ended: str | None, look: Look, language: str) -> str:
    agents = ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "conform-phone/2.1", "")
    places = ("Munich, DE", "", "")
    rows = [
        SESSION
        | {"id": f"session-{at}", "devices": [{"user_agent": agent, "location": place, "ip_address": "192.0.2.7"}]}
        for at, (agent, place) in enumerate(zip(agents, places, strict=True))
    ]
    return render_sessions([SESSION, *rows[:count]], "a-token", ended, look, language)


SCREENS: dict[str, Screen] = {
    **{name: partial(_flow, name) for name in FLOWS},
    "welcome": lambda look, language: render_welcome(SESSION, look, language),
    "welcome-anonymous": lambda look, language: render_welcome(None, look, language),
    "sessions": partial(_sessions, 3, None),
    "sessions-alone": partial(_sessions, 0, "all"),
    "error": _error,
    "error-failure": _failure,
}
