"""Get back into an account: start, fetch, submit. Contract 01 §6."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.crypto import csrf
from vestibule.domain.code import Purpose
from vestibule.domain.errors import BadRequest, CsrfViolation, NotFound, SessionAlreadyAvailable
from vestibule.domain.flow import Flow, FlowState, FlowType, Kind
from vestibule.domain.message import Message, Problem
from vestibule.domain.outcome import (
    CookieChanges,
    Empty,
    FlowContinued,
    FlowShown,
    FlowStarted,
    Outcome,
    Redirect,
)
from vestibule.domain.request import Request
from vestibule.domain.session import NIL_UUID
from vestibule.flows import recovered, submitting
from vestibule.hooks import chain
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import destinations, drawing, loading, opening, recovering, recovery_form
from vestibule.lifecycle.loading import Resumed
from vestibule.methods import codes
from vestibule.methods.code import ensure_reserved, reserve_guess
from vestibule.methods.method import Form, Rejected
from vestibule.methods.recovery import (
    BY_ADMIN,
    FIELDS,
    SENT,
    Back,
    Chosen,
    Confirmed,
    RecoveryMethod,
    addresses,
    choosing,
)
from vestibule.methods.recovery_code import CODE
from vestibule.methods.recovery_link import LINK
from vestibule.methods.verification import Presented, SendTo
from vestibule.services import Services
from vestibule.stores.flows import FlowChanged
from vestibule.ui import messages
from vestibule.ui.decode import BadBody, decode
from vestibule.ui.shape import Kind as FieldKind
from vestibule.ui.shape import shape

_SHAPE = shape(*FIELDS, transient_payload=FieldKind.OBJECT)
_LONGEST_TOKEN = 64
_NOTHING_DONE = 204


def start(request: Request, svc: Services) -> Outcome:
    """Open a flow for somebody who is not signed in. Raises BadRequest, SessionAlreadyAvailable, ReturnToForbidden."""
    _ensure_enabled(svc)
    type_ = opening.asked_type(request)
    if loading.active_session(request, svc) is not None:
        raise _signed_in(request, svc)
    destinations.requested(request, svc)
    flow = recovering.new_flow(type_, request, svc)
    passed = chain.through(Moment(point=Point.RECOVERY_BEFORE, request=request, flow=flow), svc)
    if not isinstance(passed, Moment):
        return passed
    flow = svc.flows.add(flow, passed.writes)
    return FlowStarted(flow=flow, document=drawing.document(flow, request, svc))


def fetch(request: Request, svc: Services) -> Outcome:
    """Show a stored flow. Raises BadRequest, NotFound, CsrfViolation, FlowExpired, Gone."""
    _ensure_enabled(svc)
    flow = loading.fetch(Kind.RECOVERY, request, svc)
    return FlowShown(document=drawing.document(flow, request, svc))


def submit(request: Request, svc: Services) -> Outcome:
    """Send a code or link, or let in whoever has it. Whether anybody has the address is never said.

    Raises BadRequest, NotFound, CsrfViolation, SessionAlreadyAvailable, FlowExpired.
    """
    form = _form(request)
    keys = () if isinstance(form, BadBody) else tuple(address.key(svc) for address in addresses(form))
    try:
        resumed = loading.resume(Kind.RECOVERY, request, svc, keys)
    except NotFound:
        raise NotFound("There is no such recovery flow; start a new one") from None
    flow = resumed.flow
    if BY_ADMIN not in flow.internal:
        _ensure_enabled(svc)
    if request.looks_on:
        return Empty(status=_NOTHING_DONE)
    if flow.expires_at <= svc.clock.now():
        return recovered.expired(flow, request, svc)
    if isinstance(form, BadBody):
        loading.ensure_own(flow, request)
        return submitting.refused(flow, "", [submitting.unreadable(form)], request, svc)
    method = recovery_form.responsible(flow, form)
    if method is None:
        return _for_nobody(flow, request, svc)
    if not method.enabled(svc):
        raise NotFound(f"The method {method.id} is not enabled for this flow")
    return _answered(method, form, resumed, request, svc)


def _answered(method: RecoveryMethod, form: Form, resumed: Resumed, request: Request, svc: Services) -> Outcome:
    flow = resumed.flow
    asked = method.asked(flow, form)
    if isinstance(asked, Presented) and method.id == LINK:
        return _by_link(flow, asked.secret, form, request, svc)
    refused = _guarded(flow, method, form, request, svc)
    if refused is not None:
        return refused
    if isinstance(asked, Presented):
        return _by_code(flow, asked.secret, form, request, svc)
    if resumed.session is not None:
        raise _signed_in(request, svc)
    if isinstance(asked, Rejected):
        return submitting.refused(replace(flow, active=method.id), method.id, asked.problems, request, svc)
    if flow.state is FlowState.PASSED_CHALLENGE:
        return recovered.replaced(flow, [Problem(messages.RECOVERY_RETRY_SUCCESS())], request, svc)
    sends = isinstance(asked, SendTo) and (method.id == LINK or not choosing(flow))
    whose = recovering.whose(asked.typed, resumed.found, svc, sends=sends)
    step = _step(method, asked, resumed, form, svc, whose)
    if step is None:
        why = messages.GENERIC(reason="That is none of the addresses to choose from")
        return submitting.refused(flow, method.id, [Problem(why)], request, svc)
    try:
        stored = recovering.store(step, svc)
    except FlowChanged:
        stored = svc.flows.find(flow.id, Kind.RECOVERY) or flow
    payload = {"transient_payload": dict(form.transient_payload)}
    return FlowContinued(flow=stored, document=drawing.document(stored, request, svc, **payload), method=method.id)


def _for_nobody(flow: Flow, request: Request, svc: Services) -> Outcome:
    """The form says so, to the client it belongs to; any other browser is sent to its page and finds out there."""
    own = flow.is_api or flow.unguarded or loading.csrf_secret(flow, request) is not None
    if not own and not request.wants_json:
        return Redirect(location=svc.urls.ui(Kind.RECOVERY, flow=flow.id))
    loading.ensure_own(flow, request)
    why = Problem(messages.RECOVERY_NO_STRATEGY_FOUND())
    return submitting.refused(replace(flow, active="default"), "", [why], request, svc)


def _step(
    method: RecoveryMethod,
    asked: SendTo | Chosen | Confirmed | Back,
    resumed: Resumed,
    form: Form,
    svc: Services,
    whose: recovering.Whose,
) -> recovering.Step | None:
    flow, payload = resumed.flow, form.transient_payload
    match asked:
        case SendTo(typed) if method.id == LINK:
            return recovering.send_link(flow, whose, typed, payload, svc)
        case SendTo(typed) if choosing(flow):
            return recovering.first_step(flow, whose, typed, payload, svc)
        case SendTo(typed):
            return recovering.send_code(flow, whose, typed, typed, payload, svc)
        case Chosen(typed, selected):
            return recovering.chosen(flow, whose, typed, selected, payload, svc)
        case Confirmed(typed, to):
            return recovering.send_code(flow, whose, typed, to, payload, svc)
        case Back(typed):
            return recovering.back(flow, whose.identity, typed, svc)


def _by_code(flow: Flow, code: str, form: Form, request: Request, svc: Services) -> Outcome:
    """Count an attempt, and a guess of the account or else of the address; then compare. Wrong ones are noted.

    Raises TooManyRequests.
    """
    most = svc.config.selfservice.methods.code.config.max_submissions
    last = next((each for each in reversed(flow.codes) if each.purpose is Purpose.RECOVERY), None)
    whose = last.identity_id if last is not None else NIL_UUID
    known = whose != NIL_UUID
    counted, guess, identity, forgetting = svc.parallel(
        lambda: svc.flows.attempted(flow, most),
        lambda: reserve_guess(whose if known or last is None else last.address, svc),
        lambda: svc.identities.find(whose),
        lambda: recovered.forgetting(whose, svc),
    )
    if counted is None:
        reason = "The code was entered too often. Please ask for a new one here"
        return recovered.replaced(flow, [Problem(messages.GENERIC(reason=reason))], request, svc)
    ensure_reserved(guess)
    sent = codes.matching(counted, code, Purpose.RECOVERY, svc)
    if sent is None or identity is None or not recovering.still_holds(sent, identity):
        return _wrong(counted, form, request, svc)
    attempt = recovered.Recovery(counted, sent, identity, CODE, form.transient_payload, request, forgetting)
    return recovered.let_in(attempt, svc) or _wrong(counted, form, request, svc)


def _by_link(flow: Flow, token: str, form: Form, request: Request, svc: Services) -> Outcome:
    """192 bits need no counting. Browsers alone can go on from here, whoever the link was sent for."""
    sent = codes.matching(flow, token[:_LONGEST_TOKEN], Purpose.RECOVERY_LINK, svc, expired=True)
    whose = sent.identity_id if sent is not None else NIL_UUID
    identity, forgetting = svc.parallel(lambda: svc.identities.find(whose), lambda: recovered.forgetting(whose, svc))
    if sent is None or identity is None or not recovering.still_holds(sent, identity):
        return _link_refused(flow, messages.RECOVERY_TOKEN_INVALID_OR_ALREADY_USED(), request, svc)
    if sent.expires_at <= svc.clock.now():
        return _link_refused(flow, messages.RECOVERY_FLOW_EXPIRED(expired_at=sent.expires_at), request, svc)
    own_page = svc.config.selfservice.flows.recovery.ui_url is None
    if request.method == "GET" and request.accepts_html and own_page:
        internal = {**flow.internal, SENT: LINK}
        browsers = replace(flow, type=FlowType.BROWSER, internal=internal, messages=(), problems=())
        return submitting.prefilled(browsers, token, svc)
    attempt = recovered.Recovery(flow, sent, identity, LINK, form.transient_payload, request, forgetting)
    done = recovered.let_in(attempt, svc)
    return done or _link_refused(flow, messages.RECOVERY_TOKEN_INVALID_OR_ALREADY_USED(), request, svc)


def _link_refused(flow: Flow, why: Message, request: Request, svc: Services) -> Outcome:
    return recovered.replaced(flow, [Problem(why)], request, svc, use=LINK)


def _wrong(flow: Flow, form: Form, request: Request, svc: Services) -> FlowContinued:
    """The form again, which is an answer like any other (as recorded)."""
    why = Problem(messages.RECOVERY_CODE_INVALID_OR_ALREADY_USED())
    told = submitting.refused(flow, CODE, [why], request, svc)
    extra = {} if choosing(flow) else {"transient_payload": dict(form.transient_payload)}
    return FlowContinued(flow=told.flow, document=told.document | extra, method=CODE)


def _guarded(flow: Flow, method: RecoveryMethod, form: Form, request: Request, svc: Services) -> Outcome | None:
    """The answer to a form that does not come from the flow's own client. Raises CsrfViolation."""
    if flow.unguarded and method.id == CODE:
        return None
    try:
        problem = loading.guard(flow, request, form.text("csrf_token"))
    except CsrfViolation as violation:
        if method.id == CODE:  # as recorded: the flow is given up, and so is the browser's secret
            violation.cookies = CookieChanges(csrf=csrf.new_secret(svc.random.bytes))
        raise
    if problem is None:
        return None
    if method.id == CODE:
        return recovered.replaced(flow, [problem], request, svc, type_=FlowType.BROWSER)
    return submitting.refused(flow, method.id, [problem], request, svc)


def _form(request: Request) -> Form | BadBody:
    """The body; an opened link has none, and gives its token in the address."""
    token = request.param("token")
    linked = {"token": token} if token else {}
    if request.method != "POST":
        return Form(linked)
    try:
        # What an own page posts for an opened link stands in the body; the link itself needs none.
        sent = decode(request.body, request.headers.get("content-type"), _SHAPE) if request.body or not linked else {}
    except BadBody as bad:
        return bad
    return Form(linked | sent)


def _signed_in(request: Request, svc: Services) -> SessionAlreadyAvailable:
    """Browsers go on to a step of our own that they wanted to, else to the default page."""
    wanted = request.param("return_to") or ""
    own = wanted.startswith(svc.urls.self_service(""))
    return SessionAlreadyAvailable(
        "Somebody is signed in; sign out before getting back into an account",
        browser_location=destinations.checked(wanted, svc) if own else svc.urls.default_return,
        browser_status=302,
    )


def _ensure_enabled(svc: Services) -> None:
    if not svc.config.selfservice.flows.recovery.enabled:
        raise BadRequest("Recovery is not offered here")
