"""A one-time code as second factor, sent to an address of whoever is signed in. Contract 03 §4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vestibule.config.normalise import identifier as normalised
from vestibule.domain.errors import BadRequest
from vestibule.domain.flow import Flow, FlowState
from vestibule.domain.identity import Identity
from vestibule.domain.message import Message, Problem
from vestibule.domain.session import Aal
from vestibule.methods import code, code_proof, second_factor
from vestibule.methods.code import CODE, Address
from vestibule.methods.identifier import IDENTIFIER
from vestibule.methods.method import Attempt, Pending, Rejected, Verdict
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.container import value_at
from vestibule.ui.nodes import Node, input_node, submit_node

ADDRESSES = "addresses"
"""`flow.internal["addresses"]`: the [channel, address] of each that a code can be sent to."""


def is_for(flow: Flow, svc: Services) -> bool:
    return flow.requested_aal == Aal.AAL2 and second_factor.codes_count(svc)


def known(identity: Identity | None, via: str | None, svc: Services) -> dict[str, Any]:
    """What the flow has to remember; `via` names the trait whose address is wanted. Raises BadRequest."""
    if identity is None or not second_factor.codes_count(svc):
        return {}
    addresses = addresses_of(identity, svc)
    if via:
        value = value_at(identity.traits, via)
        wanted = normalised(value) if isinstance(value, str) else ""
        addresses = [address for address in addresses if address[1] == wanted]
        if not addresses:
            raise BadRequest(f"The trait {via!r} holds no address that a code could be sent to")
    return {ADDRESSES: [list(address) for address in addresses]} if addresses else {}


def begun(flow: Flow, identity: Identity, svc: Services) -> Pending:
    """As recorded: somebody with a single address and no other second factor is sent the code when the flow opens."""
    offered = _offered(flow)
    if not is_for(flow, svc) or len(offered) != 1:
        return Pending(flow)
    return code_proof.sent(flow, identity, offered[0], svc, known=True, payload={})


def nodes(flow: Flow, svc: Services) -> Sequence[Node]:
    offered = _offered(flow)
    if not code.is_waiting(flow):
        return [submit_node("address", address, CODE, _label(via, address)) for via, address in offered]
    if code.was_refused(flow):
        carried = [input_node(IDENTIFIER, "hidden", "default")]
    else:
        carried = [
            input_node(IDENTIFIER, "hidden", CODE, value=address, label=_label(via, address))
            for via, address in offered
        ]
    return (*carried, *code.waiting_nodes(messages.LABEL_LOGIN_CODE()))


def submit(attempt: Attempt, svc: Services) -> Verdict:
    """Whose code it is says the session. Raises Aal1Required, TooManyRequests."""
    flow, form, identity = attempt.flow, attempt.form, second_factor.owner(attempt)
    again = code.asks_again(form)
    typed = form.text("address") or form.text(IDENTIFIER)
    if flow.state is FlowState.SENT_EMAIL and not again:
        return code_proof.checked(attempt, identity.id, {IDENTIFIER: typed}, svc)
    if flow.state is FlowState.PASSED_CHALLENGE and not again:
        return Rejected((Problem(messages.LOGIN_NO_STRATEGY_FOUND()),))
    address = _asked(attempt, addresses_of(identity, svc))
    if address is None:
        return Rejected((Problem(messages.LOGIN_ADDRESS_UNKNOWN()),), {IDENTIFIER: typed})
    return code_proof.sent(flow, identity, address, svc, known=True, payload=dict(form.transient_payload))


def addresses_of(identity: Identity, svc: Services) -> list[Address]:
    """The addresses of the credential, else where accounts without one get codes all that can be verified."""
    credential = identity.credential(CODE)
    if credential is not None and credential.identifiers:
        found = [(code.channel_of(identifier), identifier) for identifier in credential.identifiers]
    elif code.falls_back(svc):
        found = [(address.via, address.value) for address in identity.verifiable_addresses]
    else:
        found = []
    return sorted(found, key=lambda address: address[1])


def _asked(attempt: Attempt, addresses: Sequence[Address]) -> Address | None:
    """The address whose button was pressed; another code goes where the last one went."""
    form, sent = attempt.form, attempt.flow.codes
    last = sent[-1].address if code.asks_again(form) and sent else ""
    wanted = normalised(form.text("address") or last or form.text(IDENTIFIER))
    if not wanted and len(addresses) == 1:
        return addresses[0]
    return next((address for address in addresses if address[1] == wanted), None)


def _offered(flow: Flow) -> list[Address]:
    return [(via, address) for via, address in flow.internal.get(ADDRESSES, ())]


def _label(via: str, address: str) -> Message:
    return messages.LOGIN_AAL2_CODE_ADDRESS(address=address, channel=via)
