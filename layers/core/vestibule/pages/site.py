"""GET /ui/…: the built-in account pages, for every flow whose `ui_url` is not configured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlencode

from msgspec.structs import replace

from vestibule.crypto import csrf
from vestibule.domain.errors import (
    Aal2Required,
    CsrfViolation,
    FlowError,
    Gone,
    IdentityMismatch,
    NoSession,
    NotFound,
    ServiceUnavailable,
    SessionInactive,
)
from vestibule.domain.flow import FlowState, Kind
from vestibule.domain.outcome import UNCHANGED, Content, CookieChanges, Document, FlowShown, Outcome, Redirect
from vestibule.domain.request import Request
from vestibule.flows import logout
from vestibule.pages import people
from vestibule.pages.assets import ASSET_POLICY, asset, page_headers
from vestibule.pages.brand import look_of
from vestibule.pages.look import Look
from vestibule.pages.render import Way, render_error, render_flow, render_sessions, render_simple, render_welcome
from vestibule.pages.wording import Wording, language, wording
from vestibule.ports import StoreUnavailable
from vestibule.resources import errors, sessions
from vestibule.services import Services

Step = Callable[[Request, Services], Outcome]

KINDS = frozenset(Kind)
"""Every flow has a page."""

_HTML = "text/html; charset=utf-8"
_STAYS_HERE = frozenset({"same-origin", "none"})


def show(request: Request, svc: Services) -> Outcome:
    """A page or one of its files, by the path below /ui/. Raises whatever fetching a flow raises unforeseen."""
    look = look_of(svc, KINDS)
    file = request.path_parameters.get("asset")
    if file is not None:
        return _asset(look, file)
    name = request.path_parameters.get("page") or "welcome"
    page = _Page(request, svc, look)
    if name in KINDS:
        return page.flow(Kind(name))
    return _PAGES.get(name, _Page.missing)(page)


class _Page:
    """What all pages of one request share."""

    def __init__(self, request: Request, svc: Services, look: Look) -> None:
        self.request = request
        self.svc = svc
        self.look = look
        self.language = language(request.headers.get("accept-language", ""), look.languages)

    @property
    def words(self) -> Wording:
        return wording(self.language)

    def flow(self, kind: Kind) -> Outcome:
        """The flow of `?flow=`; without it a new one is started, with the query it came with."""
        flow_id = self.request.param("flow")
        if flow_id is None:
            return self._start(kind)
        try:
            shown = _fetch(kind)(replace(self.request, query=(("id", flow_id),)), self.svc)
        except Gone:
            return self._again(kind, "expired", 410)
        except (NotFound, CsrfViolation, IdentityMismatch):
            return self._again(kind, "lost", 404)
        except SessionInactive:
            return Redirect(location=self.svc.urls.self_service("login/browser"))
        except Aal2Required as refused:
            return Redirect(location=_stepping_up(refused, self.svc))
        document = cast(FlowShown, shown).document
        if kind is Kind.VERIFICATION and document.get("state") == FlowState.CHOOSE_METHOD:
            document = people.with_own_address(document, self._signed_in())
        return self._html(render_flow(kind, document, self.look, self.language), cookies=shown.cookies)

    def welcome(self) -> Outcome:
        """Whoever is signed in, or the ways in."""
        try:
            found = cast(Document, sessions.whoami(replace(self.request, query=()), self.svc))
        except NoSession:
            return self._html(render_welcome(None, self.look, self.language))
        except Aal2Required as refused:
            return Redirect(location=_stepping_up(refused, self.svc))
        return self._html(render_welcome(found.body, self.look, self.language), cookies=found.cookies)

    def sessions(self) -> Outcome:
        """Where the person is signed in, with a button to end what is not this session."""
        here, asked = self.svc.urls.absolute("ui/sessions"), replace(self.request, query=())
        try:
            current = cast(Document, sessions.whoami(asked, self.svc))
            others = cast(Document, sessions.listing(asked, self.svc))
        except NoSession:
            return Redirect(location=self.svc.urls.self_service("login/browser", return_to=here))
        except Aal2Required:
            return Redirect(location=self.svc.urls.self_service("login/browser", aal="aal2", return_to=here))
        token = csrf.mask(self.request.csrf, self.svc.random.bytes)
        html = render_sessions(
            [current.body, *others.body], token, self.request.param("ended"), self.look, self.language
        )
        return self._html(html, cookies=current.cookies)

    def logout(self) -> Outcome:
        """Ends the session when one of our own pages sent somebody here, and asks otherwise (a forged link)."""
        try:
            started = cast(Document, logout.start(replace(self.request, query=()), self.svc))
        except SessionInactive:
            return Redirect(location=f"{self.svc.urls.public}/ui/welcome")
        url = str(cast(Mapping[str, Any], started.body)["logout_url"])
        headers = self.request.headers
        if headers.get("sec-fetch-site") in _STAYS_HERE and "sec-purpose" not in headers:
            return Redirect(location=url)
        words = self.words
        ways = [Way(words("link.logout"), url), Way(words("logout.stay"), f"{self.look.base}/ui/welcome")]
        return self._html(
            render_simple(words("logout.title"), [words("logout.help")], ways, look=self.look, language=self.language)
        )

    def error(self) -> Outcome:
        """The stored error of `?id=`. Never raises: an error here would lead here again."""
        try:
            found = cast(Document, errors.show(self.request, self.svc))
        except StoreUnavailable:
            return self._error(ServiceUnavailable().to_wire(), 503)
        except FlowError:
            return self._error(NotFound().to_wire(), 404)
        return self._error(cast(Mapping[str, Any], found.body), 200)

    def missing(self) -> Outcome:
        return self._error(NotFound().to_wire(), 404)

    def _signed_in(self) -> Mapping[str, Any]:
        """The identity of whoever is signed in; empty for nobody, and while a second factor is asked for."""
        try:
            found = cast(Document, sessions.whoami(replace(self.request, query=()), self.svc))
        except (NoSession, Aal2Required):
            return {}
        return cast(Mapping[str, Any], cast(Mapping[str, Any], found.body)["identity"])

    def _start(self, kind: Kind) -> Outcome:
        query = urlencode([(key, value) for key, value in self.request.query if value])
        start = self.svc.urls.self_service(f"{kind}/browser")
        return Redirect(location=f"{start}?{query}" if query else start)

    def _again(self, kind: Kind, why: str, status: int) -> Outcome:
        words = self.words
        start = Way(words("link.restart"), self.svc.urls.self_service(f"{kind}/browser"))
        home = Way(words("link.home"), f"{self.look.base}/ui/welcome")
        html = render_simple(
            words(f"{why}.title"), [words(f"{why}.help")], [start, home], look=self.look, language=self.language
        )
        return self._html(html, status)

    def _error(self, error: Mapping[str, Any], status: int) -> Outcome:
        return self._html(render_error(error, self.look, self.language), status)

    def _html(self, html: str, status: int = 200, cookies: CookieChanges = UNCHANGED) -> Content:
        headers = page_headers(_form_targets(self.svc)) | {"Content-Language": self.language}
        return Content(body=html.encode(), content_type=_HTML, status=status, headers=headers, cookies=cookies)


_PAGES: Mapping[str, Callable[[_Page], Outcome]] = {
    "welcome": _Page.welcome,
    "sessions": _Page.sessions,
    "logout": _Page.logout,
    "error": _Page.error,
}


def _fetch(kind: Kind) -> Step:
    """How the page of a flow gets it. One flow is shown at a time, the welcome page needs none: each brings its own."""
    match kind:
        case Kind.LOGIN:
            from vestibule.flows import login as flow
        case Kind.REGISTRATION:
            from vestibule.flows import registration as flow
        case Kind.RECOVERY:
            from vestibule.flows import recovery as flow
        case Kind.VERIFICATION:
            from vestibule.flows import verification as flow
        case Kind.SETTINGS:
            from vestibule.flows import settings as flow
    return flow.fetch


def _asset(look: Look, file: str) -> Outcome:
    found = asset(look, file)
    if found is None:
        return Content(body=b"404 page not found\n", content_type="text/plain; charset=utf-8", status=404)
    each, caching = found
    headers = {
        "Cache-Control": caching,
        "Content-Security-Policy": ASSET_POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    return Content(body=each.body, content_type=each.content_type, headers=headers)


def _stepping_up(refused: Aal2Required, svc: Services) -> str:
    """Where the second factor is asked for."""
    found = refused.beside.get("redirect_browser_to")
    return found if isinstance(found, str) else svc.urls.self_service("login/browser", aal="aal2")


def _form_targets(svc: Services) -> set[str]:
    """What forms may be redirected to besides https: apps' own schemes, and plain http where we are on it ourselves."""
    schemes = {url.partition(":")[0].lower() for url in svc.config.selfservice.allowed_return_urls if ":" in url}
    on_http = {"http:"} if svc.urls.public.startswith("http://") else set[str]()
    return on_http | {f"{scheme}:" for scheme in schemes - {"http", "https"} if scheme.replace("-", "").isalnum()}
