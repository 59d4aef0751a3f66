"""Bearer tokens. They carry the ids that find their row, and random bytes that only their holder knows.

Each is base62 of fixed width behind its prefix, so one token has exactly one text; the store keeps `digest()` alone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from vestibule.crypto.sealing import Sealer
from vestibule.crypto.text import from_base62, same, to_base62
from vestibule.domain.record import Unprinted

RandomBytes = Callable[[int], bytes]
"""`svc.random.bytes`."""

SESSION_PREFIX = "ory_st_"
LOGOUT_PREFIX = "ory_lo_"

_ID = 16
_SECRET = 24
_EXCHANGE_SECRET = 31
"""With the flow's id that makes 64 letters and digits, the form that clients know."""


class SessionToken(Unprinted, frozen=True):
    """`ory_st_` + base62 of (identity id, session id, secret). Ids are canonical UUID text."""

    identity_id: str
    session_id: str
    secret: bytes

    @classmethod
    def new(cls, identity_id: str, session_id: str, random: RandomBytes) -> SessionToken:
        return cls(identity_id, session_id, random(_SECRET))

    @classmethod
    def parse(cls, text: str) -> SessionToken | None:
        """The token, or None for every text that `text` of no token is. Says nothing about whether it is valid."""
        if not text.startswith(SESSION_PREFIX):
            return None
        raw = from_base62(text.removeprefix(SESSION_PREFIX), 2 * _ID + _SECRET)
        if raw is None:
            return None
        return cls(_id(raw[:_ID]), _id(raw[_ID : 2 * _ID]), raw[2 * _ID :])

    @property
    def text(self) -> str:
        return SESSION_PREFIX + to_base62(self._raw())

    def digest(self) -> bytes:
        """SHA-256, 32 bytes. A plain hash will do: nobody guesses 24 random bytes."""
        return hashlib.sha256(b"session:" + self._raw()).digest()

    def matches(self, digest: bytes) -> bool:
        return same(self.digest(), digest)

    def _raw(self) -> bytes:
        return UUID(self.identity_id).bytes + UUID(self.session_id).bytes + self.secret


class ExchangeCode(Unprinted, frozen=True):
    """One half of the pair that a native client trades for its session token: base62 of (flow id, secret).

    `role` ("init" or "return_to") goes into the digest, so that one half never passes for the other.
    """

    flow_id: str
    secret: bytes

    @classmethod
    def new(cls, flow_id: str, random: RandomBytes) -> ExchangeCode:
        return cls(flow_id, random(_EXCHANGE_SECRET))

    @classmethod
    def parse(cls, text: str) -> ExchangeCode | None:
        raw = from_base62(text, _ID + _EXCHANGE_SECRET)
        return None if raw is None else cls(_id(raw[:_ID]), raw[_ID:])

    @property
    def text(self) -> str:
        return to_base62(self._raw())

    def digest(self, role: str) -> bytes:
        return hashlib.sha256(f"exchange:{role}:".encode() + self._raw()).digest()

    def matches(self, role: str, digest: bytes) -> bool:
        return same(self.digest(role), digest)

    def _raw(self) -> bytes:
        return UUID(self.flow_id).bytes + self.secret


def logout_token(key: bytes, session_id: str) -> str:
    """`ory_lo_` + base62 of an HMAC of the session's id: nothing to store, worth nothing without the session's cookie.

    `key`: `derive_key(secret, "logout")`.
    """
    return LOGOUT_PREFIX + to_base62(hmac.digest(key, f"logout:{session_id}".encode(), "sha256"))


def is_logout_token(text: str, keys: Iterable[bytes], session_id: str) -> bool:
    """True when one of the keys (current and rotated) made `text` for this session."""
    return any(same(logout_token(key, session_id), text) for key in keys)


class PageTokens:
    """Opaque, authenticated page tokens: where a listing goes on.

    A token opens only for the listing that it was made for (its name with its filters).
    """

    __slots__ = ("_sealer",)

    def __init__(self, secrets: Sequence[str]) -> None:
        self._sealer = Sealer(secrets, "page")

    def seal(self, listing: str, position: Sequence[str]) -> str:
        return self._sealer.seal(json.dumps(list(position)).encode(), context=listing.encode("utf-8", "surrogatepass"))

    def open(self, listing: str, text: str) -> list[str] | None:
        plain = self._sealer.open(text, context=listing.encode("utf-8", "surrogatepass"))
        return None if plain is None else [str(part) for part in cast("list[Any]", json.loads(plain))]


def _id(raw: bytes) -> str:
    return str(UUID(bytes=raw))
