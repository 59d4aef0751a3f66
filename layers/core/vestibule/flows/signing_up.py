"""What accepted traits and credentials set off: hooks, the identity, hooks again. Contract 01 §5, 02 §3."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.domain.errors import NotFound
from vestibule.domain.event import REGISTRATION_SUCCEEDED
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

Taken = Callable[[AlreadyExists], Outcome]


def signed_up(proven: Proven, method: str, attempt: Attempt, svc: Services, *, taken: Taken | None = None) -> Outcome:
    """Hooks before saving; the identity with all that is unique about it; hooks after it, `session` last.

    `taken` answers where somebody has that already; without it the form says so.
    """
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
    added = chain.prepare(replace(stored, writes=()), svc) if planned.active else Contribution(stored)
    planned = added.moment.identity or planned
    also = (*proven.writes, *added.writes, *accepted.writes)
    told = svc.outbox.happened(
        REGISTRATION_SUCCEEDED, planned.id, identity=planned.id, flow=attempt.flow.id, method=method
    )
    try:
        identity = svc.identities.create(planned, proven.secrets, also, [told])
    except AlreadyExists as exists:
        return taken(exists) if taken else _duplicate(exists, proven, method, attempt, svc, accepted)
    except TransactionCancelled:
        return _overtaken(method, attempt, svc, accepted)
    if not identity.active:  # a hook made it so
        problem = Problem(messages.IDENTITY_DISABLED())
        return submitting.refused(attempt.flow, method, [problem], attempt.request, svc)
    done = chain.through(replace(added.moment, identity=identity), svc)
    if not isinstance(done, Moment):
        return done
    chain.settle(done, svc)
    return SignedUp(
        flow=attempt.flow,
        method=method,
        identity=identity.to_wire(svc.urls.public),
        return_to=done.return_to,
        continue_with=done.continue_with,
        cookies=CookieChanges(csrf=done.csrf),
    )


def _duplicate(
    exists: AlreadyExists, proven: Proven, method: str, attempt: Attempt, svc: Services, accepted: Moment
) -> Outcome:
    hints = svc.config.selfservice.flows.registration.login_hints
    why = (login_hints.of(exists, svc) if hints else None) or messages.DUPLICATE_CREDENTIALS()
    flow = proven.flow or attempt.flow
    also = accepted.writes
    return submitting.refused(flow, method, [Problem(why)], attempt.request, svc, also, traits=attempt.form.traits)


def _overtaken(method: str, attempt: Attempt, svc: Services, accepted: Moment) -> Outcome:
    """Another request has used what this one proved, at this moment. Raises NotFound."""
    newest = svc.flows.find(attempt.flow.id, Kind.REGISTRATION)
    if newest is None:
        raise NotFound
    problem = submitting.no_method(Kind.REGISTRATION)
    also = accepted.writes
    return submitting.refused(newest, method, [problem], attempt.request, svc, also, traits=attempt.form.traits)
