"""What both ways to prove an address have in common: what a form asks of them, what they remember of the flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from vestibule.domain.flow import Flow
from vestibule.domain.message import Problem
from vestibule.domain.record import Unprinted
from vestibule.methods.method import Form, Rejected
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node

ADDRESS = "address"
"""`flow.internal["address"]`: where the code or link went, as it was typed."""

RESEND = "resend"
"""`flow.internal["resend"]`: the name of the button that sends another one: `email`, or `sms` for a hook's flow."""

BY_HOOK = "by_hook"
"""`flow.internal["by_hook"]`: nobody asked for the flow, a hook opened it with the message sent."""

PREFILLED = "prefilled"
"""`flow.internal["prefilled"]`: the code or token of a link that was opened, sealed: codes are never stored plainly."""

LONGEST_ADDRESS = 320


class SendTo(Struct, frozen=True):
    """Send a code or link to this address, given as typed."""

    typed: str


class Presented(Unprinted, frozen=True):
    """Here is the code or token that was sent."""

    secret: str


class VerificationMethod(Protocol):
    """One way to prove an address. Only the configured one is drawn and listened to (contract 01 §7)."""

    @property
    def id(self) -> str: ...

    def enabled(self, svc: Services) -> bool: ...

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        """The form while the address is not proven, in the order of the wire. The CSRF node is without its token."""
        ...

    def asked(self, form: Form) -> SendTo | Presented | Rejected: ...


def missing_address() -> Rejected:
    return Rejected((Problem(messages.REQUIRED(property="email"), "#/email"),), {"email": ""})


def not_an_address(typed: str) -> Rejected:
    return Rejected((Problem(messages.EMAIL(value=typed[:LONGEST_ADDRESS]), "#/email"),))


def prefilled(flow: Flow, svc: Services) -> str | None:
    """The code or token of the link that was opened, to be sent with one press."""
    sealed = flow.internal.get(PREFILLED)
    plain = svc.cookie_sealer.open(sealed, context=flow.id.encode()) if sealed else None
    return plain.decode() if plain is not None else None
