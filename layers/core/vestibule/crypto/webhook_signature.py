"""Signatures of outgoing web hooks. Standard Webhooks 1.0.0, beside Kratos's own headers.

Signed is `{id}.{unix seconds}.{body}`: by HMAC-SHA-256 (`v1`, secrets `whsec_…` shared with the receiver) and by
ed25519 (`v1a`, keys `whsk_…` of ours alone, `whpk_…` for everybody). Every current and former secret signs, so that
receivers change over when they like.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vestibule.crypto.sealing import derive_key
from vestibule.crypto.text import to_base64url

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
SECRET_PREFIX, KEY_PREFIX, PUBLIC_PREFIX = "whsec_", "whsk_", "whpk_"

_SECRET_BYTES = range(24, 65)
_SEED = 32
_KEY_BYTES = (_SEED, 2 * _SEED)
"""A seed, alone or with its public key behind it."""


def secret_bytes(text: str) -> bytes:
    """What a `whsec_…` text holds. Raises ValueError with a sentence that does not quote it."""
    raw = _decoded(text, SECRET_PREFIX)
    if len(raw) not in _SECRET_BYTES:
        raise ValueError("a webhook secret is whsec_ and the base64 of 24 to 64 bytes")
    return raw


def key_seed(text: str) -> bytes:
    """The ed25519 seed that a `whsk_…` text holds. Raises ValueError as above."""
    raw = _decoded(text, KEY_PREFIX)
    if len(raw) not in _KEY_BYTES:
        raise ValueError("a webhook key is whsk_ and the base64 of an ed25519 key of 32 or 64 bytes")
    return raw[:_SEED]


def _decoded(text: str, prefix: str) -> bytes:
    try:
        return b64decode(text.removeprefix(prefix), validate=True) if text.startswith(prefix) else b""
    except ValueError:
        return b""


class WebhookSigner:
    """Safe under threads.

    `secrets` (`whsec_…`) and `keys` (`whsk_…`) are the configured ones, the current first. Where there are none, they
    are derived from `cipher`: a secret for each target host, so that no receiver can sign for another, and one key pair
    for all. `resolve` gives the value of a configured text that stands elsewhere.
    """

    __slots__ = ("_cipher", "_keys", "_resolve", "_secrets")

    def __init__(
        self,
        cipher: Sequence[str],
        *,
        secrets: Sequence[str] = (),
        keys: Sequence[str] = (),
        resolve: Callable[[str], str] = str,
    ) -> None:
        self._cipher = tuple(cipher)
        self._secrets = tuple(secrets)
        self._keys = tuple(keys)
        self._resolve = resolve

    def headers(self, webhook_id: str, url: str, body: bytes, at: datetime) -> dict[str, str]:
        """The three headers of one attempt at `at` (aware). `webhook_id` has no full stop in it.

        Raises ValueError for a configured secret that is none, and what `resolve` raises.
        """
        seconds = str(int(at.timestamp()))
        signed = f"{webhook_id}.{seconds}.".encode() + body
        symmetric = [f"v1,{_text(hmac.digest(secret, signed, 'sha256'))}" for secret in self._shared(url)]
        asymmetric = [f"v1a,{_text(key.sign(signed))}" for key in self._private()]
        return {ID: webhook_id, TIMESTAMP: seconds, SIGNATURE: " ".join((*symmetric, *asymmetric))}

    def secrets(self, url: str) -> tuple[str, ...]:
        """The `whsec_…` texts for whoever answers at the address, the current first."""
        return tuple(SECRET_PREFIX + _text(secret) for secret in self._shared(url))

    def public_keys(self) -> tuple[str, ...]:
        """The `whpk_…` texts, the current first."""
        return tuple(PUBLIC_PREFIX + _text(key.public_key().public_bytes_raw()) for key in self._private())

    def jwks(self) -> Mapping[str, Any]:
        """The public keys as a JSON Web Key Set (RFC 8037)."""
        raw = [key.public_key().public_bytes_raw() for key in self._private()]
        return {
            "keys": [
                {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "x": to_base64url(public)}
                for public in raw
            ]
        }

    def _shared(self, url: str) -> list[bytes]:
        if self._secrets:
            return [secret_bytes(self._resolve(text)) for text in self._secrets]
        return [_derived(secret, "webhook:v1", _host(url)) for secret in self._cipher]

    def _private(self) -> list[Ed25519PrivateKey]:
        if self._keys:
            return [_private_key(key_seed(self._resolve(text))) for text in self._keys]
        return [_private_key(_derived(secret, "webhook:v1a", "")) for secret in self._cipher]


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


@lru_cache(maxsize=256)
def _derived(secret: str, purpose: str, host: str) -> bytes:
    return derive_key(secret, f"{purpose}:{host}")


@lru_cache(maxsize=16)
def _private_key(seed: bytes) -> Ed25519PrivateKey:
    # Here and not above: functions that call nobody do without it (cold start).
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    return Ed25519PrivateKey.from_private_bytes(seed)


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
