"""`{SSHA}`, `{SSHA256}`, `{SSHA512}` and base64 of (digest, salt): as LDAP directories keep passwords."""

from __future__ import annotations

import hashlib
import hmac

from msgspec import Struct

from vestibule.adapters.hashers.fields import HashUnreadable, padded

_LAYOUT = "{SSHA} and base64 of digest and salt"
_DIGESTS = {"{SSHA": ("sha1", 20), "{SSHA256": ("sha256", 32), "{SSHA512": ("sha512", 64)}


class SaltedHash(Struct, frozen=True):
    digest: str
    salt: bytes
    hash: bytes

    def matches(self, password: bytes) -> bool:
        return hmac.compare_digest(
            hashlib.new(self.digest, password + self.salt, usedforsecurity=False).digest(), self.hash
        )


def parse(hashed: str) -> SaltedHash:
    """Raises HashUnreadable."""
    scheme, _, text = hashed.partition("}")
    name, size = _DIGESTS[scheme]
    data = padded(text, _LAYOUT)
    if len(data) <= size:
        raise HashUnreadable(_LAYOUT)
    return SaltedHash(name, data[size:], data[:size])
