"""Asking whoever has an address to prove it: the flow, the code or link, and the message that takes it there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from vestibule.config.normalise import InvalidPhone, email, phone
from vestibule.crypto import csrf
from vestibule.domain.code import Purpose, SentCode
from vestibule.domain.flow import Flow, FlowState, Kind
from vestibule.domain.identity import Identity, VerifiableAddress
from vestibule.domain.json import Json
from vestibule.domain.message import Message
from vestibule.domain.request import Request
from vestibule.lifecycle import opening
from vestibule.methods import codes
from vestibule.methods.verification import ADDRESS, BY_HOOK, RESEND
from vestibule.methods.verification_link import LINK
from vestibule.ports import Put
from vestibule.services import Services
from vestibule.ui import messages

EMAIL, SMS = "email", "sms"

_OTHER_LINKS = 4
"""Links that were sent earlier and still hold; a new code makes earlier ones void instead (contract 09)."""


class Sending(Struct, frozen=True):
    """The flow with what was sent, not stored yet, and the message to be stored with it."""

    flow: Flow
    message: Put


def normalised(typed: str) -> tuple[str, str]:
    """(channel, address) of what somebody typed. What is no phone number stays as it is: nobody has that address."""
    if "@" in typed:
        return EMAIL, email(typed)
    try:
        return SMS, phone(typed)
    except InvalidPhone:
        return SMS, email(typed)


def by_link(svc: Services) -> bool:
    return svc.config.selfservice.flows.verification.use == LINK


def reaches(address: VerifiableAddress, svc: Services) -> bool:
    """Whether the configured method can prove the address: links go by mail only."""
    return address.via == EMAIL or not by_link(svc)


def sending(
    flow: Flow, identity: Identity, address: VerifiableAddress, svc: Services, payload: Mapping[str, Any] | None = None
) -> Sending:
    """A new code or link for an address of the identity. `payload` is the form's transient payload."""
    sent, secret = _secret(flow, address.via, address.value, identity.id, svc)
    data = _valid(flow, address.via, address.value, secret, payload, svc)
    data["identity"] = identity.to_wire(svc.urls.public)
    message = svc.messages.queueing(_template(svc), via=address.via, recipient=address.value, data=data)
    return Sending(_asking(flow, sent, svc), message)


def sending_to_nobody(
    flow: Flow, via: str, value: str, svc: Services, payload: Mapping[str, Any] | None = None
) -> Sending:
    """The same for an address that nobody has: a code that no identity stands behind.

    The message says so where that is wanted; otherwise nobody gets it, and it takes as long.
    """
    sent, secret = _secret(flow, via, value, "", svc)
    if via == EMAIL and svc.config.selfservice.flows.verification.notify_unknown_recipients:
        template = "verification_invalid" if by_link(svc) else "verification_code_invalid"
        message = svc.messages.queueing(template, via=via, recipient=value, data=_data(flow, value, payload))
    else:
        data = _valid(flow, via, value, secret, payload, svc)
        message = svc.messages.pretending(_template(svc), via=via, recipient=value, data=data)
    return Sending(_asking(flow, sent, svc), message)


def opened(
    origin: Flow, identity: Identity, address: VerifiableAddress, request: Request, svc: Services, *, secret: str
) -> Sending:
    """A flow for an address of the identity, as hooks open one behind another flow; `secret` is the browser's.

    It goes on where the other flow was to go, or where `after_verification_return_to` of that one says.
    """
    flow = replace(
        opening.new_flow(Kind.VERIFICATION, origin.type, request, svc),
        request_url=_request_url(origin.request_url),
        csrf="" if origin.is_api or not secret else csrf.digest(secret),
        active=svc.config.selfservice.flows.verification.use,
        internal={ADDRESS: address.value, RESEND: address.via, BY_HOOK: True},
    )
    sent = sending(flow, identity, address, svc, origin.transient_payload)
    return replace(sent, flow=replace(sent.flow, messages=() if by_link(svc) else sent.flow.messages))


def shown(flow: Flow, svc: Services, *, with_url: bool) -> Json:
    """The item of `continue_with` that sends an app to the flow's form."""
    item: Json = {"id": flow.id, "verifiable_address": flow.internal[ADDRESS]}
    if with_url:
        item["url"] = svc.urls.ui(Kind.VERIFICATION, flow=flow.id)
    return {"action": "show_verification_ui", "flow": item}


def succeeded(via: str) -> Message:
    return messages.VERIFICATION_PHONE_SUCCESSFUL() if via == SMS else messages.VERIFICATION_SUCCESSFUL()


def _secret(flow: Flow, via: str, value: str, identity_id: str, svc: Services) -> tuple[SentCode, str]:
    secret = codes.new_link_token(svc) if by_link(svc) else codes.new_code(svc)
    sent = codes.sent(
        flow.id,
        secret,
        Purpose.VERIFICATION,
        via=via,
        address=value,
        identity_id=identity_id,
        lifespan=_lifespan(svc),
        svc=svc,
    )
    return sent, secret


def _lifespan(svc: Services) -> timedelta:
    methods = svc.config.selfservice.methods
    return methods.link.config.lifespan if by_link(svc) else methods.code.config.lifespan


def _asking(flow: Flow, sent: SentCode, svc: Services) -> Flow:
    earlier = flow.codes[-_OTHER_LINKS:] if by_link(svc) else ()
    return held_back(replace(flow, codes=(*earlier, sent)), svc)


def held_back(flow: Flow, svc: Services) -> Flow:
    """The flow as if something was sent: an address that had enough messages gets none, and nobody is told."""
    if by_link(svc):
        told = messages.VERIFICATION_EMAIL_SENT()
    elif "@" in flow.internal.get(ADDRESS, ""):
        told = messages.VERIFICATION_EMAIL_WITH_CODE_SENT()
    else:
        told = messages.VERIFICATION_PHONE_WITH_CODE_SENT()
    return replace(
        flow,
        state=FlowState.SENT_EMAIL,
        messages=(told,),
        problems=(),
        internal=codes.emptied(flow),
        updated_at=svc.clock.now(),
    )


def _template(svc: Services) -> str:
    return "verification_valid" if by_link(svc) else "verification_code_valid"


def _valid(flow: Flow, via: str, to: str, secret: str, payload: Mapping[str, Any] | None, svc: Services) -> Json:
    """What a message with a code or link tells, but for whose address it is."""
    query = {"flow": flow.id, "token": secret} if by_link(svc) else {"code": secret, "flow": flow.id}
    data = _data(flow, to, payload) | {"expires_in_minutes": max(1, _lifespan(svc) // timedelta(minutes=1))}
    if not by_link(svc):
        data["verification_code"] = secret
    if via == EMAIL:
        data["verification_url"] = svc.urls.self_service(Kind.VERIFICATION, **query)
    else:
        data["request_url_domain"] = urlsplit(flow.request_url).hostname or ""
    return data


def _data(flow: Flow, to: str, payload: Mapping[str, Any] | None) -> Json:
    return {"to": to, "request_url": flow.request_url, "transient_payload": dict(payload or {})}


def _request_url(origin: str) -> str:
    """The origin's, with its `after_verification_return_to` as `return_to`."""
    parts = urlsplit(origin)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    wanted = next((value for name, value in pairs if name == "after_verification_return_to" and value), None)
    if wanted is None:
        return origin
    kept = [pair for pair in pairs if pair[0] not in ("return_to", "after_verification_return_to")]
    return parts._replace(query=urlencode([*kept, ("return_to", wanted)])).geturl()
