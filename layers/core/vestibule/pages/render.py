"""Every page as HTML: pure functions of a wire document, the look and a language.

Templates never see more than plain values, and everything they write is escaped. No page holds a session token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from jinja2 import Environment
from msgspec import Struct

from vestibule.pages.assets import assets
from vestibule.pages.layout import Arrangement, arrange
from vestibule.pages.look import Look
from vestibule.pages.people import address, device, methods, person, place, unverified
from vestibule.pages.widgets import Anchor, Box, Field, Image, Text
from vestibule.pages.wording import Wording, wording
from vestibule.ui import templates

Wire = Mapping[str, Any]

TEMPLATES = Path(__file__).parent / "templates"

_SAID_BY_THE_TITLE = frozenset({1010003, 1010004, 1040009, 1060005, 1060006})
_SENT = frozenset({1010014, 1010025, 1040005, 1060003, 1060004, 1080003, 1080004})
"""After these a code is on its way, and sending another is made to wait a little."""

_TOPIC_OF_STATE = {
    ("recovery", "recovery_awaiting_address_choice"): "recovery.choose",
    ("recovery", "recovery_confirming_address"): "recovery.confirm",
    ("recovery", "recovery_awaiting_code"): "recovery.code",
    ("verification", "passed_challenge"): "verification.done",
}


class Way(Struct, frozen=True):
    """A link to somewhere else, with the words before it."""

    label: str
    href: str
    lead: str = ""


class SignedIn(Struct, frozen=True):
    """A session as a row of a list."""

    id: str
    device: str
    place: str
    since: str


def render_flow(kind: str, flow: Wire, look: Look, language: str) -> str:
    """Any flow, from its nodes and messages alone. `kind`: login, registration, recovery, verification, settings."""
    words = wording(language)
    flow = _without_repeats(flow)
    arrangement = arrange(kind, flow, words)
    topic = _topic(kind, flow, arrangement)
    ui = cast(Wire, flow.get("ui") or {})
    first = kind == "login" and flow.get("requested_aal") != "aal2"  # a second factor's form names every address
    who = arrangement.hidden_value("identifier") if first else ""
    return _draw(
        "settings.html" if kind == "settings" else "flow.html",
        look,
        words,
        title=words(f"{topic}.title"),
        lead=_lead(topic, arrangement, look, words),
        action=str(ui.get("action") or ""),
        method="get" if ui.get("method") == "GET" else "post",
        arrangement=arrangement,
        errors=arrangement.errors,
        said=[] if _tells(topic) else [notice for notice in arrangement.notices if notice.kind != "error"],
        focus=_focus(topic, arrangement),
        who=who,
        username=_username(flow),
        wait=30 if {each.get("id") for each in ui.get("messages") or ()} & _SENT and not arrangement.errors else 0,
        ways=_ways(kind, topic, who, flow, look, words),
    )


def render_welcome(session: Wire | None, look: Look, language: str) -> str:
    """The session that is open, or the ways in when there is none. `session` as whoami answers."""
    words = wording(language)
    if session is None:
        ways = [Way(words("link.login"), _start(look, "login"))]
        if "registration" in look.offers:
            ways.append(Way(words("link.registration"), _start(look, "registration")))
        return render_simple(
            words("welcome.anonymous.title"), [words("welcome.anonymous.help")], ways, look=look, language=language
        )
    identity = cast(Wire, session.get("identity") or {})
    name, (value, verified) = person(identity), address(identity)
    facts = [(words("welcome.device"), device(session, words), "")]
    if value and (name or verified is False):
        status = "" if verified is None else words("welcome.verified" if verified else "welcome.unverified")
        facts.insert(0, (words("welcome.address"), value, status))
    since = session.get("authenticated_at")
    if since:
        facts.append((words("welcome.since"), words.moment(since), ""))
    if how := methods(session, words):
        facts.append((words("welcome.methods"), how, ""))
    greeted = name or value
    return _draw(
        "welcome.html",
        look,
        words,
        title=words("welcome.title", name=greeted) if greeted else words("welcome.title.plain"),
        lead=words("welcome.help"),
        facts=facts,
        ways=_after_welcome(bool(unverified(identity)), look, words),
    )


def render_sessions(found: Sequence[Wire], token: str, ended: str | None, look: Look, language: str) -> str:
    """The sessions of whoever is signed in, as whoami and the list answer: this one first. `token` is of CSRF."""
    words = wording(language)
    rows = [
        SignedIn(
            id=str(session.get("id")),
            device=device(session, words),
            place=place(session),
            since=words("sessions.since", at=words.moment(session.get("authenticated_at"))),
        )
        for session in found
    ]
    return _draw(
        "sessions.html",
        look,
        words,
        title=words("sessions.title"),
        lead=words("sessions.help") if len(rows) > 1 else words("sessions.alone"),
        said=words.get(f"sessions.ended.{ended}") if ended else "",
        action=f"{look.base}/ui/sessions",
        token=token,
        here=rows[0],
        others=rows[1:],
        ways=[*_to_settings(look, words), Way(words("link.home"), f"{look.base}/ui/welcome")],
    )


def _to_settings(look: Look, words: Wording) -> list[Way]:
    return [Way(words("link.settings"), f"{look.base}/ui/settings")] if "settings" in look.offers else []


def _after_welcome(unverified: bool, look: Look, words: Wording) -> list[Way]:
    kinds = ["settings", "verification"] if unverified else ["settings"]
    ways = [Way(words(f"link.{kind}"), f"{look.base}/ui/{kind}") for kind in kinds if kind in look.offers]
    ways.append(Way(words("link.sessions"), f"{look.base}/ui/sessions"))
    return [*ways, Way(words("link.logout"), f"{look.base}/ui/logout")]


def render_error(error: Wire, look: Look, language: str) -> str:
    """What went wrong, calmly. `error` is the error object, or the container of `/self-service/errors` around it."""
    words = wording(language)
    inner = cast(Wire, error.get("error") if isinstance(error.get("error"), Mapping) else error)
    code = inner.get("code")
    kind = "error.missing" if code == 404 else "error.refused" if isinstance(code, int) and code < 500 else "error"
    known = words.get(f"error.{inner.get('id')}") if inner.get("id") else ""
    return _draw(
        "error.html",
        look,
        words,
        title=words(f"{kind}.title"),
        lead=known or words(f"{kind}.help"),
        detail="" if known else str(inner.get("reason") or inner.get("message") or ""),
        reference=str(error.get("id") or "") if inner is not error else "",
        ways=[Way(words("link.home"), f"{look.base}/ui/welcome"), Way(words("link.login"), _start(look, "login"))],
    )


def render_simple(title: str, lines: Sequence[str], links: Sequence[Way], *, look: Look, language: str) -> str:
    """A card with a title, some lines and links as buttons, the first of them primary."""
    return _draw("simple.html", look, wording(language), title=title, lines=lines, ways=links)


def _topic(kind: str, flow: Wire, arrangement: Arrangement) -> str:
    """The key of the title: what this step asks for."""
    state, active = str(flow.get("state") or ""), flow.get("active")
    if kind in ("recovery", "verification") and arrangement.hidden_value("token"):
        return f"{kind}.opened"
    if topic := _TOPIC_OF_STATE.get((kind, state)):
        return topic
    if state == "sent_email":
        return f"{kind}.link" if active == "link" else f"{kind}.code"
    if kind == "login" and flow.get("requested_aal") == "aal2":
        return "login.aal2"
    if kind == "login" and flow.get("refresh"):
        return "login.refresh"
    return "registration.choose" if kind == "registration" and arrangement.carries("traits.") else kind


def _lead(topic: str, arrangement: Arrangement, look: Look, words: Wording) -> str:
    """The lines below the title."""
    if topic == "login.aal2" and not arrangement.forms:
        return words("login.aal2.none")
    said = [notice.text for notice in arrangement.notices if notice.kind != "error"] if _tells(topic) else []
    return " ".join((*said, words(f"{topic}.help", name=look.name)))


def _tells(topic: str) -> bool:
    """Whether the page does nothing but go on from what the flow says: a message is on its way."""
    return topic.endswith((".code", ".link"))


def _without_repeats(flow: Wire) -> Wire:
    """The flow without the messages that the page's title says already."""
    ui = cast(Wire, flow.get("ui") or {})
    messages = [each for each in ui.get("messages") or () if each.get("id") not in _SAID_BY_THE_TITLE]
    return {**flow, "ui": {**ui, "messages": messages}}


def _focus(topic: str, arrangement: Arrangement) -> str:
    """The id of what takes the focus when the page opens; the summary of errors goes before everything."""
    if arrangement.errors:
        return "errors"
    forms = [*arrangement.forms, *(form for section in arrangement.sections for form in section.forms)]
    shown = [each for form in forms for block in form.blocks for each in block.shown]
    codes = next((each.id for each in shown if isinstance(each, Text) and each.entries), "")
    if codes or topic in ("settings", "registration", "registration.choose"):
        return codes
    fields = [each for each in shown if isinstance(each, Field)]
    return next((each.id for each in fields[:2] if not each.value and not each.disabled), "")


def _username(flow: Wire) -> str:
    """For password managers: whose new password this is."""
    return address(cast(Wire, flow.get("identity") or {}))[0]


def _ways(kind: str, topic: str, who: str, flow: Wire, look: Look, words: Wording) -> list[Way]:
    """What else one can do here; what the person was about to do (`return_to`) is kept."""
    keep = {key: str(flow[key]) for key in ("return_to", "oauth2_login_challenge") if flow.get(key)}
    if "oauth2_login_challenge" in keep:
        keep["login_challenge"] = keep.pop("oauth2_login_challenge")

    def way(to: str, label: str = "", lead: str = "") -> list[Way]:
        if to not in look.offers:
            return []
        return [Way(label or words(f"link.{to}"), _start(look, to, keep), lead)]

    home = [Way(words("link.home"), f"{look.base}/ui/welcome")]
    leave = [Way(words("link.logout"), f"{look.base}/ui/logout")]
    match topic:
        case "login":
            again = way("login", words("another")) if who else []
            return [*again, *way("recovery"), *way("registration", lead=words("link.registration.lead"))]
        case "login.aal2" | "login.refresh":
            return leave
        case "settings":
            prove = way("verification") if unverified(cast(Wire, flow.get("identity") or {})) else []
            return [*home, *prove, Way(words("link.sessions"), f"{look.base}/ui/sessions"), *leave]
        case "verification" | "verification.done":
            return home
        case "registration" | "registration.choose":
            return way("login", lead=words("link.login.lead"))
        case "recovery":
            return [*way("login"), *way("registration", lead=words("link.registration.lead"))]
        case _ if flow.get("requested_aal") == "aal2":
            keep["aal"] = "aal2"
            return [*way(kind, words("link.restart")), *leave]
        case _:
            return way(kind, words("link.restart"))


def _start(look: Look, kind: str, keep: Mapping[str, str] | None = None) -> str:
    query = f"?{urlencode(keep)}" if keep else ""
    return f"{look.base}/self-service/{kind}/browser{query}"


@cache
def environment() -> Environment:
    """The templates of the pages, which ask of what kind a widget is."""
    made = templates.environment(TEMPLATES)
    for each in (Field, Text, Image, Anchor, Box):
        made.tests[each.__name__.lower()] = partial(_is_a, each)
    return made


def _is_a(kind: type, value: object) -> bool:
    return isinstance(value, kind)


def _draw(template: str, look: Look, words: Wording, **values: Any) -> str:
    files = {name: f"{look.base}/ui/assets/{each.name}" for name, each in assets(look).items()}
    page = environment().get_template(template)
    return page.render(look=look, words=words, files=files, home=f"{look.base}/ui", **values)
