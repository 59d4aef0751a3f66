"""What follows from a provider's word: a sign-in where the person is known, a sign-up where not. Contract 03 §10.

Which of both forms they left from does not matter: the flow changes its kind where it has to.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.domain.errors import FlowDisabled
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.identity import Identity
from vestibule.domain.message import Message, Problem
from vestibule.domain.outcome import FlowInvalid, Outcome, Redirect
from vestibule.domain.request import Request
from vestibule.flows import submitting
from vestibule.flows.signing_in import signed_in
from vestibule.flows.signing_up import signed_up
from vestibule.hooks import chain
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import drawing, opening
from vestibule.methods import login_hints, traits
from vestibule.methods.identifier import IDENTIFIER, LINK
from vestibule.methods.method import Attempt, Form, Proven, Vouched
from vestibule.methods.oidc import links, mapping, providers
from vestibule.methods.oidc.links import OIDC
from vestibule.methods.oidc_login import PROVIDERS
from vestibule.methods.oidc_registration import RETURNED
from vestibule.services import Services
from vestibule.stores.identities import AlreadyExists
from vestibule.ui import messages


def arrived(vouched: Vouched, attempt: Attempt, svc: Services) -> Outcome:
    """Sign in whom the account at the provider belongs to, or sign up with it. Raises InternalError, FlowDisabled."""
    subject = vouched.claims["sub"]
    identity = svc.identities.by_identifier([OIDC], links.identifier(vouched.provider.id, subject))
    if identity is not None:
        return _known(vouched, identity, attempt, svc)
    if not svc.config.selfservice.flows.registration.enabled:
        raise FlowDisabled("Nobody is known by this account, and registration is not offered here")
    return _unknown(vouched, attempt, svc)


def _known(vouched: Vouched, identity: Identity, attempt: Attempt, svc: Services) -> Outcome:
    flow = attempt.flow
    if flow.kind is not Kind.LOGIN:
        changed = _turned_into(Kind.LOGIN, flow, attempt.request, svc)
        if not isinstance(changed, Flow):
            return changed
        flow = changed
    renewed: Callable[[Identity], Identity] | None = None
    if vouched.provider.config.update_identity_on_login == "automatic":
        made = mapping.mapped(vouched.provider, vouched.claims, identity, svc)
        renewed = partial(mapping.brought_up_to_date, mapped_=made, svc=svc)
    proven = Proven(identity, links.factor(vouched.provider, vouched.claims, svc), renewed=renewed)
    return signed_in(proven, OIDC, replace(attempt, flow=flow, form=_form(vouched)), svc)


def _unknown(vouched: Vouched, attempt: Attempt, svc: Services) -> Outcome:
    flow, provider = attempt.flow, vouched.provider
    made = mapping.mapped(provider, vouched.claims, None, svc)
    if flow.kind is not Kind.REGISTRATION:
        changed = _turned_into(Kind.REGISTRATION, flow, attempt.request, svc)
        if not isinstance(changed, Flow):
            return changed
        flow = changed
    flow = with_returned(flow, provider.id, named=True)
    form = _form(vouched, mapping.filled_in(made.traits, vouched.traits, claims_first=vouched.claims_first))
    attempt = replace(attempt, flow=flow, form=form, session=None)
    proposed = traits.proposed(attempt, svc)
    if isinstance(proposed, tuple):
        return as_browsers_see(submitting.refused(flow, OIDC, proposed, attempt.request, svc, traits=form.traits))
    person = mapping.with_metadata(proposed, made, svc)
    entry = links.entry(provider, vouched.claims["sub"], vouched.tokens)
    person, config = links.with_link(person, {}, entry, svc)
    proven = Proven(person, links.factor(provider, vouched.claims, svc), secrets={OIDC: config})
    said = signed_up(
        proven, OIDC, attempt, svc, taken=lambda exists: _asked_to_link(exists, entry, proven, vouched, attempt, svc)
    )
    return as_browsers_see(said)


def as_browsers_see(outcome: Outcome) -> Outcome:
    """A refused registration has another status than other forms (contract 01 §5)."""
    refused = isinstance(outcome, FlowInvalid) and outcome.refused and outcome.flow.kind is Kind.REGISTRATION
    return replace(outcome, browser_status=302) if refused else outcome


def with_returned(flow: Flow, provider_id: str, *, named: bool) -> Flow:
    """The registration as it goes on behind a journey: with its provider alone, and traits where those are known."""
    active = OIDC if named else flow.active
    return replace(flow, active=active, internal={**flow.internal, RETURNED: [provider_id, named]})


def _turned_into(kind: Kind, flow: Flow, request: Request, svc: Services) -> Flow | Outcome:
    """A flow of the other kind in place of this one, for the same client; what a hook in front of it says instead."""
    made = replace(
        opening.new_flow(kind, flow.type, request, svc),
        request_url=flow.request_url,
        csrf=flow.csrf,
        identity_schema=flow.identity_schema,
        active=OIDC,
    )
    point = Point.LOGIN_BEFORE if kind is Kind.LOGIN else Point.REGISTRATION_BEFORE
    stopped = chain.run(Moment(point=point, request=request, flow=made), svc)
    return stopped or svc.flows.add(made)


def _form(vouched: Vouched, known: Any = None) -> Form:
    return Form({"method": OIDC, "traits": known or {}, "transient_payload": dict(vouched.payload)})


# --- the account that is there already ------------------------------------------------------------------


def _asked_to_link(
    exists: AlreadyExists, entry: dict[str, Any], proven: Proven, vouched: Vouched, attempt: Attempt, svc: Services
) -> Outcome:
    """Whoever has the address already is asked to sign in as they did before; then the provider's account is theirs.

    That a provider knows an address proves nothing about an account here, which somebody else may have registered with
    it: so whatever `account_linking_mode` says, nothing is merged before that (contract 03 §10). How its owner signs in
    is told with `login_hints` alone.
    """
    owner = login_hints.owner(exists, svc)
    if owner is None:
        taken = Problem(messages.DUPLICATE_CREDENTIALS())
        return submitting.refused(attempt.flow, OIDC, [taken], attempt.request, svc, traits=attempt.form.traits)
    hinted = svc.config.selfservice.flows.registration.login_hints
    ways = login_hints.ways_in(owner, svc) if hinted else login_hints.Ways((), ())
    others = ways.providers if hinted else tuple(each.id for each in providers.offered(svc))
    made = replace(
        opening.new_flow(Kind.LOGIN, attempt.flow.type, attempt.request, svc),
        request_url=attempt.flow.request_url,
        csrf=attempt.flow.csrf,
        active=OIDC,
        messages=(_told(exists, ways, vouched, svc),),
        internal={
            IDENTIFIER: exists.value,
            PROVIDERS: [each for each in others if each != vouched.provider.id],
            **({"methods": list(ways.types)} if hinted else {}),
            LINK: links.waiting(owner.id, entry, proven.factor, svc),
        },
    )
    flow = svc.flows.add(made)
    request = attempt.request
    if flow.is_api or request.wants_json:
        payload = {"transient_payload": dict(vouched.payload)}
        return FlowInvalid(flow=flow, document=drawing.document(flow, request, svc, **payload), method=OIDC)
    return Redirect(location=svc.urls.ui(Kind.LOGIN, flow=flow.id, no_org_ui="true"))


def _told(exists: AlreadyExists, ways: login_hints.Ways, vouched: Vouched, svc: Services) -> Message:
    return messages.LOGIN_LINK(
        duplicate_identifier=exists.value,
        provider=vouched.provider.label,
        new_login_url=svc.urls.ui(Kind.LOGIN),
        available_credential_types=list(ways.types),
        available_providers=list(ways.providers),
    )
