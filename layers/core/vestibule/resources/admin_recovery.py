"""Codes and links that let people back in, made by administrators, who hand them over. Contract 06 §1.

Nothing is sent, and so no address is proven by them. They also work where recovery is switched off for everybody else.
"""

# No `from __future__ import annotations`: real types are read faster than text.

from datetime import timedelta
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from vestibule.config.duration import parse_duration
from vestibule.domain.code import Purpose
from vestibule.domain.errors import BadRequest, NotFound
from vestibule.domain.event import RECOVERY_INITIATED_BY_ADMIN, Event
from vestibule.domain.flow import Flow, FlowState, FlowType, Kind
from vestibule.domain.identity import Identity
from vestibule.domain.outcome import Document, Outcome
from vestibule.domain.request import Request
from vestibule.domain.times import to_rfc3339
from vestibule.lifecycle import destinations, recovering
from vestibule.lifecycle.loading import canonical_uuid
from vestibule.methods import codes
from vestibule.methods.recovery import BY_ADMIN, UNGUARDED, USE
from vestibule.methods.recovery_code import CODE
from vestibule.methods.recovery_link import LINK
from vestibule.resources.admin_body import read_object, shaped
from vestibule.resources.identities_bodies import Body
from vestibule.services import Services

_TYPES = {None: FlowType.BROWSER, "": FlowType.BROWSER, **{str(each): each for each in FlowType}}


class RecoveryBody(Body, frozen=True):
    """`expires_in` is a duration such as `12h`; without it, as long as self-made ones."""

    identity_id: str | None = None
    expires_in: str | None = None
    flow_type: Annotated[str, Meta(max_length=16)] | None = None


def serve(request: Request, svc: Services) -> Outcome:
    """POST /recovery/code and /recovery/link, with or without /admin in front."""
    return by_link(request, svc) if request.path.endswith(f"/{LINK}") else by_code(request, svc)


def by_code(request: Request, svc: Services) -> Outcome:
    """201 with the code and the form that takes it. Raises BadRequest, NotFound."""
    method = svc.config.selfservice.methods.code
    _ensure_enabled(CODE, enabled=method.enabled)
    body = shaped(RecoveryBody, read_object(request), strict=False)
    lifespan = _lifespan(body, method.config.lifespan)
    identity = _identity(body, svc)
    if identity is None:
        raise NotFound("There is no such identity")
    secret = codes.new_code(svc)
    flow = _flow(CODE, body, lifespan, request, svc)
    sent = recovering.made_by_admin(flow.id, secret, Purpose.RECOVERY, identity, lifespan, svc)
    internal = {USE: CODE, BY_ADMIN: True, UNGUARDED: True}
    told = [_event(flow, identity, svc)]
    svc.flows.add(replace(flow, state=FlowState.SENT_EMAIL, codes=(sent,), internal=internal), told=told)
    answer = {
        "recovery_link": svc.urls.ui(Kind.RECOVERY, flow=flow.id),
        "recovery_code": secret,
        "expires_at": to_rfc3339(flow.expires_at),
    }
    return Document(body=answer, status=201)


def by_link(request: Request, svc: Services) -> Outcome:
    """200 with the link. `return_to` of the query is where the person goes after the settings.

    Raises BadRequest, NotFound, ReturnToForbidden.
    """
    method = svc.config.selfservice.methods.link
    _ensure_enabled(LINK, enabled=method.enabled)
    destinations.requested(request, svc)
    body = shaped(RecoveryBody, read_object(request), strict=False)
    lifespan = _lifespan(body, method.config.lifespan)
    identity = _identity(body, svc)
    if identity is None:
        raise BadRequest("There is no such identity")  # a 400 here, as recorded
    token = codes.new_link_token(svc)
    flow = _flow(LINK, body, lifespan, request, svc)
    sent = recovering.made_by_admin(flow.id, token, Purpose.RECOVERY_LINK, identity, lifespan, svc)
    told = [_event(flow, identity, svc)]
    svc.flows.add(replace(flow, codes=(sent,), internal={USE: LINK, BY_ADMIN: True}), told=told)
    link = svc.urls.self_service(Kind.RECOVERY, flow=flow.id, token=token)
    return Document(body={"recovery_link": link, "expires_at": to_rfc3339(flow.expires_at)})


def _event(flow: Flow, identity: Identity, svc: Services) -> Event:
    return svc.outbox.happened(RECOVERY_INITIATED_BY_ADMIN, flow.id, identity=identity.id, flow=flow.id)


def _flow(use: str, body: RecoveryBody, lifespan: timedelta, request: Request, svc: Services) -> Flow:
    type_ = _TYPES.get(body.flow_type)
    if type_ is None:
        raise BadRequest("flow_type takes browser or api")
    flow = recovering.new_flow(type_, request, svc, use=use)
    return replace(flow, state=FlowState.CHOOSE_METHOD, expires_at=svc.clock.now() + lifespan)


def _lifespan(body: RecoveryBody, default: timedelta) -> timedelta:
    """Raises BadRequest for what is no duration, or none that ends in the future."""
    if not body.expires_in:
        return default
    try:
        lifespan = parse_duration(body.expires_in)
    except ValueError:
        raise BadRequest("expires_in has to be a duration in the future, such as 12h or 30m") from None
    if lifespan <= timedelta(0):
        raise BadRequest("expires_in has to be longer than nothing")
    return lifespan


def _identity(body: RecoveryBody, svc: Services) -> Identity | None:
    """Raises BadRequest for what cannot be an id."""
    if not body.identity_id:
        return None
    asked = canonical_uuid(body.identity_id)
    if asked is None:
        raise BadRequest("identity_id is no id")
    return svc.identities.find(asked)


def _ensure_enabled(method: str, *, enabled: bool) -> None:
    if not enabled:
        raise NotFound(f"The method {method} is not enabled")
