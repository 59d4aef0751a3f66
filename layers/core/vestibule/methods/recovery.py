"""What the ways back into an account have in common: what forms ask of them, and what they remember of the flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from vestibule.config import normalise
from vestibule.domain.flow import Flow
from vestibule.methods.method import Form, Rejected
from vestibule.methods.verification import LONGEST_ADDRESS, Presented, SendTo
from vestibule.ports import Key
from vestibule.services import Services
from vestibule.stores.addresses import address_key
from vestibule.ui.nodes import Node

USE = "use"
"""`flow.internal["use"]`: the method that the flow was started with."""

SENT = "sent"
"""`flow.internal["sent"]`: the method that sent something last."""

ADDRESS = "address"
"""`flow.internal["address"]`: who wants to get back in, as it was typed."""

TO = "to"
"""`flow.internal["to"]`: the address that was confirmed and that the code went to, where people choose; as typed."""

CHOICE = "choice"
"""`flow.internal["choice"]`: there, where people choose, always; the addresses as pairs (digest, masked address)."""

VIA = "via"
"""`flow.internal["via"]`: the channel of the address that was chosen and is to be typed."""

UNGUARDED = "unguarded"
"""`flow.internal["unguarded"]`: see `Flow.unguarded`."""

BY_ADMIN = "by_admin"
"""`flow.internal["by_admin"]`: made by an administrator; goes on where recovery is switched off for everybody else."""

FIELDS = (
    *("method", "csrf_token", "email", "code", "token", "screen"),
    *("recovery_address", "recovery_select_address", "recovery_confirm_address"),
)
"""What a form of the flow may send, as text."""

_ADDRESSES = ("email", "recovery_address", "recovery_confirm_address")


class Chosen(Struct, frozen=True):
    """Of the addresses of whoever `typed` is, the one with this digest."""

    typed: str
    digest: str


class Confirmed(Struct, frozen=True):
    """Send the code to `to`, one of the addresses of whoever `typed` is."""

    typed: str
    to: str


class Back(Struct, frozen=True):
    """One step back."""

    typed: str


Asked = SendTo | Presented | Chosen | Confirmed | Back | Rejected


class RecoveryMethod(Protocol):
    """One way to get back in."""

    @property
    def id(self) -> str: ...

    def enabled(self, svc: Services) -> bool: ...

    def responsible(self, flow: Flow, form: Form) -> bool:
        """Whether the form is for it. Contract 01 §6."""
        ...

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        """Its form as the flow stands, in the order of the wire, without the CSRF node."""
        ...

    def asked(self, flow: Flow, form: Form) -> Asked: ...


class Address(Struct, frozen=True):
    """One that was typed. `value` is normalised, or the text itself where it can be no address."""

    via: str
    value: str

    def key(self, svc: Services) -> Key:
        return address_key(svc.index, self.via, self.value)


def typed_address(text: str) -> Address:
    """What somebody typed, as addresses are looked up: with an @ a mail address, else a phone number."""
    text = text.strip()[:LONGEST_ADDRESS]
    if "@" in text:
        return Address("email", normalise.email(text))
    try:
        return Address("sms", normalise.phone(text))
    except normalise.InvalidPhone:
        return Address("sms", normalise.email(text))


def addresses(form: Form) -> tuple[Address, ...]:
    """Every address that the form speaks of, to be read along with the flow."""
    found = (typed_address(text) for name in _ADDRESSES if (text := form.text(name)).strip())
    return tuple(dict.fromkeys(found))


def choosing(flow: Flow) -> bool:
    """Whether people choose among their addresses in this flow; it stays as it was started."""
    return CHOICE in flow.internal
