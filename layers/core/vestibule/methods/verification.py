"""What both ways to prove an address have in common: what a form asks of them, what they remember of the flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from vestibule.config.formats import is_email
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


def asked_by_mail(form: Form) -> SendTo | Rejected:
    """To send something to the mail address in the form."""
    typed = form.text("email")
    if not typed.strip():
        return missing_address()
    return SendTo(typed) if len(typed) <= LONGEST_ADDRESS and is_email(typed.strip()) else not_an_address(typed)
