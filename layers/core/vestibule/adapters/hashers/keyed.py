"""`$hmac-sha256$hash$key`: base64 (padded) of the digest's *hex text*, and of the key."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from msgspec import Struct

from vestibule.adapters.hashers.fields import HashUnreadable, padded, parts

_LAYOUT = "$hmac-sha256$hash$key"
_SIZES = {"md4": 16, "md5": 16, "sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}
_HEX = re.compile(rb"[0-9a-f]+")


class KeyedHash(Struct, frozen=True):
    digest: str
    key: bytes
    hash: bytes
    """Hex."""

    def matches(self, password: bytes) -> bool:
        digest: str | Callable[[], Any] = _md4() if self.digest == "md4" else self.digest
        return hmac.compare_digest(hmac.new(self.key, password, digest).hexdigest().encode(), self.hash)


def parse(hashed: str) -> KeyedHash:
    """Raises HashUnreadable."""
    hash_text, key_text = parts(hashed, _LAYOUT)
    name = hashed.split("$")[1].removeprefix("hmac-")
    key, value = padded(key_text, _LAYOUT), padded(hash_text, _LAYOUT)
    if len(value) != 2 * _SIZES[name] or not _HEX.fullmatch(value):
        raise HashUnreadable(_LAYOUT)
    return KeyedHash(name, key, value)


def _md4() -> Callable[[], Any]:
    """MD4 from libpass: OpenSSL 3 keeps it in a provider that is not loaded. Imported by name: untyped, and rare."""
    return import_module("passlib.crypto.digest").lookup_hash("md4").const
