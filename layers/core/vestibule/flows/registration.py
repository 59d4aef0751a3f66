"""Sign up: start, fetch, submit. Contract 01 §5."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.crypto.text import to_base64url
from vestibule.crypto.tokens import ExchangeCode
from vestibule.domain.errors import FlowDisabled, SessionAlreadyAvailable
from vestibule.domain.flow import FlowType, Kind
from vestibule.domain.outcome import FlowInvalid, FlowShown, FlowStarted, Outcome
from vestibule.domain.request import Request
from vestibule.flows import submitting
from vestibule.flows.signing_up import signed_up
from vestibule.flows.vouched import arrived
from vestibule.hooks import chain
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import destinations, drawing, loading, opening
from vestibule.lifecycle.loading import Resumed
from vestibule.methods.method import Attempt, Pending, Proven, Redirected, Rejected, Vouched
from vestibule.methods.registry import methods
from vestibule.services import Services
from vestibule.ui.decode import BadBody
from vestibule.ui.violations import problems as problems_of

methods(Kind.REGISTRATION)  # imported with this module, not by the first request


def start(request: Request, svc: Services) -> Outcome:
    """Open a flow for somebody who is not signed in.

    Raises FlowDisabled, SessionAlreadyAvailable, ReturnToForbidden, BadRequest.
    """
    _ensure_enabled(svc)
    type_ = opening.asked_type(request)
    return_to = destinations.requested(request, svc)
    schema = opening.chosen_schema(request.param("identity_schema"), svc)
    if loading.active_session(request, svc) is not None:
        raise _signed_in_already(return_to or destinations.default_after(Kind.REGISTRATION, "", svc))
    flow = replace(opening.new_flow(Kind.REGISTRATION, type_, request, svc), identity_schema=schema)
    extra: dict[str, str] = {}
    if type_ is FlowType.API and request.param("return_session_token_exchange_code") == "true":
        code = ExchangeCode.new(flow.id, svc.random.bytes)
        flow = replace(flow, exchange_code_digest=to_base64url(code.digest("init")))
        extra["session_token_exchange_code"] = code.text
    passed = chain.through(Moment(point=Point.REGISTRATION_BEFORE, request=request, flow=flow), svc)
    if not isinstance(passed, Moment):
        return passed
    flow = svc.flows.open(flow, passed.writes)
    return FlowStarted(flow=flow, document=drawing.document(flow, request, svc, **extra))


def fetch(request: Request, svc: Services) -> Outcome:
    """Show a stored flow. Raises FlowDisabled, NotFound, CsrfViolation, FlowExpired."""
    _ensure_enabled(svc)
    flow = loading.fetch(Kind.REGISTRATION, request, svc)
    return FlowShown(document=drawing.document(flow, request, svc))


def submit(request: Request, svc: Services) -> Outcome:
    """Check what was submitted and, if it holds, make the identity and run the hooks.

    What is wrong with the form is an answer (`FlowInvalid`), not an error.
    Raises FlowDisabled, BadRequest, NotFound, FlowExpired, CsrfViolation, SessionAlreadyAvailable, BadGateway.
    """
    _ensure_enabled(svc)
    resumed = loading.resume(Kind.REGISTRATION, request, svc)
    if resumed.session is not None:
        raise _signed_in_already(svc.urls.default_return, browser_status=302)
    opening.ensure_current(resumed.flow, request, svc)
    outcome = _answered(resumed, request, svc)
    # The reference sends browsers back to a refused form with another status here than anywhere else (contract 01 §5).
    if isinstance(outcome, FlowInvalid) and outcome.refused:
        return replace(outcome, browser_status=302)
    return outcome


def _answered(resumed: Resumed, request: Request, svc: Services) -> Outcome:
    flow = resumed.flow
    schema = svc.schema(flow.identity_schema)
    form = submitting.read_form(Kind.REGISTRATION, request, schema.trait_fields)
    if isinstance(form, BadBody):
        loading.ensure_own(flow, request)
        return submitting.refused(flow, "", [submitting.unreadable(form)], request, svc)
    problem = submitting.guard(flow, form, request, svc)
    if problem:
        return submitting.refused(flow, "", [problem], request, svc, traits=form.traits)
    method = submitting.chosen(Kind.REGISTRATION, form, svc)
    if method is None:
        wrong = tuple(problems_of(schema.validate(form.traits))) or (submitting.no_method(Kind.REGISTRATION),)
        return submitting.refused(flow, "", wrong, request, svc)
    attempt = Attempt(request, flow, form, None, resumed.found)
    match method.submit(attempt, svc):
        case Rejected(problems, values, counted):
            return submitting.refused(counted or flow, method.id, problems, request, svc, **values)
        case Pending() as pending:
            return submitting.next_step(pending, method, form, request, svc)
        case Redirected(location, cookies):
            return submitting.elsewhere(flow, method.id, location, cookies)
        case Vouched() as vouched:
            return arrived(vouched, attempt, svc)
        case Proven() as proven:
            return signed_up(proven, method.id, attempt, svc)


def _ensure_enabled(svc: Services) -> None:
    if not svc.config.selfservice.flows.registration.enabled:
        raise FlowDisabled("Registration is not offered here")


def _signed_in_already(location: str, browser_status: int = 303) -> SessionAlreadyAvailable:
    reason = "Somebody is signed in; sign out before signing up"
    return SessionAlreadyAvailable(reason, browser_location=location, browser_status=browser_status)
