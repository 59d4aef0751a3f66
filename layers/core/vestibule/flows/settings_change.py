"""What a change of one's own account sets off: hooks, one transaction, hooks. Contract 02 §3."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.config.urls import with_query
from vestibule.domain.errors import RefreshRequired
from vestibule.domain.event import SETTINGS_SUCCEEDED, Event
from vestibule.domain.flow import Flow, FlowState
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.outcome import CookieChanges, FlowContinued, Outcome, SessionCookie
from vestibule.domain.request import Request
from vestibule.domain.session import Aal, Session
from vestibule.hooks import chain
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import assurance, destinations, drawing, opening
from vestibule.lifecycle.issuing import Issued
from vestibule.methods.enrolment import SUCCESSOR
from vestibule.methods.method import Change, Form
from vestibule.methods.profile_settings import PROFILE
from vestibule.ports import TransactWrite
from vestibule.services import Services
from vestibule.stores.continuity import Parked
from vestibule.stores.identity_items import addresses_of, identifiers_of
from vestibule.ui import messages


class Submitted(Struct, frozen=True):
    """A form of settings with everything that it is about."""

    flow: Flow
    session: Session
    identity: Identity
    form: Form
    request: Request


def ensure_fresh(submitted: Submitted, method: str, svc: Services) -> None:
    """Raises RefreshRequired for a session that is too old, which leads through a sign-in back to the form.

    Browsers find it done then: the form is parked, and their way back goes on with it. Apps send it again.
    """
    session, flow, request = submitted.session, submitted.flow, submitted.request
    stale = assurance.stale_factor(session, svc)
    if stale is None:
        return
    level = {"aal": "aal2"} if stale is Aal.AAL2 else {}
    back = svc.urls.action(flow.kind, flow.id)
    where = svc.urls.self_service("login/browser", refresh="true", **level, return_to=back)
    cookies = CookieChanges()
    if method == PROFILE or not (flow.is_api or request.wants_json):
        fields = {name: value for name, value in submitted.form.fields.items() if name != "csrf_token"}
        cookies = CookieChanges(continuity=(svc.continuity.park(Parked(flow.id, session.identity_id, fields)),))
    raise RefreshRequired(
        "This needs a sign-in that is not so long ago: sign in once more",
        beside={"redirect_browser_to": where},
        browser_location=where,
        cookies=cookies,
    )


def change(wanted: Change, submitted: Submitted, method: str, svc: Services) -> Outcome:
    """Hooks, then the identity with its credentials, addresses, messages, session and flow in one transaction, hooks.

    Raises RefreshRequired, AlreadyExists, IdentityChanged, TransactionCancelled.
    """
    old, session = submitted.identity, _with_factor(wanted, submitted.session)
    if _touches_what_is_protected(old, wanted.identity):
        ensure_fresh(submitted, method, svc)
    moment = _moment(wanted, submitted, method, svc)
    accepted = chain.through(moment, svc)
    if not isinstance(accepted, Moment):
        # As recorded: what was shown to be there counts, even where a hook does not let it in.
        if wanted.factor is not None:
            svc.table.transact(svc.sessions.refreshing(session))
        return accepted
    if accepted.identity is not wanted.identity and _touches_what_is_protected(old, accepted.identity or old):
        ensure_fresh(submitted, method, svc)
    following = _following(submitted, svc)
    done, writes = _succeeded(submitted, following, svc)
    behind = replace(done, identity=old, version=done.version + 1)
    added = chain.prepare(replace(accepted, point=Point.SETTINGS_POST_PERSIST, flow=behind, writes=()), svc)
    told = replace(following, identity=accepted.identity, request_url=submitted.request.url)
    passed = began(told, session, submitted.request, svc)
    if not isinstance(passed, Moment):
        return passed
    writes += [*accepted.writes, *passed.writes]
    if wanted.factor is not None:
        writes += svc.sessions.refreshing(session)
    also = (*wanted.writes, *added.writes, *writes)
    events = (svc.identities.updated(old), _event(old, done, method, svc))
    identity = svc.identities.update(old, added.moment.identity or wanted.identity, wanted.secrets, also, events)
    done = replace(done, identity=identity, version=done.version + 1)
    finished = chain.through(replace(added.moment, identity=identity, flow=done), svc)
    if not isinstance(finished, Moment):
        return finished
    chain.settle(finished, svc)
    return _answer(finished, session, svc)


def _event(identity: Identity, done: Flow, method: str, svc: Services) -> Event:
    return svc.outbox.happened(SETTINGS_SUCCEEDED, done.id, identity=identity.id, flow=done.id, method=method)


def _moment(wanted: Change, submitted: Submitted, method: str, svc: Services) -> Moment:
    session, request, flow = submitted.session, submitted.request, submitted.flow
    shown = replace(flow, values={**flow.values, "traits": wanted.identity.traits}) if method == PROFILE else flow
    return Moment(
        point=Point.SETTINGS_PRE_PERSIST,
        request=request,
        flow=shown,
        method=method,
        identity=wanted.identity,
        factor=wanted.factor,
        issued=Issued(session, request.session_token or "", session, is_new=False),
        return_to=destinations.after(flow, method, svc),
    )


def began(flow: Flow, session: Session, request: Request, svc: Services) -> Outcome | Moment:
    """Run the hooks in front of a new flow of whoever is signed in: what they answer, if they stop it."""
    issued = Issued(session, request.session_token or "", session, is_new=False)
    moment = Moment(point=Point.SETTINGS_BEFORE, request=request, flow=flow, identity=session.identity, issued=issued)
    return chain.through(moment, svc)


def _following(submitted: Submitted, svc: Services) -> Flow:
    """The flow that the form goes to once this one is done: the wire names another flow there.

    It was asked for by this very request, as recorded; where people want to go back to it does not forget.
    """
    flow = submitted.flow
    back = {"return_to": flow.return_to} if flow.return_to else {}
    return replace(
        opening.settings_flow(flow.type, submitted.identity, submitted.request, svc),
        request_url=with_query(submitted.request.url, **back),
        csrf=flow.csrf,
    )


def _succeeded(submitted: Submitted, following: Flow, svc: Services) -> tuple[Flow, list[TransactWrite]]:
    """The flow that is done, and the one behind it."""
    flow = submitted.flow
    done = replace(
        flow,
        state=FlowState.SUCCESS,
        messages=(messages.SETTINGS_UPDATE_SUCCESS(),),
        problems=(),
        values={},
        extra_nodes=(),
        internal={SUCCESSOR: following.id},
        updated_at=svc.clock.now(),
    )
    return done, [svc.flows.saving(done), svc.flows.adding(following)]


def _answer(moment: Moment, session: Session, svc: Services) -> FlowContinued:
    """Browsers get their session anew; a single-page app is told last where to go."""
    flow, items = moment.flow, list(moment.continue_with)
    cookies = CookieChanges(csrf=moment.csrf)
    if not flow.is_api:
        items.append({"action": "redirect_browser_to", "redirect_browser_to": moment.return_to})
        token = moment.request.session_token or ""
        cookies = replace(cookies, session=SessionCookie(token, session.expires_at))
    return FlowContinued(
        flow=flow,
        document=drawing.document(flow, moment.request, svc, **_continuing(items)),
        method=moment.method,
        location=moment.return_to,
        succeeded=True,
        cookies=cookies,
    )


def _continuing(items: Sequence[Json]) -> dict[str, list[Json]]:
    return {"continue_with": list(items)} if items else {}


def _with_factor(wanted: Change, session: Session) -> Session:
    factor = wanted.factor
    if factor is None or any(
        (each.method, each.provider) == (factor.method, factor.provider) for each in session.methods
    ):
        return session
    return replace(session, methods=(*session.methods, factor))


def _touches_what_is_protected(old: Identity, new: Identity) -> bool:
    """Whether somebody could sign in, or get back in, by something else than before."""
    return set(identifiers_of(old)) != set(identifiers_of(new)) or addresses_of(old) != addresses_of(new)
