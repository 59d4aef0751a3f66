"""CSRF by double submit: a secret in a cookie, and in the form that secret under a fresh mask (contract 07 §2).

The mask keeps the secret from being read out of compressed pages byte by byte (BREACH). The flow keeps `digest` of
the secret it was opened with, so that a cookie planted by a sibling domain does not pass with the planter's own token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from vestibule.crypto.text import from_base64url, same, to_base64url

RandomBytes = Callable[[int], bytes]
_SIZE = 32


def cookie_name(public_base_url: str) -> str:
    """`csrf_token_<sha256 hex>`: two deployments under one domain do not overwrite each other's cookie."""
    return f"csrf_token_{hashlib.sha256(public_base_url.encode()).hexdigest()}"


def new_secret(random: RandomBytes) -> str:
    """The cookie's value, 43 characters."""
    return to_base64url(random(_SIZE))


def is_secret(text: str) -> bool:
    """Whether a cookie's value is a secret at all; anything else is replaced by a new one."""
    raw = from_base64url(text)
    return raw is not None and len(raw) == _SIZE


def mask(secret: str, random: RandomBytes) -> str:
    """A form's token for the cookie's secret, another one each time. Raises ValueError unless `is_secret(secret)`."""
    raw = from_base64url(secret)
    if raw is None or len(raw) != _SIZE:
        raise ValueError("not a CSRF secret")
    pad = random(_SIZE)
    return to_base64url(pad + _xor(pad, raw))


def matches(secret: str, token: str) -> bool:
    """True when the token is a masking of the cookie's secret. Takes any text."""
    raw, masked = from_base64url(secret), from_base64url(token)
    if raw is None or masked is None or len(raw) != _SIZE or len(masked) != 2 * _SIZE:
        return False
    return same(_xor(masked[:_SIZE], masked[_SIZE:]), raw)


def digest(secret: str) -> str:
    """What the flow keeps of the secret it belongs to, 43 characters."""
    return to_base64url(hashlib.sha256(b"csrf:" + secret.encode("utf-8", "surrogatepass")).digest())


def belongs_to(secret: str, stored: str) -> bool:
    """True when `stored` is the digest of this secret."""
    return same(digest(secret), stored)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
