"""How a recovery ends: in a session and a settings flow, or in another recovery flow. Contract 01 §6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.crypto import csrf
from vestibule.domain.addresses import as_verified
from vestibule.domain.code import Purpose, SentCode
from vestibule.domain.errors import BadRequest, FlowError, FlowExpired, ServiceUnavailable
from vestibule.domain.event import RECOVERY_SUCCEEDED
from vestibule.domain.flow import Flow, FlowState, FlowType, Kind
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.domain.outcome import CookieChanges, FlowContinued, FlowInvalid, Outcome, Redirect
from vestibule.domain.request import Request
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.hooks import chain
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import destinations, drawing, issuing, opening, recovering
from vestibule.lifecycle.issuing import Issued
from vestibule.methods import codes
from vestibule.methods.code import guess_subject
from vestibule.methods.password_login import PASSWORD
from vestibule.methods.recovery import CHOICE
from vestibule.methods.recovery_code import CODE
from vestibule.methods.recovery_link import LINK
from vestibule.ports import Delete, TransactionCancelled, TransactWrite
from vestibule.services import Services
from vestibule.stores.flows import FlowChanged
from vestibule.stores.identities import IdentityChanged
from vestibule.ui import messages
from vestibule.ui.decode import BOOLEANS

_TRIES = 5
"""Writes of one recovery. More means that many others change the flow or the person at this moment."""


def forgetting(identity_id: str, svc: Services) -> list[Delete]:
    """What lets whoever was locked out by wrong passwords or codes try again, now that they are back in. One read."""
    password = (PASSWORD, svc.index.hmac(f"guess:{PASSWORD}", identity_id))
    return svc.guesses.forgetting_each(password, (CODE, guess_subject(identity_id, svc)))


class Recovery(Struct, frozen=True):
    """The right code or link, by whom it was presented. `payload` is the form's transient payload."""

    flow: Flow
    sent: SentCode
    identity: Identity
    method: str
    payload: Mapping[str, Any]
    request: Request
    forgetting: Sequence[Delete]


# --- back in the account --------------------------------------------------------------------------------


def let_in(recovery: Recovery, svc: Services) -> Outcome | None:
    """Run the hooks and open a session, for whoever of many at once was first; None for the others.

    Raises what hooks raise; the code is used up then.
    """
    flow, identity = recovery.flow, recovery.identity
    if not identity.active:
        return replaced(flow, [Problem(messages.IDENTITY_DISABLED())], recovery.request, svc, use=recovery.method)
    secret = csrf.new_secret(svc.random.bytes)
    passed = _passed(recovery, secret, svc)
    factor = AuthenticationMethod(f"{recovery.method}_recovery", Aal.AAL1, svc.clock.now())
    issued = issuing.issue(_proven(identity, recovery, svc), factor, recovery.request, svc)
    moment = Moment(
        point=Point.RECOVERY_AFTER,
        request=recovery.request,
        flow=replace(passed, transient_payload=dict(recovery.payload)),
        method=recovery.method,
        identity=issued.session.identity,
        factor=factor,
        issued=issued,
        return_to=destinations.after(flow, "", svc),
        csrf=secret,
    )
    try:
        said = chain.through(moment, svc)
    except FlowError as error:
        _use_up(passed, svc)
        error.cookies = CookieChanges(csrf=secret)
        raise
    if not isinstance(said, Moment):
        _use_up(passed, svc)
        return _stopped(said, recovery, svc)
    issued = said.issued or issued
    settings = _settings(passed, identity, recovery, secret, svc)
    # Beside the transaction: the next form is of no use without the session.
    stored, *_ = svc.parallel(
        lambda: _stored(recovery, passed, issued, said.writes, svc),
        lambda: svc.flows.add(settings),
        *(partial(svc.table.write, counter) for counter in recovery.forgetting),
    )
    if not stored:
        return None
    return _answer(replace(passed, version=passed.version + 1), issued, settings, said, recovery, svc)


def _passed(recovery: Recovery, secret: str, svc: Services) -> Flow:
    """Other links that were sent still hold (as recorded); codes do not. A link makes the flow the browser's."""
    flow = recovery.flow
    links = tuple(each for each in flow.codes if each.purpose is Purpose.RECOVERY_LINK and each != recovery.sent)
    type_ = FlowType.BROWSER if recovery.method == LINK else flow.type
    return replace(
        flow,
        type=type_,
        state=FlowState.PASSED_CHALLENGE,
        csrf="" if type_ is FlowType.API else csrf.digest(secret),
        codes=links,
        messages=(),
        problems=(),
        internal=codes.emptied(flow),
        updated_at=svc.clock.now(),
    )


def _proven(identity: Identity, recovery: Recovery, svc: Services) -> Identity:
    """What an administrator made was sent nowhere, and proves no address."""
    sent = recovery.sent
    address = next((each for each in identity.verifiable_addresses if each.value == sent.address), None)
    if not sent.address or address is None or address.verified:
        return identity
    return as_verified(identity, sent.via, sent.address, svc.clock.now())


def _settings(passed: Flow, identity: Identity, recovery: Recovery, secret: str, svc: Services) -> Flow:
    """Where the person sets a new password. It leads on to where the recovery was started for."""
    request = replace(recovery.request, csrf_secrets=(secret,), csrf_is_new=False)
    until = svc.clock.now() + svc.config.selfservice.flows.settings.privileged_session_max_age
    return replace(
        opening.settings_flow(passed.type, identity, request, svc),
        request_url=_request_url(passed, recovery.request, svc),
        messages=(messages.RECOVERY_SUCCESSFUL(privileged_session_expires_at=until),),
    )


def _stored(recovery: Recovery, passed: Flow, issued: Issued, also: tuple[TransactWrite, ...], svc: Services) -> bool:
    """One transaction. False where the code was used meanwhile, or holds no more."""
    identity: Identity | None = recovery.identity
    told = {"identity": recovery.identity.id, "flow": passed.id, "method": recovery.method}
    done = svc.outbox.happened(RECOVERY_SUCCEEDED, passed.id, issued.session.id, **told)
    for _ in range(_TRIES):
        writes: list[TransactWrite] = [
            svc.flows.saving(passed),
            svc.sessions.adding(issued.session, [done]),
            *also,
        ]
        if identity is None or not identity.active or not recovering.still_holds(recovery.sent, identity):
            return False
        try:
            proven = _proven(identity, recovery, svc)
            if proven is identity:
                svc.table.transact([svc.identities.unchanged(identity), *writes])
            else:
                svc.identities.update(identity, proven, also=writes, told=())
        except (IdentityChanged, TransactionCancelled):
            newest = svc.flows.find(passed.id, Kind.RECOVERY)
            if newest is None or recovery.sent not in newest.codes:
                return False
            passed = replace(passed, version=newest.version, attempts=newest.attempts, untold=newest.untold)
            identity = svc.identities.find(recovery.identity.id)
        else:
            return True
    raise ServiceUnavailable("Too many requests for this flow at once; try again soon")


def _answer(
    passed: Flow, issued: Issued, settings: Flow, said: Moment, recovery: Recovery, svc: Services
) -> FlowContinued:
    """Browsers and, without `use_continue_with_transitions`, everybody else go on to the settings page."""
    request = replace(recovery.request, csrf_secrets=(said.csrf,), csrf_is_new=False)
    page = svc.urls.ui(Kind.SETTINGS, flow=settings.id)
    with_token = {"action": "set_ory_session_token", "ory_session_token": issued.token}
    items: list[Json] = [with_token] if passed.is_api else []
    skipped = _skips_settings(passed)
    if not skipped:
        items.append({"action": "show_settings_ui", "flow": {"id": settings.id, "url": page}})
    extra: dict[str, Any] = {"continue_with": [*items, *said.continue_with]}
    if CHOICE not in passed.internal:
        extra["transient_payload"] = dict(recovery.payload)
    told = svc.config.feature_flags.use_continue_with_transitions or skipped
    return FlowContinued(
        flow=passed,
        document=drawing.document(passed, request, svc, **extra),
        method=recovery.method,
        location=said.return_to if skipped else page,
        apps="redirected" if recovery.method == LINK else "shown" if told else "told",
        succeeded=True,
        cookies=issuing.cookies(issued, passed, svc, secret=said.csrf),
    )


def _stopped(said: Outcome, recovery: Recovery, svc: Services) -> Outcome:
    """A form that a hook refused cannot be shown again: its code is used up. A new flow says what was wrong."""
    if isinstance(said, FlowInvalid):
        return replaced(recovery.flow, said.flow.problems, recovery.request, svc, use=recovery.method)
    return said


def _use_up(passed: Flow, svc: Services) -> None:
    with suppress(FlowChanged):  # another request used it up
        svc.flows.save(passed)


def _request_url(passed: Flow, request: Request, svc: Services) -> str:
    """The request's own, with where to go on after the settings."""
    default = svc.config.selfservice.flows.recovery.after.default_browser_return_url
    onward = passed.return_to or (svc.urls.absolute(default) if default else None)
    if not onward:
        return request.url
    parts = urlsplit(request.url)
    pairs = [pair for pair in parse_qsl(parts.query) if pair[0] != "return_to"]
    return parts._replace(query=urlencode(sorted([*pairs, ("return_to", onward)]))).geturl()


def _skips_settings(flow: Flow) -> bool:
    asked = dict(parse_qsl(urlsplit(flow.request_url).query)).get("skip_settings", "")
    return BOOLEANS.get(asked, False)


# --- flows that cannot go on ----------------------------------------------------------------------------


def replaced(
    flow: Flow,
    problems: Sequence[Problem],
    request: Request,
    svc: Services,
    *,
    type_: FlowType | None = None,
    use: str = CODE,
) -> Outcome:
    """A new flow in place of this one, which says why. The browser's CSRF secret is a new one, too.

    Raises BadRequest: with `use_continue_with_transitions` that is how apps are told.
    """
    secret = csrf.new_secret(svc.random.bytes)
    own = replace(request, csrf_secrets=(secret,), csrf_is_new=False)
    kind = type_ or (FlowType.BROWSER if use == LINK else flow.type)
    again = svc.flows.add(replace(recovering.new_flow(kind, own, svc, use=use), problems=tuple(problems)))
    cookies = CookieChanges(csrf=secret)
    page = svc.urls.ui(Kind.RECOVERY, flow=again.id)
    if use == LINK or not request.wants_json:
        return Redirect(location=page, cookies=cookies)
    if svc.config.feature_flags.use_continue_with_transitions:
        why = problems[0].message.text if problems else "The flow cannot go on"
        raise BadRequest(why, details={"continue_with": [_recovery_item(again)]}, cookies=cookies)
    return Redirect(location=_fetch_url(again, svc), cookies=cookies)


def expired(flow: Flow, request: Request, svc: Services) -> Outcome:
    """A new flow in place of one that was open for too long. Raises FlowExpired, for apps that are told.

    A link may be opened in a browser that was never here: the flow is that browser's then.
    """
    opened = request.param("token") is not None
    secret = csrf.new_secret(svc.random.bytes) if opened and not request.csrf else ""
    own = replace(request, csrf_secrets=(secret,), csrf_is_new=False) if secret else request
    type_ = FlowType.BROWSER if opened else flow.type
    use = flow.active if flow.active in (CODE, LINK) else None
    why = messages.RECOVERY_FLOW_EXPIRED(expired_at=flow.expires_at)
    again = recovering.new_flow(type_, own, svc, use=use)
    again = svc.flows.add(replace(again, request_url=flow.request_url, problems=(Problem(why),)))
    page = svc.urls.ui(Kind.RECOVERY, flow=again.id)
    if svc.config.feature_flags.use_continue_with_transitions and again.is_api:
        raise FlowExpired(
            "The form was open for too long and has expired; go on with the new one",
            details={"continue_with": [_recovery_item(again)]},
            beside=opening.expiry(flow.expires_at, svc.clock.now()) | {"use_flow_id": again.id},
            browser_location=page,
        )
    location = _fetch_url(again, svc) if request.wants_json and not opened else page
    return Redirect(location=location, cookies=CookieChanges(csrf=secret))


def _recovery_item(flow: Flow) -> Json:
    return {"action": "show_recovery_ui", "flow": {"id": flow.id}}


def _fetch_url(flow: Flow, svc: Services) -> str:
    return svc.urls.self_service(f"{Kind.RECOVERY}/flows", id=flow.id)
