"""`$md5-crypt$`, `$sha256-crypt$` and `$sha512-crypt$`, then as crypt(3) writes what follows `$1`, `$5` and `$6`.

By libpass: Python 3.13 has no `crypt` any more. It is slow to import (0.1 s) and untyped, hence imported by name
when such a hash is met.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, cast

from msgspec import Struct

from vestibule.adapters.hashers.fields import HashOutOfBounds, HashUnreadable

_LAYOUT = "$sha512-crypt$rounds=$salt$hash, or $md5-crypt$salt$hash"
_SCHEMES = {
    "md5-crypt": ("$1$", "passlib.handlers.md5_crypt", "md5_crypt"),
    "sha256-crypt": ("$5$", "passlib.handlers.sha2_crypt", "sha256_crypt"),
    "sha512-crypt": ("$6$", "passlib.handlers.sha2_crypt", "sha512_crypt"),
}
_ROUNDS = 2_000_000
"""Two to three seconds. crypt(3) allows 999,999,999, which would keep a function busy for a quarter of an hour."""


class _Scheme(Protocol):
    def from_string(self, text: str) -> Any: ...

    def verify(self, secret: bytes, text: str) -> bool: ...


class CryptHash(Struct, frozen=True):
    scheme: _Scheme
    text: str
    """As crypt(3) writes it."""

    def matches(self, password: bytes) -> bool:
        try:
            return self.scheme.verify(password, self.text)
        except ValueError:  # above 4096 bytes, or with a NUL, where crypt(3) would have stopped reading
            return False


def parse(hashed: str) -> CryptHash:
    """Raises HashOutOfBounds, HashUnreadable."""
    _, name, rest = hashed.split("$", 2)
    prefix, module, attribute = _SCHEMES[name]
    scheme = cast(_Scheme, getattr(import_module(module), attribute))
    try:
        read = scheme.from_string(prefix + rest)
    except ValueError:
        raise HashUnreadable(_LAYOUT) from None
    if read.checksum is None:
        raise HashUnreadable(_LAYOUT)
    if getattr(read, "rounds", 0) > _ROUNDS:
        raise HashOutOfBounds(f"rounds is at most {_ROUNDS}")
    return CryptHash(scheme, prefix + rest)
