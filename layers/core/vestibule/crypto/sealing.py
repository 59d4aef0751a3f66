"""Texts that only we can read and make: cookies, page tokens, stored secrets.

A sealed text is base64url of: version (1 byte, 1) · key hint (4) · nonce (24) · AES-256-GCM ciphertext and tag.
Every secret and purpose has its own key by HKDF-SHA-256. The first half of the nonce derives the message's own
key, so that random nonces stay safe for as many messages as we like (plain GCM stops at 2^32 under one key).
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vestibule.crypto.text import from_base64url, to_base64url
from vestibule.domain.record import Unprinted

_VERSION = b"\x01"
_HINT, _SALT, _NONCE, _TAG = 4, 12, 12, 16
_HEADER = len(_VERSION) + _HINT
_SMALLEST = _HEADER + _SALT + _NONCE + _TAG


class SecretRemoved(Exception):
    """No configured secret opens what is stored. Its text names the setting and nothing else: it may be logged."""


def derive_key(secret: str, purpose: str, size: int = 32) -> bytes:
    """The key of one purpose from a configured secret, by HKDF-SHA-256. Purposes share no key."""
    info = b"vestibule:" + purpose.encode()
    return HKDF(algorithm=SHA256(), length=size, salt=None, info=info).derive(secret.encode("utf-8", "surrogatepass"))


class _Key(Unprinted, frozen=True):
    hint: bytes
    """Public: says which secret sealed a text, not what it is."""

    key: bytes

    @classmethod
    def of(cls, secret: str, purpose: str) -> _Key:
        derived = derive_key(secret, f"seal:{purpose}", 32 + _HINT)
        return cls(derived[32:], derived[:32])

    def cipher(self, salt: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self.key, salt, "sha256"))


class Sealer:
    """Seals for one purpose. The first secret seals, every one of them opens: that is how secrets rotate.

    `context` is bound to the text without being in it (an identity id, a list's name): another context does not open.
    """

    __slots__ = ("_keys",)

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        if not secrets:
            raise ValueError(f"no secret to seal {purpose} with")
        self._keys = tuple(_Key.of(secret, purpose) for secret in secrets)

    def seal(self, plain: bytes, *, context: bytes = b"") -> str:
        first = self._keys[0]
        header = _VERSION + first.hint
        # Not svc.random: a repeated nonce breaks the cipher, so no test may choose it.
        nonce = os.urandom(_SALT + _NONCE)
        sealed = first.cipher(nonce[:_SALT]).encrypt(nonce[_SALT:], plain, header + context)
        return to_base64url(header + nonce + sealed)

    def open(self, text: str, *, context: bytes = b"") -> bytes | None:
        """What was sealed; None for anything forged, damaged, or made by another secret, purpose or context."""
        raw = from_base64url(text)
        if raw is None or len(raw) < _SMALLEST or raw[:1] != _VERSION:
            return None
        header, body = raw[:_HEADER], raw[_HEADER:]
        salt, nonce, sealed = body[:_SALT], body[_SALT : _SALT + _NONCE], body[_SALT + _NONCE :]
        for key in self._keys:
            if key.hint != header[1:]:
                continue
            try:
                return key.cipher(salt).decrypt(nonce, sealed, header + context)
            except InvalidTag:
                continue
        return None

    def needs_reseal(self, text: str) -> bool:
        """True when another secret than the first sealed it (or nobody: ask only about texts that opened)."""
        raw = from_base64url(text)
        return raw is None or raw[:_HEADER] != _VERSION + self._keys[0].hint
