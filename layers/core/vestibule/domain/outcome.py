"""What a step decided. The edge has one table that says how each reaches the three clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from vestibule.domain.flow import Flow
from vestibule.domain.json import Json


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The session token to put into the sealed cookie, and until when it is good."""

    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CookieChanges:
    """What changes in the browser's cookies. `csrf` is the new secret; `ended` clears the session cookie.

    `continuity` are the texts of the continuity cookie, a line each: the wire writes it twice where it was used up.
    """

    csrf: str = field(default="", repr=False)
    session: SessionCookie | None = None
    ended: bool = False
    continuity: tuple[str, ...] = field(default=(), repr=False)


UNCHANGED = CookieChanges()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStarted:
    """A new flow. Apps get `document`; browsers go to the UI."""

    flow: Flow
    document: Json
    cookies: CookieChanges = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowShown:
    """A stored flow, for the UI that draws it."""

    document: Json
    cookies: CookieChanges = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowInvalid:
    """The form was refused, or asks for more: 400 with the flow for apps, back to the UI for browsers."""

    flow: Flow
    document: Json
    method: str = ""
    refused: bool = True
    """False where the form was fine and only asks for its next step."""
    browser_status: int = 303
    cookies: CookieChanges = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowContinued:
    """The flow goes on, or is done, and is shown as it is now: 200 for apps; browsers go to `location` or to its UI.

    Where only a browser can go on, apps are `told` that `location` (422), or `redirected` there like browsers.
    """

    flow: Flow
    document: Json
    method: str = ""
    location: str = ""
    apps: Literal["shown", "told", "redirected"] = "shown"
    succeeded: bool = False
    """Whether this was the step that the flow is for (counted as such)."""
    cookies: CookieChanges = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Login succeeded. `session` is the wire document; `continue_with` what hooks added.

    It is not `complete` where the session needs another factor before it opens anything: `return_to` asks for it.
    """

    flow: Flow
    method: str
    session: Json
    token: str = field(repr=False)
    return_to: str = ""
    complete: bool = True
    continue_with: tuple[Json, ...] = ()
    cookies: CookieChanges = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUp:
    """Registration succeeded; `session` and `token` are there when a hook opened a session."""

    flow: Flow
    method: str
    identity: Json
    session: Json | None = None
    token: str | None = field(default=None, repr=False)
    return_to: str = ""
    continue_with: tuple[Json, ...] = ()
    cookies: CookieChanges = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOut:
    """A browser's session ended: 303 to `return_to`, or 204 for single-page apps."""

    return_to: str
    clear_site_data: bool = False
    cookies: CookieChanges = CookieChanges(ended=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A JSON answer, the same for every client."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cookies: CookieChanges = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Bytes of another type: pages, style sheets, scripts, plain text."""

    body: bytes
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cookies: CookieChanges = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cookies: CookieChanges = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    location: str
    status: int = 303
    cookies: CookieChanges = UNCHANGED


Outcome = (
    FlowStarted
    | FlowShown
    | FlowInvalid
    | FlowContinued
    | SignedIn
    | SignedUp
    | LoggedOut
    | Document
    | Content
    | Empty
    | Redirect
)
