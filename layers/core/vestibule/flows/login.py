"""Sign in: start, fetch, submit. Contract 01 §4."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.crypto.text import to_base64url
from vestibule.crypto.tokens import ExchangeCode
from vestibule.domain.addresses import as_verified, verifiable
from vestibule.domain.errors import Aal1Required, BadRequest, NotFound, SessionAlreadyAvailable, SessionInactive
from vestibule.domain.flow import Flow, FlowType, Kind
from vestibule.domain.identity import Identity
from vestibule.domain.message import Problem
from vestibule.domain.outcome import FlowInvalid, FlowShown, FlowStarted, Outcome, SignedIn
from vestibule.domain.request import Request
from vestibule.domain.session import Aal, Session
from vestibule.flows import submitting
from vestibule.hooks import chain
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import assurance, destinations, drawing, issuing, loading, opening
from vestibule.lifecycle.loading import Resumed
from vestibule.methods import second_factor
from vestibule.methods.code import CODE
from vestibule.methods.identifier import IDENTIFIER
from vestibule.methods.method import Attempt, Form, Pending, Proven, Rejected
from vestibule.methods.password_login import PASSWORD
from vestibule.methods.registry import METHODS, proves
from vestibule.ports import Key, Put, TransactionCancelled, Update
from vestibule.services import Services
from vestibule.stores.identities import IdentityChanged
from vestibule.stores.identity_items import from_item
from vestibule.ui import messages
from vestibule.ui.decode import BadBody

_TRUE = {"1", "t", "T", "TRUE", "true", "True"}
_IDENTITY, _SESSION = 0, 1
"""Positions in the transaction that opens a session: the identity's check or change, the session, then the proof."""

_TRIES = 5
"""Writes of one sign-in. More means that many others change the person now: then the session alone is stored."""

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
        flow = _for_session(flow, session, svc)
    stopped = chain.run(Moment(point=Point.LOGIN_BEFORE, request=request, flow=flow), svc)
    if stopped is not None:
        return stopped
    flow = svc.flows.add(flow)
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
    form = submitting.read_form(Kind.LOGIN, request)
    resumed = loading.resume(Kind.LOGIN, request, svc, _keys(form, svc))
    _ensure_useful(resumed, svc)
    opening.ensure_current(resumed.flow, request, svc)
    if isinstance(form, BadBody):
        loading.ensure_own(resumed.flow, request)
        return submitting.refused(resumed.flow, "", [submitting.unreadable(form)], request, svc)
    problem = loading.guard(resumed.flow, request, form.text("csrf_token"))
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
        case Proven() as proven:
            return _signed_in(proven, method.id, attempt, svc)


def _signed_in(proven: Proven, method: str, attempt: Attempt, svc: Services) -> Outcome:
    payload = dict(attempt.form.transient_payload)
    flow, identity = replace(attempt.flow, active=method, transient_payload=payload), _verified(proven, svc)
    if not identity.active:
        return _disabled(flow, method, attempt, svc)
    return_to = destinations.after(attempt.flow, method, svc)
    session = attempt.session
    if session is not None and session.identity_id == identity.id:
        issued = issuing.refresh(session, identity, proven.factor, attempt.request, svc)
        stored = svc.sessions.refreshing(issued.session)
    else:
        issued = issuing.issue(identity, proven.factor, attempt.request, svc)
        stored = svc.sessions.adding(issued.session)
    moment = Moment(
        point=Point.LOGIN_AFTER,
        request=attempt.request,
        flow=flow,
        method=method,
        identity=identity,
        factor=proven.factor,
        issued=issued,
        return_to=return_to,
    )
    passed = chain.through(moment, svc)
    if not isinstance(passed, Moment):
        return passed
    issued = passed.issued or issued
    try:
        svc.parallel(lambda: _store(proven, identity, stored, svc), *proven.beside)
    except TransactionCancelled as cancelled:
        return _overtaken(cancelled, flow, method, attempt, svc)
    complete = assurance.suffices(issued.session, svc.config.session.whoami.required_aal)
    return SignedIn(
        flow=attempt.flow,
        method=method,
        session=issuing.session_document(issued.shown, svc, with_identity=complete),
        token=issued.token,
        return_to=passed.return_to if complete else assurance.step_up(svc, flow.return_to),
        complete=complete,
        continue_with=passed.continue_with,
        cookies=issuing.cookies(issued, flow, svc, secret=passed.csrf),
    )


def _verified(proven: Proven, svc: Services) -> Identity:
    """The identity with the address that was proven along; one that is verified stays as it is."""
    via, value = proven.address or ("", "")
    address = verifiable(proven.identity, via, value)
    if address is None or address.verified:
        return proven.identity
    return as_verified(proven.identity, via, value, svc.clock.now())


def _store(proven: Proven, identity: Identity, session: Put | Update, svc: Services) -> None:
    """The session, with what becomes of the identity and what proves it, in one transaction.

    Raises TransactionCancelled.
    """
    also = (session, *proven.writes)
    for _ in range(_TRIES):
        if identity is proven.identity:
            break
        try:
            svc.identities.update(proven.identity, identity, also=also)
        except IdentityChanged:
            proven = replace(proven, identity=svc.identities.find(identity.id) or proven.identity)
            identity = _verified(proven, svc) if proven.identity.active else proven.identity
        else:
            return
    svc.table.transact([svc.identities.still_active(identity), *also])


def _overtaken(
    cancelled: TransactionCancelled, flow: Flow, method: str, attempt: Attempt, svc: Services
) -> FlowInvalid:
    """Another request was quicker: the identity is gone or disabled, what proved it was used, or the session has ended.

    Raises SessionInactive, NotFound.
    """
    if _IDENTITY in cancelled.failed:
        gone = from_item(cancelled.failed[_IDENTITY]) is None
        why = messages.INVALID_CREDENTIALS() if gone else messages.IDENTITY_DISABLED()
        return submitting.refused(flow, method, [Problem(why)], attempt.request, svc)
    if any(position > _SESSION for position in cancelled.failed):
        newest = svc.flows.find(flow.id, Kind.LOGIN)
        if newest is None:
            raise NotFound
        return submitting.refused(newest, method, [submitting.no_method(Kind.LOGIN)], attempt.request, svc)
    raise SessionInactive("The session was ended by another request; sign in again")


def _disabled(flow: Flow, method: str, attempt: Attempt, svc: Services) -> FlowInvalid:
    return submitting.refused(flow, method, [Problem(messages.IDENTITY_DISABLED())], attempt.request, svc)


def _keys(form: Form | BadBody, svc: Services) -> tuple[Key, ...]:
    """What the chosen method wants to be read with the flow; a wrong choice is told later, when the flow is known."""
    if isinstance(form, BadBody):
        return ()
    for method in METHODS[Kind.LOGIN]:
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


def _for_session(flow: Flow, session: Session, svc: Services) -> Flow:
    """A flow of somebody who is signed in says why it is there, and knows who it is."""
    why = messages.LOGIN_RE_AUTH() if flow.refresh else messages.LOGIN_MFA()
    if flow.requested_aal == Aal.AAL2:
        known: dict[str, Any] = {second_factor.FACTORS: second_factor.held(session.identity)}
    else:
        known = _known(session, svc) if flow.refresh else {}
    return replace(flow, internal=known, messages=(why,))


def _known(session: Session, svc: Services) -> dict[str, Any]:
    """Of somebody who signs in once more: the identifier; where codes sign in too it is asked for (contract 08)."""
    if svc.config.selfservice.methods.code.passwordless_enabled:
        password = svc.identities.configs(session.identity_id, [PASSWORD]).get(PASSWORD, {})
        return {"methods": [*([PASSWORD] if password.get("hashed_password") else ()), CODE]}
    credential = session.identity.credential(PASSWORD) if session.identity else None
    return {IDENTIFIER: credential.identifiers[0]} if credential and credential.identifiers else {}


def _signed_in_already(location: str) -> SessionAlreadyAvailable:
    return SessionAlreadyAvailable(
        "Somebody is signed in already; to sign in again, start the flow with refresh=true",
        browser_location=location,
    )
