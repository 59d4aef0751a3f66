"""Prove that an address is one's own: start, fetch, submit. Contract 01 §7."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.crypto import csrf
from vestibule.domain.errors import BadRequest, FlowError, NotFound, ReturnToForbidden
from vestibule.domain.flow import Flow, FlowState, FlowType, Kind
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.domain.outcome import (
    CookieChanges,
    Document,
    FlowContinued,
    FlowInvalid,
    FlowShown,
    FlowStarted,
    Outcome,
    Redirect,
)
from vestibule.domain.request import Request
from vestibule.flows import submitting
from vestibule.hooks import chain
from vestibule.hooks.hook import Moment
from vestibule.hooks.pending_change import ChangeHooks
from vestibule.lifecycle import destinations, drawing, loading, opening, proving, verification_form, verifying
from vestibule.lifecycle import verification_again as again
from vestibule.lifecycle.loading import Resumed
from vestibule.methods.method import Form, Rejected
from vestibule.methods.verification import (
    BY_HOOK,
    Presented,
    SendTo,
    VerificationMethod,
)
from vestibule.ports import TransactWrite
from vestibule.services import Services
from vestibule.stores.addresses import address_key
from vestibule.ui import messages
from vestibule.ui.decode import BadBody, decode, decode_pairs
from vestibule.ui.shape import Kind as FieldKind
from vestibule.ui.shape import shape

_SHAPE = shape("method", "csrf_token", "email", "sms", "code", "token", transient_payload=FieldKind.OBJECT)
_BY_LINK = ("code", "token")
"""What a link in a mail carries; all else is read from the body alone, so that opening an address sends nothing."""

_METHODS = ("", "code", "link")


def start(request: Request, svc: Services) -> Outcome:
    """Open a flow for anybody, signed in or not. Raises BadRequest, NotFound."""
    method = _method(svc)
    type_ = opening.asked_type(request)
    try:
        destinations.requested(request, svc)
    except ReturnToForbidden as forbidden:
        return _to_everybody(forbidden)
    flow = replace(opening.new_flow(Kind.VERIFICATION, type_, request, svc), active=method.id)
    passed = chain.through(Moment(point=Point.VERIFICATION_BEFORE, request=request, flow=flow), svc)
    if not isinstance(passed, Moment):
        return passed
    flow = svc.flows.add(flow, passed.writes)
    return FlowStarted(flow=flow, document=drawing.document(flow, request, svc))


def fetch(request: Request, svc: Services) -> Outcome:
    """Show a stored flow. Raises BadRequest, NotFound, CsrfViolation, Gone."""
    _method(svc)
    flow = loading.fetch(Kind.VERIFICATION, request, svc)
    return FlowShown(document=drawing.document(flow, request, svc))


def submit(request: Request, svc: Services) -> Outcome:
    """Send a code or link, or check the one that was sent. Whether anybody has the address is never said.

    Raises BadRequest, NotFound, CsrfViolation, FlowReplaced.
    """
    form = _form(request)
    resumed = _resumed(form, request, svc)
    method = _method(svc)
    flow = resumed.flow
    if flow.expires_at <= svc.clock.now():
        return again.expired(flow, request, svc)
    if request.looks_on:
        return Redirect(location=again.page(flow, svc))
    if isinstance(form, BadBody):
        loading.ensure_own(flow, request)
        return submitting.refused(flow, "", [submitting.unreadable(form)], request, svc)
    match _asked(flow, form, method):
        case Rejected(problems, values):
            return _refused(flow, problems, values, request, svc)
        case Presented(secret) if method.id == "link":
            return _by_link(flow, secret, form, request, svc)
        case _ if flow.state is FlowState.PASSED_CHALLENGE:
            raise again.replaced(flow, messages.VERIFICATION_RETRY_SUCCESS(), request, svc)
        case Presented(secret):
            return _by_code(flow, secret, form, request, svc)
        case SendTo(typed):
            problem = _guard(flow, form, request)
            if problem:
                return _refused(flow, (problem,), {}, request, svc)
            sent = proving.send(flow, typed, resumed.found, form.transient_payload, svc)
            return _sent(sent, method, request, svc)


# --- what is asked for ----------------------------------------------------------------------------------


def _form(request: Request) -> Form | BadBody:
    """The body; opened links have none, and give their code or token in the address."""
    try:
        linked = decode_pairs([(name, value) for name, value in request.query if name in _BY_LINK], _SHAPE)
        if request.method != "POST":
            return Form(linked)
        return Form(linked | decode(request.body, request.headers.get("content-type"), _SHAPE))
    except BadBody as bad:
        return bad


def _resumed(form: Form | BadBody, request: Request, svc: Services) -> Resumed:
    """The flow, with the entry of the address that something is to be sent to.

    Whether anybody is signed in does not matter here: that is not read. Raises BadRequest, NotFound.
    """
    typed = "" if isinstance(form, BadBody) or form.text("code") else form.text("email") or form.text("sms")
    keys = (address_key(svc.index, *verifying.normalised(typed)),) if typed else ()
    try:
        return loading.resume(Kind.VERIFICATION, replace(request, session_token=None), svc, keys)
    except NotFound:
        raise NotFound("There is no such verification flow; start a new one") from None


def _asked(flow: Flow, form: Form, method: VerificationMethod) -> SendTo | Presented | Rejected:
    if form.method not in _METHODS:
        reason = "This way to verify an address is not known"
        return Rejected((Problem(messages.GENERIC(reason=reason), "#/method"),))
    asked = method.asked(form)
    meant = form.method or (method.id if isinstance(asked, Presented) or flow.internal.get(BY_HOOK) else "")
    token = isinstance(asked, Presented) and method.id == "link"
    if meant != method.id or (flow.active != method.id and not token):
        why = Problem(messages.VERIFICATION_NO_STRATEGY_FOUND())
        return Rejected((why,), {"email": form.text("email")})
    return asked


def _guard(flow: Flow, form: Form, request: Request) -> Problem | None:
    """As for every form. The flow of an app whose link a browser opened is that browser's since.

    Raises CsrfViolation.
    """
    if flow.is_api and loading.csrf_secret(flow, request) is not None:
        return loading.guard(replace(flow, type=FlowType.BROWSER), request, form.text("csrf_token"))
    return loading.guard(flow, request, form.text("csrf_token"))


# --- what comes of it -----------------------------------------------------------------------------------


def _refused(flow: Flow, problems: tuple[Problem, ...], values: Json, request: Request, svc: Services) -> FlowInvalid:
    """The form again. A flow that went to no method stays so, and says it each time (as recorded)."""
    loading.ensure_own(flow, request)
    strayed = any(problem.message.id == messages.VERIFICATION_NO_STRATEGY_FOUND.id for problem in problems)
    if strayed:
        problems = (*(flow.problems if flow.active == "default" else ()), *problems)
        flow = replace(flow, active="default")
    if flow.is_api and request.csrf:
        flow = replace(flow, csrf=csrf.digest(request.csrf))
    return submitting.refused(flow, "", problems, request, svc, **values)


def _sent(said: Flow | proving.Passed, method: VerificationMethod, request: Request, svc: Services) -> Outcome:
    if isinstance(said, proving.Passed):
        raise again.replaced(said.flow, messages.VERIFICATION_RETRY_SUCCESS(), request, svc)
    return FlowContinued(flow=said, document=drawing.document(said, request, svc), method=method.id)


def _by_code(flow: Flow, code: str, form: Form, request: Request, svc: Services) -> Outcome:
    if request.method != "POST":
        return submitting.prefilled(flow, code, svc)
    hooks = ChangeHooks(request, flow, svc)
    match proving.by_code(flow, code, hooks.prepare, _announcing(form, request, svc), svc):
        case proving.Proof() as proof:
            return _proven(proof, hooks, form, request, svc)
        case proving.Passed(late):
            raise again.replaced(late, messages.VERIFICATION_RETRY_SUCCESS(), request, svc)
        case proving.TooMany():
            reason = "The code was entered too often. Please ask for a new one here"
            raise again.replaced(flow, messages.GENERIC(reason=reason), request, svc)
        case proving.Wrong(counted):
            payload = {"transient_payload": dict(form.transient_payload)}
            document = drawing.document(counted, request, svc, **payload)
            return FlowContinued(flow=counted, document=document, method="code")


def _by_link(flow: Flow, token: str, form: Form, request: Request, svc: Services) -> Outcome:
    own_page = svc.config.selfservice.flows.verification.ui_url is None
    if request.method != "POST" and request.accepts_html and own_page:
        return submitting.prefilled(flow, token, svc)
    hooks = ChangeHooks(request, flow, svc)
    match proving.by_link(flow, token, hooks.prepare, _announcing(form, request, svc), svc):
        case proving.Proof() as proof:
            return _proven(proof, hooks, form, request, svc)
        case proving.Expired(at):
            return again.instead(messages.VERIFICATION_FLOW_EXPIRED(expired_at=at), request, svc)
        case None:
            return again.instead(messages.VERIFICATION_TOKEN_INVALID_OR_ALREADY_USED(), request, svc)


def _proven(proof: proving.Proof, hooks: ChangeHooks, form: Form, request: Request, svc: Services) -> Outcome:
    """The address is verified, whatever the hooks say: a form of theirs is answered with a new flow."""
    moment = _moment(proof.flow, proof.identity, form, request, svc)
    flow = moment.flow
    try:
        stopped = (hooks.run(proof.made) if proof.made else None) or chain.run(moment, svc)
    except FlowError as error:
        error.cookies = CookieChanges(csrf=csrf.new_secret(svc.random.bytes))
        raise
    if isinstance(stopped, FlowInvalid):
        raise again.replaced(flow, messages.VERIFICATION_STATE_FAILURE(), request, svc)
    if stopped is not None:
        return stopped
    document = drawing.document(proof.flow, request, svc)
    return FlowContinued(flow=proof.flow, document=document, method=flow.active or "", succeeded=True)


def _announcing(form: Form, request: Request, svc: Services) -> proving.Announce:
    """What hooks that nobody waits for tell of a proof is stored with it."""

    def announce(flow: Flow, identity: Identity) -> tuple[TransactWrite, ...]:
        return chain.prepare(_moment(flow, identity, form, request, svc), svc).writes

    return announce


def _moment(flow: Flow, identity: Identity, form: Form, request: Request, svc: Services) -> Moment:
    """Behind the proof."""
    return Moment(
        point=Point.VERIFICATION_AFTER,
        request=request,
        flow=replace(flow, transient_payload=dict(form.transient_payload)),
        method=flow.active or "",
        identity=identity,
        return_to=destinations.after(flow, "", svc),
    )


def _to_everybody(error: FlowError) -> Document:
    """The error itself for browsers too (as recorded of this start alone)."""
    headers = {"Content-Type": "application/json", "Ory-Error-Id": error.id or ""}
    return Document(body={"error": error.to_wire()}, status=error.status, headers=headers)


def _method(svc: Services) -> VerificationMethod:
    """The configured one. Raises BadRequest, NotFound."""
    if not svc.config.selfservice.flows.verification.enabled:
        raise BadRequest("Verification is not offered here")
    method = verification_form.method(svc)
    if method is None:
        raise NotFound("The configured way to verify addresses is not enabled")
    return method
