"""What a proof of who somebody is sets off: hooks, then the session in one transaction. Contract 01 §4."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.domain.addresses import as_verified, verifiable
from vestibule.domain.errors import NotFound, SessionInactive
from vestibule.domain.event import LOGIN_SUCCEEDED, LOGIN_SUSPICIOUS, Event
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.domain.outcome import FlowInvalid, Outcome, SignedIn
from vestibule.flows import submitting
from vestibule.hooks import chain
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import assurance, destinations, issuing
from vestibule.lifecycle.issuing import Issued
from vestibule.methods.identifier import LINK
from vestibule.methods.method import Attempt, Proven
from vestibule.methods.oidc import links
from vestibule.methods.oidc.links import OIDC
from vestibule.ports import TransactionCancelled, TransactWrite
from vestibule.services import Services
from vestibule.stores.identities import AlreadyExists, IdentityChanged, Secrets
from vestibule.stores.identity_items import from_item
from vestibule.ui import messages

_IDENTITY, _SESSION = 0, 1
"""Positions in the transaction that opens a session: the identity's check or change, the session, then the proof.

(What is told of a session in use stands between; it has no condition.)
"""

_SUSPICIOUS = 5
"""Wrong guesses in a row that a sign-in follows."""

_TRIES = 5
"""Writes of one sign-in. More means that many others change the person now: then the session alone is stored."""


def signed_in(proven: Proven, method: str, attempt: Attempt, svc: Services) -> Outcome:
    payload = dict(attempt.form.transient_payload)
    flow = replace(attempt.flow, active=method, transient_payload=payload)
    if not proven.identity.active:
        return _disabled(flow, method, attempt, svc)
    link = attempt.flow.internal.get(LINK)
    if link is not None and link["who"] != proven.identity.id:
        problem = Problem(messages.LOGIN_LINKED_CREDENTIALS_DO_NOT_MATCH())
        return submitting.refused(flow, method, [problem], attempt.request, svc)
    waiting = links.waited(link, svc) if link is not None else None
    becomes = _becoming(proven, waiting[0] if waiting else None, svc)
    identity, secrets = becomes(proven.identity)
    return_to = destinations.after(attempt.flow, method, svc)
    session = attempt.session
    if session is not None and session.identity_id == identity.id:
        issued = issuing.refresh(session, identity, proven.factor, attempt.request, svc)
    else:
        issued = issuing.issue(identity, proven.factor, attempt.request, svc)
    if waiting is not None:
        issued = issuing.also_by(issued, waiting[1])
    told = _events(issued, proven, flow, svc)
    refreshing = svc.sessions.refreshing
    stored = (svc.sessions.adding(issued.session, told),) if issued.is_new else refreshing(issued.session, told)
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
        also = (*stored, *proven.writes, *passed.writes)
        svc.parallel(lambda: _store(proven, (identity, secrets), becomes, also, svc), *proven.beside)
    except TransactionCancelled as cancelled:
        chain.settle(passed, svc)
        return _overtaken(cancelled, flow, method, attempt, svc)
    except AlreadyExists:
        chain.settle(passed, svc)
        return submitting.refused(flow, method, [Problem(messages.DUPLICATE_CREDENTIALS())], attempt.request, svc)
    complete = assurance.suffices(issued.session, svc.config.session.whoami.required_aal, svc)
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


def _events(issued: Issued, proven: Proven, flow: Flow, svc: Services) -> list[Event]:
    """What is told of the sign-in; guesses in front of it are somebody's whom its owner may want to know of."""
    session, guessed = issued.session, proven.failures
    told = {"identity": session.identity_id, "session": session.id, "flow": flow.id, "method": proven.factor.method}
    events = [svc.outbox.happened(LOGIN_SUCCEEDED, session.id, flow.id, **told)]
    if guessed >= _SUSPICIOUS:
        why = {"identity": session.identity_id, "session": session.id, "failures": str(guessed)}
        events.append(svc.outbox.happened(LOGIN_SUSPICIOUS, session.id, flow.id, **why))
    return events


Becomes = Callable[[Identity], tuple[Identity, Secrets]]
"""What a sign-in makes of the person, as they are read now; the same object where it changes nothing."""


def _becoming(proven: Proven, linked: Json | None, svc: Services) -> Becomes:
    """`linked` is the account at a provider that belongs to them from now on."""

    def becomes(old: Identity) -> tuple[Identity, Secrets]:
        new = _verified(old, proven, svc)
        new = proven.renewed(new) if proven.renewed else new
        if linked is None:
            return new, {}
        config = svc.identities.configs(old.id, [OIDC]).get(OIDC, {})
        new, config = links.with_link(new, config, linked, svc)
        secrets: Secrets = {OIDC: config}
        return new, secrets

    return becomes


def _verified(identity: Identity, proven: Proven, svc: Services) -> Identity:
    """With the address that was proven along; one that is verified stays as it is."""
    via, value = proven.address or ("", "")
    address = verifiable(identity, via, value)
    return identity if address is None or address.verified else as_verified(identity, via, value, svc.clock.now())


def _store(
    proven: Proven,
    planned: tuple[Identity, Secrets],
    becomes: Becomes,
    also: tuple[TransactWrite, ...],
    svc: Services,
) -> None:
    """The session, with what becomes of the identity and what proves it, in one transaction.

    Raises TransactionCancelled, and AlreadyExists where what is to be linked is somebody else's.
    """
    old, (identity, secrets) = proven.identity, planned
    for _ in range(_TRIES):
        if identity is old:
            break
        try:
            changed = None if secrets or proven.renewed else ()
            svc.identities.update(old, identity, secrets, also, told=changed)
        except IdentityChanged:
            old = svc.identities.find(identity.id) or old
            identity, secrets = becomes(old) if old.active else (old, secrets)
        except AlreadyExists:
            if secrets or proven.renewed is None:
                raise
            identity = old  # what the provider calls them now is somebody else's here
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
