"""What a person is about to take over as a second factor, before it is theirs.

It is never stored: it follows from a key of ours and from a seed that the flow knows. Reading the table tells nobody,
a form that is opened anew has another one, and what a client sends in its place is not looked at.
"""

from __future__ import annotations

import hmac

from vestibule.domain.flow import Flow
from vestibule.services import Services

SUCCESSOR = "successor"
"""`flow.internal["successor"]`: the id of the flow that goes on behind one that succeeded."""

APPENDED = "appended"
"""`flow.internal["appended"]`: the group whose nodes stand behind all others, as the wire shows new codes."""

_BLOCK = 32


def form_id(flow: Flow) -> str:
    """Which flow the form goes to; another one after every change, and so a seed for what the form offers."""
    return flow.internal.get(SUCCESSOR) or flow.id


def derived_bytes(purpose: str, seed: str, count: int, svc: Services) -> bytes:
    """As many bytes as asked for, the same ones for the same seed: HMAC-SHA-256 in counter mode."""
    key = hmac.digest(svc.code_keys[0], b"enrolment", "sha256")
    blocks = range(-(-count // _BLOCK))
    return b"".join(hmac.digest(key, f"{purpose}\0{seed}\0{each}".encode(), "sha256") for each in blocks)[:count]
