"""The code or token of a link that was opened, kept in its flow, so that one press of a button sends it."""

from __future__ import annotations

from vestibule.domain.flow import Flow
from vestibule.domain.json import Json
from vestibule.services import Services

_NAME = "prefilled"
"""`flow.internal["prefilled"]`: sealed, since codes are never stored plainly."""


def filled(flow: Flow, secret: str, svc: Services) -> Json:
    """`flow.internal` with the secret."""
    return {**flow.internal, _NAME: svc.cookie_sealer.seal(secret.encode(), context=flow.id.encode())}


def prefilled(flow: Flow, svc: Services) -> str | None:
    sealed = flow.internal.get(_NAME)
    plain = svc.cookie_sealer.open(sealed, context=flow.id.encode()) if sealed else None
    return plain.decode() if plain is not None else None


def emptied(flow: Flow) -> Json:
    """`flow.internal` without it."""
    return {name: value for name, value in flow.internal.items() if name != _NAME}
