"""One-time codes and link tokens: six digits or a token from the system's randomness, kept as HMACs only.

Attempts are counted before anything is compared (contract 03 §4), and what was used is gone with the write that acts on
it: of any number who come at once, one write goes through.
"""

from __future__ import annotations

import hmac
from datetime import timedelta

from vestibule.crypto.text import same, to_base62, to_base64url
from vestibule.domain.code import Purpose, SentCode
from vestibule.domain.flow import Flow
from vestibule.domain.json import Json
from vestibule.services import Services

DIGITS = 6

_PREFILLED = "prefilled"
"""`flow.internal["prefilled"]`: the code or token of a link that was opened, sealed: codes are never stored plainly."""

_TOKEN_BYTES = 24


def new_code(svc: Services) -> str:
    """Six digits, uniform: 4 bytes are drawn again until they are below the largest multiple of a million."""
    while True:
        number = int.from_bytes(svc.random.bytes(4), "big")
        if number < 4_294_000_000:
            return f"{number % 10**DIGITS:0{DIGITS}d}"


def new_link_token(svc: Services) -> str:
    """Letters and digits, 192 bits."""
    return to_base62(svc.random.bytes(_TOKEN_BYTES))


def sent(
    flow_id: str,
    secret: str,
    purpose: Purpose,
    *,
    via: str,
    address: str,
    identity_id: str = "",
    lifespan: timedelta,
    given: str = "",
    svc: Services,
) -> SentCode:
    """What the flow remembers of a code or token that goes to an address. `flow_id` may be of a flow not stored yet."""
    return SentCode(
        digest=_digest(svc.code_keys[0], flow_id, secret, purpose, via, address, identity_id),
        purpose=purpose,
        via=via,
        address=address,
        identity_id=identity_id,
        expires_at=svc.clock.now() + lifespan,
        given=given,
    )


def matching(flow: Flow, secret: str, purpose: Purpose, svc: Services, *, expired: bool = False) -> SentCode | None:
    """The code of the flow that this is, if it has not expired (with `expired`, also then).

    Compares with every one, in constant time each.
    """
    now = svc.clock.now()
    found: SentCode | None = None
    for code in flow.codes:
        if code.purpose is not purpose or (code.expires_at <= now and not expired):
            continue
        digests = [
            _digest(key, flow.id, secret, purpose, code.via, code.address, code.identity_id) for key in svc.code_keys
        ]
        if any([same(code.digest, digest) for digest in digests]):  # noqa: C419 (every key is compared)
            found = code
    return found


def filled(flow: Flow, secret: str, svc: Services) -> Json:
    """`flow.internal` with the code or token of an opened link, so that one press of a button sends it."""
    return {**flow.internal, _PREFILLED: svc.cookie_sealer.seal(secret.encode(), context=flow.id.encode())}


def prefilled(flow: Flow, svc: Services) -> str | None:
    sealed = flow.internal.get(_PREFILLED)
    plain = svc.cookie_sealer.open(sealed, context=flow.id.encode()) if sealed else None
    return plain.decode() if plain is not None else None


def emptied(flow: Flow) -> Json:
    """`flow.internal` without it."""
    return {name: value for name, value in flow.internal.items() if name != _PREFILLED}


def _digest(key: bytes, flow_id: str, secret: str, purpose: Purpose, via: str, address: str, identity_id: str) -> str:
    text = f"{flow_id}\0{purpose}\0{via}\0{address}\0{identity_id}\0{secret}"
    return to_base64url(hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256"))
