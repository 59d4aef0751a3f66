"""Sign in: start, fetch, submit. Contract 01 §4."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.crypto.text import to_base64url
from vestibule.crypto.tokens import ExchangeCode
from vestibule.domain.errors import Aal1Required, BadRequest, SessionAlreadyAvailable
from vestibule.domain.flow import Flow, FlowType, Kind
from vestibule.domain.outcome import FlowShown, FlowStarted, Outcome
from vestibule.domain.request import Request
from vestibule.domain.session import Aal, Session
from vestibule.flows import submitting
from vestibule.flows.signing_in import signed_in
from vestibule.flows.vouched import arrived
from vestibule.hooks import chain
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import destinations, drawing, loading, opening
from vestibule.lifecycle.loading import Resumed
from vestibule.methods import code_step_up, oidc_login, second_factor
from vestibule.methods.code import CODE
from vestibule.methods.factors import has_password
from vestibule.methods.identifier import IDENTIFIER
from vestibule.methods.keys import known as keys_known
from vestibule.methods.method import Attempt, Form, Pending, Proven, Redirected, Rejected, Vouched
from vestibule.methods.password_login import PASSWORD
from vestibule.methods.registry import methods, proves
from vestibule.ports import Key
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.decode import BadBody

_METHODS = methods(Kind.LOGIN)
_TRUE = {"1", "t", "T", "TRUE", "true", "True"}
_LEVELS = {"aal1": Aal.AAL1, "aal2": Aal.AAL2}


def start(request: Request, svc: Services) -> Outcome:
    """Open a flow for whoever is not signed in, or has to prove more.

    Raises SessionAlreadyAvailable, Aal1Required, ReturnToForbidden, BadRequest.
    """
    type_ = opening.asked_type(request)
    aal = _requested_aal(request)
    return_to = destinations.requested(request, svc)
    session = loading.active_session(request, svc)
    refresh = session is not None and request.param("refresh") in _TRUE
    if session is None and aal is Aal.AAL2:
        raise Aal1Required("A second factor needs a session with a first one: sign in first")
    if session is not None and not refresh and aal <= session.aal:
        raise _signed_in_already(return_to or destinations.default_after(Kind.LOGIN, "", svc))
    schema = opening.chosen_schema(request.param("identity_schema"), svc) if session is None else None
    flow = opening.new_flow(Kind.LOGIN, type_, request, svc)
    flow = replace(flow, requested_aal=str(aal), refresh=refresh, identity_schema=schema)
    extra: dict[str, str] = {}
    if type_ is FlowType.API and session is None and request.param("return_session_token_exchange_code") in _TRUE:
        code = ExchangeCode.new(flow.id, svc.random.bytes)
        flow = replace(flow, exchange_code_digest=to_base64url(code.digest("init")))
        extra["session_token_exchange_code"] = code.text
    if session is not None:
        flow = _for_session(flow, session, request, svc)
    passed = chain.through(Moment(point=Point.LOGIN_BEFORE, request=request, flow=flow), svc)
    if not isinstance(passed, Moment):
        return passed
    begun = _begun(flow, session, svc) if request.method != "HEAD" else Pending(flow)  # looking on sends no mail
    flow = svc.flows.open(begun.flow, (*begun.writes, *passed.writes))
    return FlowStarted(flow=flow, document=drawing.document(flow, request, svc, **extra))


def fetch(request: Request, svc: Services) -> Outcome:
    """Show a stored flow. Raises NotFound, CsrfViolation, FlowExpired."""
    flow = loading.fetch(Kind.LOGIN, request, svc)
    return FlowShown(document=drawing.document(flow, request, svc))


def submit(request: Request, svc: Services) -> Outcome:
    """Check the submitted credential and, if it holds, run the hooks and open a session.

    A wrong credential is an answer (`FlowInvalid`), not an error.
    Raises BadRequest, NotFound, FlowExpired, CsrfViolation, SessionAlreadyAvailable, TooManyRequests.
    """
    # Whoever is not known by a provider's word signs up with what they typed.
    by_provider = svc.config.selfservice.methods.oidc.enabled
    form = submitting.read_form(Kind.LOGIN, request, svc.schema(None).trait_fields if by_provider else None)
    resumed = loading.resume(Kind.LOGIN, request, svc, _keys(form, svc))
    _ensure_useful(resumed, svc)
    opening.ensure_current(resumed.flow, request, svc)
    if isinstance(form, BadBody):
        loading.ensure_own(resumed.flow, request)
        return submitting.refused(resumed.flow, "", [submitting.unreadable(form)], request, svc)
    problem = submitting.guard(resumed.flow, form, request, svc)
    method = submitting.chosen(Kind.LOGIN, form, svc, resumed.flow.requested_aal)
    if problem or method is None or not proves(method, resumed.flow.requested_aal):
        why = problem or submitting.no_method(Kind.LOGIN)
        return submitting.refused(resumed.flow, "", [why], request, svc)
    attempt = Attempt(request, resumed.flow, form, resumed.session, resumed.found)
    match method.submit(attempt, svc):
        case Rejected(problems, values, counted):
            return submitting.refused(counted or resumed.flow, method.id, problems, request, svc, **values)
        case Pending() as pending:
            return submitting.next_step(pending, method, form, request, svc)
        case Redirected(location, cookies):
            return submitting.elsewhere(resumed.flow, method.id, location, cookies)
        case Vouched() as vouched:
            return arrived(vouched, attempt, svc)
        case Proven() as proven:
            return signed_in(proven, method.id, attempt, svc)


def _keys(form: Form | BadBody, svc: Services) -> tuple[Key, ...]:
    """What the chosen method wants to be read with the flow; a wrong choice is told later, when the flow is known."""
    if isinstance(form, BadBody):
        return ()
    for method in _METHODS:
        if method.enabled(svc) and method.responsible(form):
            return tuple(method.keys(form, svc))
    return ()


def _ensure_useful(resumed: Resumed, svc: Services) -> None:
    flow, session = resumed.flow, resumed.session
    if session is None:
        if flow.requested_aal == Aal.AAL2:
            raise Aal1Required("The session that this second factor was for has ended: sign in again")
        return
    if not flow.refresh and flow.requested_aal <= session.aal:
        raise _signed_in_already(svc.urls.default_return)


def _requested_aal(request: Request) -> Aal:
    asked = (request.param("aal") or "aal1").lower()
    if asked not in _LEVELS:
        raise BadRequest("The query parameter aal takes aal1 or aal2")
    return _LEVELS[asked]


def _begun(flow: Flow, session: Session | None, svc: Services) -> Pending:
    """The flow as it opens: where a code is the only second factor that it offers, the code may be on its way."""
    if session is None or session.identity is None or not code_step_up.is_for(flow, svc):
        return Pending(flow)
    others = [method for method in _METHODS if method.id != CODE and method.enabled(svc)]
    if any(method.nodes(flow, svc) for method in others):
        return Pending(flow)
    return code_step_up.begun(flow, session.identity, svc)


def _for_session(flow: Flow, session: Session, request: Request, svc: Services) -> Flow:
    """A flow of somebody who is signed in says why it is there, and knows who it is. Raises BadRequest."""
    why = messages.LOGIN_RE_AUTH() if flow.refresh else messages.LOGIN_MFA()
    if flow.requested_aal == Aal.AAL2:
        known: dict[str, Any] = {second_factor.FACTORS: second_factor.held(session.identity)}
        known |= code_step_up.known(session.identity, request.param("via"), svc)
        known |= keys_known.for_second_factor(flow, session.identity, svc)
    else:
        known = keys_known.for_refresh(flow, session.identity, svc) or _known(session, svc) if flow.refresh else {}
        known = oidc_login.known_again(known, session.identity, svc) if flow.refresh else known
    return replace(flow, internal=known, messages=(why,))


def _known(session: Session, svc: Services) -> dict[str, Any]:
    """Of somebody who signs in once more: the identifier; where codes sign in too it is asked for (contract 08)."""
    if svc.config.selfservice.methods.code.passwordless_enabled:
        passwords = has_password(svc.identities.configs(session.identity_id, [PASSWORD]))
        return {"methods": [*([PASSWORD] if passwords else ()), CODE]}
    credential = session.identity.credential(PASSWORD) if session.identity else None
    return {IDENTIFIER: credential.identifiers[0]} if credential and credential.identifiers else {}


def _signed_in_already(location: str) -> SessionAlreadyAvailable:
    return SessionAlreadyAvailable(
        "Somebody is signed in already; to sign in again, start the flow with refresh=true",
        browser_location=location,
    )
