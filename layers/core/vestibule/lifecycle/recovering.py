"""Letting people back in: a code or link for whoever has an address, and what becomes of it in the store.

An address that nobody has costs the same as any other: the same reads, a code that no identity stands behind, and a
transaction of as many items. Each step is one transaction on the version of the flow that it was decided for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from vestibule.crypto.text import same
from vestibule.domain.code import Purpose, SentCode
from vestibule.domain.flow import Flow, FlowState, FlowType, Kind
from vestibule.domain.identity import Identity, RecoveryAddress
from vestibule.domain.json import Json
from vestibule.domain.message import Message
from vestibule.domain.request import Request
from vestibule.domain.session import NIL_UUID
from vestibule.domain.times import to_micros
from vestibule.lifecycle import opening
from vestibule.methods import codes
from vestibule.methods.code import may_be_written_to
from vestibule.methods.recovery import ADDRESS, CHOICE, SENT, TO, USE, VIA, Address, choosing, typed_address
from vestibule.methods.recovery_choice import digest
from vestibule.methods.recovery_code import CODE
from vestibule.methods.recovery_link import LINK
from vestibule.ports import Item, Key, Put, TransactionCancelled
from vestibule.services import Services
from vestibule.stores.addresses import recovery_owner
from vestibule.stores.flows import FlowChanged
from vestibule.ui import messages
from vestibule.ui.masking import masked

Found = Mapping[Key, Item | None]
"""What was read along with the flow."""

_OTHER_LINKS = 4
"""Links that were sent earlier and still hold; a new code makes earlier ones void instead (contract 09)."""


class Step(Struct, frozen=True):
    """The flow as it is to be stored, and the message that goes with it."""

    flow: Flow
    message: Put | None = None


def new_flow(type_: FlowType, request: Request, svc: Services, *, use: str | None = None) -> Flow:
    """A flow for the client of the request, not stored yet."""
    use = use or svc.config.selfservice.flows.recovery.use
    flow = replace(opening.new_flow(Kind.RECOVERY, type_, request, svc), active=use, internal={USE: use})
    if use != CODE or not svc.config.feature_flags.choose_recovery_address:
        return flow
    return replace(flow, state=FlowState.RECOVERY_AWAITING_ADDRESS, internal={USE: use, CHOICE: []})


class Whose(Struct, frozen=True):
    """Who can be got back into by an address as typed, and whether it may get a message (None: that was not asked)."""

    identity: Identity | None
    allowed: bool | None = None


def whose(typed: str, found: Found, svc: Services, *, sends: bool) -> Whose:
    """One read, whether anybody has the address or not; beside it the message is counted, for a step that sends one."""
    address = typed_address(typed)
    key = address.key(svc)
    item = found[key] if key in found else svc.table.get([key])[0]
    owner = recovery_owner(item) or NIL_UUID
    if not sends:
        return Whose(svc.identities.find(owner))
    return Whose(
        *svc.parallel(
            lambda: svc.identities.find(owner),
            lambda: may_be_written_to(address.via, address.value, svc),
        )
    )


# --- codes and links ------------------------------------------------------------------------------------


def send_code(flow: Flow, whose: Whose, typed: str, to: str, payload: Mapping[str, Any], svc: Services) -> Step:
    """A code for the address `to` of whoever `typed` is; for nobody, unless both are the same person's."""
    address = typed_address(to)
    allowed = may_be_written_to(address.via, address.value, svc) if whose.allowed is None else whose.allowed
    identity = whose.identity if allowed else None
    secret = codes.new_code(svc)
    lifespan = svc.config.selfservice.methods.code.config.lifespan
    sent = _sent(flow.id, secret, Purpose.RECOVERY, address, identity, lifespan, svc)
    data = _data(flow, address.value, payload, lifespan)
    if address.via == "sms":
        # The key as recorded: gateways are configured for it.
        data |= {"verification_code": secret, "request_url_domain": urlsplit(flow.request_url).hostname or ""}
    else:
        data["recovery_code"] = secret
    message = _message("recovery_code_valid", "recovery_code_invalid", address, identity, data, svc, allowed=allowed)
    links = tuple(each for each in flow.codes if each.purpose is Purpose.RECOVERY_LINK)
    state, told = FlowState.SENT_EMAIL, messages.RECOVERY_EMAIL_WITH_CODE_SENT()
    if choosing(flow):
        shown = masked(to)
        state = FlowState.RECOVERY_AWAITING_CODE
        told = messages.RECOVERY_MESSAGE_MASKED_WITH_CODE_SENT(masked_address=shown)
    internal = {ADDRESS: typed, SENT: CODE, **({TO: to} if choosing(flow) else {})}
    return Step(_asking(flow, state, told, (*links, sent), internal, svc), message)


def send_link(flow: Flow, whose: Whose, typed: str, payload: Mapping[str, Any], svc: Services) -> Step:
    """A link for whoever has the address; one that was sent before holds on."""
    address = typed_address(typed)
    allowed = may_be_written_to(address.via, address.value, svc) if whose.allowed is None else whose.allowed
    identity = whose.identity if allowed else None
    token = codes.new_link_token(svc)
    lifespan = svc.config.selfservice.methods.link.config.lifespan
    sent = _sent(flow.id, token, Purpose.RECOVERY_LINK, address, identity, lifespan, svc)
    url = svc.urls.self_service(Kind.RECOVERY, flow=flow.id, token=token)
    data = _data(flow, address.value, payload, lifespan) | {"recovery_url": url}
    message = _message("recovery_valid", "recovery_invalid", address, identity, data, svc, allowed=allowed)
    earlier = flow.codes[-_OTHER_LINKS:]
    internal = {ADDRESS: typed, SENT: LINK}
    told = messages.RECOVERY_EMAIL_SENT()
    return Step(_asking(flow, FlowState.SENT_EMAIL, told, (*earlier, sent), internal, svc), message)


def made_by_admin(
    flow_id: str, secret: str, purpose: Purpose, identity: Identity, lifespan: timedelta, svc: Services
) -> SentCode:
    """A code or token that goes to no address: whoever made it hands it over."""
    return _sent(flow_id, secret, purpose, None, identity, lifespan, svc)


def still_holds(sent: SentCode, identity: Identity | None) -> bool:
    """The code's identity has its address and its password as when it was sent."""
    if identity is None or identity.id != sent.identity_id or not same(sent.given, _given(identity)):
        return False
    return not sent.address or _has(identity, Address(sent.via, sent.address))


# --- choosing an address ----------------------------------------------------------------------------------


def first_step(flow: Flow, whose: Whose, typed: str, payload: Mapping[str, Any], svc: Services) -> Step:
    """Whoever has several addresses chooses one; to the only one, and to nobody, the code goes at once."""
    if whose.identity is None or len(whose.identity.recovery_addresses) < 2:
        return send_code(flow, whose, typed, typed, payload, svc)
    return _choice(flow, whose.identity, typed, svc)


def chosen(
    flow: Flow, whose: Whose, typed: str, selected: str, payload: Mapping[str, Any], svc: Services
) -> Step | None:
    """The address with that digest, to be typed in full unless it just was. None where there is no such one."""
    found = [each for each in _addresses(whose.identity) if same(digest(each.value), selected)]
    if not found:
        return None
    if found[0].value == typed_address(typed).value:
        return send_code(flow, whose, typed, typed, payload, svc)
    told = messages.RECOVERY_ASK_FOR_FULL_ADDRESS()
    internal = {ADDRESS: typed, VIA: found[0].via}
    return Step(_asking(flow, FlowState.RECOVERY_CONFIRMING_ADDRESS, told, (), internal, svc))


def back(flow: Flow, identity: Identity | None, typed: str, svc: Services) -> Step:
    """To the choice of addresses where there is one, else to the start."""
    if identity is not None and len(identity.recovery_addresses) > 1:
        return _choice(flow, identity, typed, svc)
    return Step(_asking(flow, FlowState.RECOVERY_AWAITING_ADDRESS, None, (), {ADDRESS: typed}, svc))


def _choice(flow: Flow, identity: Identity, typed: str, svc: Services) -> Step:
    choice = [[digest(each.value), masked(each.value)] for each in _addresses(identity)]
    told = messages.RECOVERY_ASK_TO_CHOOSE_ADDRESS()
    internal = {ADDRESS: typed, CHOICE: choice}
    return Step(_asking(flow, FlowState.RECOVERY_AWAITING_ADDRESS_CHOICE, told, (), internal, svc))


def _addresses(identity: Identity | None) -> list[RecoveryAddress]:
    return sorted(identity.recovery_addresses, key=lambda each: each.value) if identity is not None else []


# --- in the store ---------------------------------------------------------------------------------------


def store(step: Step, svc: Services) -> Flow:
    """The flow as stored, with its message. Raises FlowChanged."""
    writes = [svc.flows.saving(step.flow), *([step.message] if step.message is not None else [])]
    try:
        svc.table.transact(writes)
    except TransactionCancelled:
        raise FlowChanged(step.flow.id) from None
    return replace(step.flow, version=step.flow.version + 1)


# --- within ---------------------------------------------------------------------------------------------


def _sent(
    flow_id: str,
    secret: str,
    purpose: Purpose,
    address: Address | None,
    identity: Identity | None,
    lifespan: timedelta,
    svc: Services,
) -> SentCode:
    """Bound to the identity if it has the address; else to none, and so good for nothing."""
    known = identity is not None and (address is None or _has(identity, address))
    return codes.sent(
        flow_id,
        secret,
        purpose,
        via=address.via if address else "",
        address=address.value if address else "",
        identity_id=identity.id if identity is not None and known else NIL_UUID,
        lifespan=lifespan,
        given=_given(identity if known else None),
        svc=svc,
    )


def _given(identity: Identity | None) -> str:
    """Which password the identity has: a code that was sent before it was changed is void."""
    password = identity.credential("password") if identity is not None else None
    return str(to_micros(password.updated_at)) if password is not None else "-"


def _has(identity: Identity, address: Address) -> bool:
    return any((each.via, each.value) == (address.via, address.value) for each in identity.recovery_addresses)


def _message(
    known: str, unknown: str, address: Address, identity: Identity | None, data: Json, svc: Services, *, allowed: bool
) -> Put:
    """For whoever has the address, and has not had enough messages this hour. Who has it not is told where wanted."""
    if identity is not None and _has(identity, address):
        data |= {"identity": identity.to_wire(svc.urls.public)}
        return svc.messages.queueing(known, via=address.via, recipient=address.value, data=data)
    notified = svc.config.selfservice.flows.recovery.notify_unknown_recipients
    if allowed and notified and address.via == "email":
        told = {name: data[name] for name in ("to", "request_url", "transient_payload")}
        return svc.messages.queueing(unknown, via=address.via, recipient=address.value, data=told)
    return svc.messages.pretending(known, via=address.via, recipient=address.value, data=data)


def _data(flow: Flow, to: str, payload: Mapping[str, Any], lifespan: timedelta) -> Json:
    return {
        "to": to,
        "request_url": flow.request_url,
        "transient_payload": dict(payload),
        "expires_in_minutes": max(1, lifespan // timedelta(minutes=1)),
    }


def _asking(
    flow: Flow, state: FlowState, told: Message | None, kept: tuple[SentCode, ...], internal: Json, svc: Services
) -> Flow:
    going_on = {name: value for name, value in codes.emptied(flow).items() if name not in (TO, VIA)}
    return replace(
        flow,
        state=state,
        active=internal.get(SENT, flow.active),
        codes=kept,
        messages=(told,) if told is not None else (),
        problems=(),
        internal=going_on | internal,
        updated_at=svc.clock.now(),
    )
