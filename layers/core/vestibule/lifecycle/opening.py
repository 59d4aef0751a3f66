"""A new flow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from vestibule.crypto import csrf
from vestibule.domain.errors import BadRequest, FlowExpired
from vestibule.domain.flow import Flow, FlowState, FlowType, Kind
from vestibule.domain.identity import Identity
from vestibule.domain.message import Message, Problem
from vestibule.domain.request import Request
from vestibule.domain.times import to_rfc3339
from vestibule.services import Services
from vestibule.ui import messages

_EXPIRED = {
    Kind.LOGIN: messages.LOGIN_FLOW_EXPIRED,
    Kind.REGISTRATION: messages.REGISTRATION_FLOW_EXPIRED,
    Kind.SETTINGS: messages.SETTINGS_FLOW_EXPIRED,
    Kind.RECOVERY: messages.RECOVERY_FLOW_EXPIRED,
    Kind.VERIFICATION: messages.VERIFICATION_FLOW_EXPIRED,
}

_KEPT = ("identifier", "factors", "addresses", "keys", "passkeys")
"""What a flow in place of an expired one still knows of whoever is signed in."""


def asked_type(request: Request) -> FlowType:
    """For whom a start endpoint opens flows: its address says so, never a header. Contract 01 §1."""
    return FlowType.API if request.path.endswith("/api") else FlowType.BROWSER


def new_flow(kind: Kind, type_: FlowType, request: Request, svc: Services) -> Flow:
    """A flow for the client of the request, not stored yet."""
    now = svc.clock.now()
    return Flow(
        id=svc.random.uuid4(),  # version 4: the reference UI knows no later one
        kind=kind,
        type=type_,
        issued_at=now,
        updated_at=now,
        expires_at=now + lifespan(kind, svc),
        request_url=request.url,
        state=FlowState.SHOW_FORM if kind is Kind.SETTINGS else FlowState.CHOOSE_METHOD,
        csrf=csrf.digest(request.csrf) if type_ is FlowType.BROWSER and request.csrf else "",
    )


def settings_flow(type_: FlowType, identity: Identity, request: Request, svc: Services) -> Flow:
    """A flow in which this person changes their own settings, not stored yet."""
    return replace(new_flow(Kind.SETTINGS, type_, request, svc), identity_id=identity.id, identity=identity)


def lifespan(kind: Kind, svc: Services) -> timedelta:
    return getattr(svc.config.selfservice.flows, kind).lifespan


def ensure_current(flow: Flow, request: Request, svc: Services) -> None:
    """Raises FlowExpired, with a fresh flow in place of the old one, which says why it is there. Contract 01 §12."""
    now = svc.clock.now()
    if flow.expires_at > now:
        return
    again = _replacement(flow, request, svc, _EXPIRED[flow.kind](expired_at=flow.expires_at))
    svc.flows.add(again)
    raise FlowExpired(
        "The form was open for too long and has expired; go on with the new one",
        beside=expiry(flow.expires_at, now) | {"use_flow_id": again.id},
        browser_location=svc.urls.ui(flow.kind, flow=again.id),
    )


def _replacement(flow: Flow, request: Request, svc: Services, why: Message) -> Flow:
    kept = (*_KEPT, "methods") if flow.refresh else _KEPT
    return replace(
        new_flow(flow.kind, flow.type, request, svc),
        request_url=flow.request_url,
        identity_schema=flow.identity_schema,
        requested_aal=flow.requested_aal,
        refresh=flow.refresh,
        identity_id=flow.identity_id,
        identity=flow.identity,
        internal={name: flow.internal[name] for name in kept if name in flow.internal},
        problems=(Problem(why),),
    )


def expiry(expired_at: datetime, now: datetime) -> dict[str, Any]:
    """What stands beside the error of an expired flow; `since` in nanoseconds."""
    return {"expired_at": to_rfc3339(expired_at), "since": (now - expired_at) // timedelta(microseconds=1) * 1000}


def chosen_schema(asked: str | None, svc: Services) -> str | None:
    """The schema that `identity_schema=` asks for, if people may choose it; None when nothing is asked.

    Raises BadRequest.
    """
    if asked is None:
        return None
    identity = svc.config.identity
    selectable = {schema.id for schema in identity.schemas if schema.selfservice_selectable}
    if asked not in selectable | {identity.default_schema_id}:
        raise BadRequest(f"The identity schema {asked!r} does not exist or cannot be chosen")
    return asked
