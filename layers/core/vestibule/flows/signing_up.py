"""What accepted traits and credentials set off: hooks, the identity, hooks again. Contract 01 §5, 02 §3."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.domain.errors import NotFound
from vestibule.domain.flow import Kind
from vestibule.domain.message import Problem
from vestibule.domain.outcome import CookieChanges, Outcome, SignedUp
from vestibule.flows import submitting
from vestibule.hooks import chain
from vestibule.hooks.hook import Contribution, Moment
from vestibule.lifecycle import destinations
from vestibule.methods import login_hints
from vestibule.methods.method import Attempt, Proven
from vestibule.ports import TransactionCancelled
from vestibule.services import Services
from vestibule.stores.identities import AlreadyExists
from vestibule.ui import messages


def signed_up(proven: Proven, method: str, attempt: Attempt, svc: Services) -> Outcome:
    """Hooks before saving; the identity with all that is unique about it; hooks after it, `session` last."""
    return_to = destinations.after(attempt.flow, method, svc)
    before = Moment(
        point=Point.REGISTRATION_PRE_PERSIST,
        request=attempt.request,
        flow=replace(proven.flow or attempt.flow, transient_payload=dict(attempt.form.transient_payload)),
        values={"traits": attempt.form.traits},
        method=method,
        identity=proven.identity,
        factor=proven.factor,
        return_to=return_to,
    )
    accepted = chain.through(before, svc)
    if not isinstance(accepted, Moment):
        return accepted
    stored = replace(accepted, point=Point.REGISTRATION_POST_PERSIST)
    planned = accepted.identity or proven.identity
    added = chain.prepare(stored, svc) if planned.active else Contribution(stored)
    planned = added.moment.identity or planned
    try:
        identity = svc.identities.create(planned, proven.secrets, (*proven.writes, *added.writes))
    except AlreadyExists as exists:
        return _duplicate(exists, proven, method, attempt, svc)
    except TransactionCancelled:
        return _overtaken(method, attempt, svc)
    if not identity.active:  # a hook made it so
        problem = Problem(messages.IDENTITY_DISABLED())
        return submitting.refused(attempt.flow, method, [problem], attempt.request, svc)
    done = chain.through(replace(added.moment, identity=identity), svc)
    if not isinstance(done, Moment):
        return done
    return SignedUp(
        flow=attempt.flow,
        method=method,
        identity=identity.to_wire(svc.urls.public),
        return_to=done.return_to,
        continue_with=done.continue_with,
        cookies=CookieChanges(csrf=done.csrf),
    )


def _duplicate(exists: AlreadyExists, proven: Proven, method: str, attempt: Attempt, svc: Services) -> Outcome:
    hints = svc.config.selfservice.flows.registration.login_hints
    why = (login_hints.of(exists, svc) if hints else None) or messages.DUPLICATE_CREDENTIALS()
    flow = proven.flow or attempt.flow
    return submitting.refused(flow, method, [Problem(why)], attempt.request, svc, traits=attempt.form.traits)


def _overtaken(method: str, attempt: Attempt, svc: Services) -> Outcome:
    """Another request has used what this one proved, at this moment. Raises NotFound."""
    newest = svc.flows.find(attempt.flow.id, Kind.REGISTRATION)
    if newest is None:
        raise NotFound
    problem = submitting.no_method(Kind.REGISTRATION)
    return submitting.refused(newest, method, [problem], attempt.request, svc, traits=attempt.form.traits)
