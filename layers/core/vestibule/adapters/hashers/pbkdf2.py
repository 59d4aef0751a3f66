"""`$pbkdf2-sha256$i=,l=$salt$hash`, base64 without padding.

As the peer reads them: sha224 and sha384 stand for SHA3-224 and SHA3-384, an unknown number for SHA-256, and the
hash itself says its length, not `l`.
"""

from __future__ import annotations

import hashlib
import hmac

from msgspec import Struct

from vestibule.adapters.hashers.fields import HashOutOfBounds, digest, numbers, parts, unpadded

_LAYOUT = "$pbkdf2-sha256$i=,l=$salt$hash"
_DIGESTS = {"sha1": "sha1", "sha224": "sha3_224", "sha256": "sha256", "sha384": "sha3_384", "sha512": "sha512"}
_ITERATIONS, _LONGEST_HASH = 10_000_000, 512


class Pbkdf2Hash(Struct, frozen=True):
    digest: str
    iterations: int
    salt: bytes
    hash: bytes

    def matches(self, password: bytes) -> bool:
        derived = hashlib.pbkdf2_hmac(self.digest, password, self.salt, self.iterations, len(self.hash))
        return hmac.compare_digest(derived, self.hash)


def parse(hashed: str) -> Pbkdf2Hash:
    """Raises HashOutOfBounds, HashUnreadable."""
    parameters, salt, key_text = parts(hashed, _LAYOUT)
    iterations, _ = numbers(parameters, "i,l", _LAYOUT)
    key = digest(unpadded(key_text, _LAYOUT), _LAYOUT)
    if not 1 <= iterations <= _ITERATIONS or len(key) > _LONGEST_HASH:
        raise HashOutOfBounds(f"i is 1 to {_ITERATIONS}, the hash has {_LONGEST_HASH} bytes or less")
    name = hashed.split("$")[1].removeprefix("pbkdf2-")
    return Pbkdf2Hash(_DIGESTS.get(name, "sha256"), iterations, unpadded(salt, _LAYOUT), key)
