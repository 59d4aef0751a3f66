"""Whoever comes back from a provider: sign-in, sign-up, or one more account linked in settings. Contract 03 §10."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from msgspec.structs import replace

from vestibule.config.urls import with_query
from vestibule.crypto.text import to_base64url
from vestibule.crypto.tokens import ExchangeCode
from vestibule.domain.errors import BadRequest, Conflict, NoSession, SessionAlreadyAvailable, SessionInactive
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.message import Problem
from vestibule.domain.outcome import Empty, FlowInvalid, Outcome, Redirect, SignedIn, SignedUp
from vestibule.domain.request import Request
from vestibule.flows import submitting
from vestibule.flows.settings_change import Submitted, change
from vestibule.flows.vouched import arrived, as_browsers_see, with_returned
from vestibule.lifecycle import loading, opening, owned
from vestibule.methods.identifier import LINK
from vestibule.methods.method import Attempt, Change, Form, Vouched
from vestibule.methods.oidc import apple, client, journey, links, oauth1, person
from vestibule.methods.oidc.endpoints import endpoints
from vestibule.methods.oidc.id_tokens import Untrusted
from vestibule.methods.oidc.journey import Journey
from vestibule.methods.oidc.links import OIDC
from vestibule.ports import TransactionCancelled
from vestibule.services import Services
from vestibule.stores import exchanges
from vestibule.stores.identities import AlreadyExists, IdentityChanged
from vestibule.ui import messages

_LARGEST = 64 * 1024
"""Bytes of an answer that comes as a form."""

_ERROR = re.compile(r"[a-z_]{1,64}")


def callback(request: Request, svc: Services) -> Outcome:
    """A provider's answer. One that comes as a form is answered at the same address with a query: cookies come then.

    Raises BadRequest for an answer that nobody waits for, NotFound, FlowExpired, SessionAlreadyAvailable,
    Misconfigured, UpstreamFailed, InternalError.
    """
    if request.method == "HEAD":
        return Empty()  # looking on ends no journey
    if request.method == "POST":
        return _as_query(request)
    trip = journey.opened(request, svc)
    request = replace(request, query=(("flow", trip.flow_id), *request.query))
    return _linked(trip, request, svc) if trip.kind is Kind.SETTINGS else _entered(trip, request, svc)


def _as_query(request: Request) -> Redirect:
    """Raises BadRequest."""
    if len(request.body) > _LARGEST:
        raise BadRequest("The provider's answer is too long")
    try:
        sent = dict(parse_qsl(request.body.decode(), max_num_fields=50))
    except ValueError:
        raise BadRequest("The provider's answer cannot be read") from None
    return Redirect(location=with_query(request.url.partition("?")[0], **journey.answer(sent)), status=302)


# --- who it is ------------------------------------------------------------------------------------------


def _vouched(trip: Journey, request: Request, svc: Services) -> Vouched | str:
    """Who comes back, by the provider's word; a sentence where it does not give it. Raises BadRequest and others."""
    trip = journey.used(trip, svc)
    provider, error = trip.provider, request.param("error")
    if error:
        said = error if _ERROR.fullmatch(error) else "an error"
        return f"{provider.label} did not sign you in: {said}"
    try:
        if provider.row.speaks == "oauth1":
            token, verifier = request.param("oauth_token"), request.param("oauth_verifier")
            if not token or not verifier:
                return f"{provider.label} did not sign you in"
            claims, tokens = oauth1.person(provider, token, verifier, svc)
        else:
            # DingTalk has a name of its own for it.
            code, at = request.param("code") or request.param("authCode"), endpoints(provider, svc)
            journey.ensure_from(trip, at, request)
            if not code:
                return f"{provider.label} did not sign you in: its answer has no code"
            tokens = client.traded(provider, at, code, trip.verifier, svc)
            claims = person.of_tokens(provider, at, tokens, trip.nonce, svc)
    except Untrusted as untrusted:
        return f"{provider.label}: {untrusted}"
    named = request.param("user")
    if named and provider.config.provider == "apple":
        claims = apple.named(claims, named)
    return Vouched(provider, claims, tokens, trip.traits, trip.payload)


# --- login and registration -----------------------------------------------------------------------------


def _entered(trip: Journey, request: Request, svc: Services) -> Outcome:
    resumed = loading.resume(trip.kind, request, svc)
    flow, session = resumed.flow, resumed.session
    if session is not None and not flow.is_api and not flow.refresh:
        reason = "Somebody is signed in already; to sign in again, start the flow with refresh=true"
        raise SessionAlreadyAvailable(reason, browser_location=svc.urls.default_return)
    opening.ensure_current(flow, request, svc)
    vouched = _vouched(trip, request, svc)
    if isinstance(vouched, str):
        return _handed_over(_refused(trip, flow, vouched, request, svc), flow, svc)
    attempt = Attempt(request, _linking_nothing(flow), Form({}), None if flow.is_api else session, {})
    vouched = replace(vouched, claims_first=flow.is_api)
    return _handed_over(arrived(vouched, attempt, svc), flow, svc)


def _linking_nothing(flow: Flow) -> Flow:
    """An app's flow without the account that waits in it: whoever comes back may have been led there by another."""
    if not flow.is_api:
        return flow
    return replace(flow, internal={name: value for name, value in flow.internal.items() if name != LINK})


def _refused(trip: Journey, flow: Flow, why: str, request: Request, svc: Services) -> Outcome:
    problem = Problem(messages.GENERIC(reason=why))
    if flow.kind is Kind.LOGIN:
        return submitting.refused(replace(flow, active=OIDC), OIDC, [problem], request, svc)
    returned = with_returned(flow, trip.provider.id, named=False)
    return as_browsers_see(submitting.refused(returned, OIDC, [problem], request, svc))


def _handed_over(outcome: Outcome, flow: Flow, svc: Services) -> Outcome:
    """An app that waits outside gets a code to fetch with what became of it. Contract 01 §15."""
    if flow.exchange_code_digest is None:
        return outcome
    code = ExchangeCode.new(flow.id, svc.random.bytes)
    digest = to_base64url(code.digest("return_to"))
    extra: dict[str, str] = {}
    match outcome:
        case SignedIn(token=token) | SignedUp(token=str(token)):
            known = exchanges.with_session(flow, digest, token, code.text, svc.journey_sealer)
        case FlowInvalid(flow=open_):
            known = exchanges.with_open_flow(open_ if open_.id == flow.id else flow, digest, open_)
            extra = {"flow": open_.id} if open_.kind is Kind.REGISTRATION else {}
        case _:
            return outcome
    svc.flows.save(known)
    back = flow.return_to or svc.urls.default_return
    return Redirect(location=with_query(back, **extra, code=code.text))


# --- settings -------------------------------------------------------------------------------------------


def _linked(trip: Journey, request: Request, svc: Services) -> Outcome:
    """One more account at a provider, for whoever is signed in and began this in their settings."""
    try:
        flow, session, identity = owned.resume(Kind.SETTINGS, request, svc)
    except NoSession:
        raise SessionInactive("Sign in first: the session has ended in which the account was to be linked") from None
    opening.ensure_current(flow, request, svc)
    vouched = _vouched(trip, request, svc)
    flow = replace(flow, active=OIDC)
    if isinstance(vouched, str):
        return submitting.refused(flow, OIDC, [Problem(messages.GENERIC(reason=vouched))], request, svc)
    entry = links.entry(vouched.provider, vouched.claims["sub"], vouched.tokens)
    config = svc.identities.configs(identity.id, [OIDC]).get(OIDC, {})
    new, config = links.with_link(identity, config, entry, svc)
    wanted = Change(new, {OIDC: config}, factor=links.factor(vouched.provider, vouched.claims, svc))
    form = Form({"method": OIDC, "link": trip.provider.id, "transient_payload": dict(vouched.payload)})
    try:
        return change(wanted, Submitted(flow, session, identity, form, request), OIDC, svc)
    except AlreadyExists:
        return submitting.refused(flow, OIDC, [Problem(messages.DUPLICATE_CREDENTIALS())], request, svc)
    except (IdentityChanged, TransactionCancelled):
        raise Conflict("The account was changed by another request at the same moment; link it once more") from None
