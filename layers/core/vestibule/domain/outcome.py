"""What a step decided. The edge has one table that says how each reaches the three clients."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, field

from vestibule.domain.flow import Flow
from vestibule.domain.json import Json
from vestibule.domain.record import Unprinted


class SessionCookie(Unprinted, frozen=True):
    """The session token to put into the sealed cookie, and until when it is good."""

    token: str
    expires_at: datetime


class CookieChanges(Unprinted, frozen=True):
    """What changes in the browser's cookies. `csrf` is the new secret; `ended` clears the session cookie.

    `continuity` are the texts of the continuity cookie, a line each: the wire writes it twice where it was used up.
    """

    csrf: str = ""
    session: SessionCookie | None = None
    ended: bool = False
    continuity: tuple[str, ...] = ()


UNCHANGED = CookieChanges()


class FlowStarted(Struct, frozen=True, kw_only=True):
    """A new flow. Apps get `document`; browsers go to the UI."""

    flow: Flow
    document: Json
    cookies: CookieChanges = UNCHANGED


class FlowShown(Struct, frozen=True, kw_only=True):
    """A stored flow, for the UI that draws it."""

    document: Json
    cookies: CookieChanges = UNCHANGED


class FlowInvalid(Struct, frozen=True, kw_only=True):
    """The form was refused, or asks for more: 400 with the flow for apps, back to the UI for browsers."""

    flow: Flow
    document: Json
    method: str = ""
    refused: bool = True
    """False where the form was fine and only asks for its next step."""
    browser_status: int = 303
    cookies: CookieChanges = UNCHANGED


class FlowContinued(Struct, frozen=True, kw_only=True):
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


class SignedIn(Unprinted, frozen=True, kw_only=True):
    """Login succeeded. `session` is the wire document; `continue_with` what hooks added.

    It is not `complete` where the session needs another factor before it opens anything: `return_to` asks for it.
    """

    flow: Flow
    method: str
    session: Json
    token: str
    return_to: str = ""
    complete: bool = True
    continue_with: tuple[Json, ...] = ()
    cookies: CookieChanges = UNCHANGED


class SignedUp(Unprinted, frozen=True, kw_only=True):
    """Registration succeeded; `session` and `token` are there when a hook opened a session."""

    flow: Flow
    method: str
    identity: Json
    session: Json | None = None
    token: str | None = None
    return_to: str = ""
    continue_with: tuple[Json, ...] = ()
    cookies: CookieChanges = UNCHANGED


class LoggedOut(Struct, frozen=True, kw_only=True):
    """A browser's session ended: 303 to `return_to`, or 204 for single-page apps."""

    return_to: str
    clear_site_data: bool = False
    cookies: CookieChanges = CookieChanges(ended=True)


class Document(Struct, frozen=True, kw_only=True):
    """A JSON answer, the same for every client."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cookies: CookieChanges = UNCHANGED


class Content(Struct, frozen=True, kw_only=True):
    """Bytes of another type: pages, style sheets, scripts, plain text."""

    body: bytes
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cookies: CookieChanges = UNCHANGED


class Empty(Struct, frozen=True, kw_only=True):
    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cookies: CookieChanges = UNCHANGED


class Redirect(Struct, frozen=True, kw_only=True):
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
