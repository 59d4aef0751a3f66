"""Change one's own account: start, fetch, submit. Contract 01 §8."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.domain.errors import Conflict, SessionInactive
from vestibule.domain.flow import FlowType, Kind
from vestibule.domain.message import Problem
from vestibule.domain.outcome import FlowContinued, FlowShown, FlowStarted, Outcome
from vestibule.domain.request import CONTINUITY, Request
from vestibule.flows import submitting
from vestibule.flows.settings_change import Submitted, began, change, ensure_fresh
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import assurance, destinations, drawing, loading, opening, owned
from vestibule.lifecycle.owned import Owned
from vestibule.methods.method import Change, Form, Pending, Redirected, Rejected, SettingsAttempt, SettingsMethod
from vestibule.methods.profile_settings import PROFILE, reopened
from vestibule.methods.registry import KNOWN, settings_methods
from vestibule.ports import TransactionCancelled
from vestibule.services import Services
from vestibule.stores.continuity import ticket_in
from vestibule.stores.flows import FlowChanged
from vestibule.stores.identities import AlreadyExists, IdentityChanged
from vestibule.ui import messages
from vestibule.ui.decode import BadBody, decode
from vestibule.ui.shape import Kind as FieldKind
from vestibule.ui.shape import shape

_METHODS = settings_methods()
_TRIES = 2
"""Attempts of one submit: the second one works with what another request has just written."""

_USED = "used"
"""What the continuity cookie holds once its form was taken."""


def start(request: Request, svc: Services) -> Outcome:
    """Open a flow for whoever is signed in. Raises SessionInactive, Aal2Required, ReturnToForbidden."""
    type_ = opening.asked_type(request)
    session = loading.active_session(request, svc)
    if session is None or session.identity is None:
        raise _signed_out(type_, request, svc)
    return_to = destinations.requested(request, svc)
    required = svc.config.selfservice.flows.settings.required_aal
    assurance.ensure(session, required, svc, request.url if return_to else None)
    flow = opening.settings_flow(type_, session.identity, request, svc)
    passed = began(flow, session, request, svc)
    if not isinstance(passed, Moment):
        return passed
    flow = svc.flows.add(flow, passed.writes)
    return FlowStarted(flow=flow, document=drawing.document(flow, request, svc))


def fetch(request: Request, svc: Services) -> Outcome:
    """Show a stored flow to its owner. Raises NoSession, NotFound, IdentityMismatch, Aal2Required, Gone."""
    flow = owned.fetch(Kind.SETTINGS, request, svc)
    return FlowShown(document=drawing.document(flow, request, svc))


def submit(request: Request, svc: Services) -> Outcome:
    """Make the change that the form asks for; a GET goes on with the form that was parked for a fresh sign-in.

    What is wrong with the form is an answer (`FlowInvalid`), not an error. Raises NoSession, BadRequest, NotFound,
    IdentityMismatch, Aal2Required, RefreshRequired, FlowExpired, CsrfViolation, BadGateway, Conflict.
    """
    mine = owned.resume(Kind.SETTINGS, request, svc)
    opening.ensure_current(mine[0], request, svc)
    if request.method != "POST":
        return _went_on(mine, request, svc)
    flow, _, identity = mine
    form = _read_form(request, identity.schema_id, svc)
    if isinstance(form, BadBody):
        loading.ensure_own(flow, request)
        return submitting.refused(flow, "", [submitting.unreadable(form)], request, svc)
    problem = loading.guard(flow, request, form.text("csrf_token"))
    if problem:
        return submitting.refused(flow, "", [problem], request, svc)
    return _answered(mine, form, request, svc)


def _went_on(mine: Owned, request: Request, svc: Services) -> Outcome:
    """With the parked form, once; without one the form is shown as it is. HEAD takes nothing."""
    flow = mine[0]
    ticket = ticket_in(request.cookies.get(CONTINUITY, ""))
    parked = svc.continuity.find(ticket) if request.method == "GET" else None
    if parked is None or (parked.flow_id, parked.identity_id) != (flow.id, flow.identity_id):
        return FlowContinued(flow=flow, document=drawing.document(flow, request, svc))
    if not svc.continuity.use(ticket):
        return FlowContinued(flow=flow, document=drawing.document(flow, request, svc))
    outcome = _answered(mine, Form(dict(parked.fields)), request, svc)
    return replace(outcome, cookies=replace(outcome.cookies, continuity=(_USED, _USED)))


def _answered(mine: Owned, form: Form, request: Request, svc: Services) -> Outcome:
    """The answer to a form of the flow's own client. Decided once more where another request was quicker."""
    for _ in range(_TRIES):
        submitted = Submitted(*mine, form, request)
        try:
            return _decided(submitted, svc)
        except (IdentityChanged, FlowChanged, TransactionCancelled):
            mine = owned.resume(Kind.SETTINGS, request, svc)
    raise Conflict("The account was changed by another request at the same moment; look at it and try again")


def _decided(submitted: Submitted, svc: Services) -> Outcome:
    flow, form, request = submitted.flow, submitted.form, submitted.request
    method = submitting.chosen_of(_METHODS, KNOWN[Kind.SETTINGS], form, svc)
    if method is None:
        problem = Problem(messages.SETTINGS_NO_STRATEGY_FOUND())
        return submitting.refused(flow, "", [problem], request, svc)
    if method.protected:
        ensure_fresh(submitted, method.id, svc)
    attempt = SettingsAttempt(flow, form, submitted.session, submitted.identity, request)
    match method.submit(attempt, svc):
        case Rejected() as rejected:
            return _refused(rejected, submitted, method, svc)
        case Pending(following):
            stored = svc.flows.save(replace(following, updated_at=svc.clock.now()))
            document = drawing.document(stored, request, svc, transient_payload=dict(form.transient_payload))
            return FlowContinued(flow=stored, document=document, method=method.id)
        case Redirected(location, cookies):
            return submitting.elsewhere(flow, method.id, location, cookies)
        case Change() as wanted:
            try:
                return change(wanted, submitted, method.id, svc)
            except AlreadyExists:
                taken = Problem(messages.DUPLICATE_CREDENTIALS())
                return _refused(Rejected((taken,), {"traits": form.traits}), submitted, method, svc)


def _refused(rejected: Rejected, submitted: Submitted, method: SettingsMethod, svc: Services) -> Outcome:
    """As recorded, a profile that is refused leaves standing what was wrong elsewhere in the form."""
    flow, problems = submitted.flow, rejected.problems
    if method.id == PROFILE:
        flow = reopened(flow, rejected.values.get("traits", {}), svc)
        problems = (*(each for each in flow.problems if each not in problems), *problems)
    return submitting.refused(flow, method.id, problems, submitted.request, svc, **rejected.values)


def _read_form(request: Request, schema_id: str, svc: Services) -> Form | BadBody:
    traits = svc.schema(schema_id).trait_fields
    names = [name for method in _METHODS for name in method.fields]
    flags = {name: FieldKind.BOOLEAN for method in _METHODS for name in method.flags}
    wanted = shape("method", "csrf_token", *names, traits=traits, transient_payload=FieldKind.OBJECT, **flags)
    try:
        return Form(decode(request.body, request.headers.get("content-type"), wanted))
    except BadBody as bad:
        return bad


def _signed_out(type_: FlowType, request: Request, svc: Services) -> SessionInactive:
    return_to = request.param("return_to")
    where = svc.urls.self_service("login/browser", **({"return_to": return_to} if return_to else {}))
    beside = {} if type_ is FlowType.API else {"CredentialsMissing": False}
    return SessionInactive("Sign in first: there is no session", beside=beside, browser_location=where)
