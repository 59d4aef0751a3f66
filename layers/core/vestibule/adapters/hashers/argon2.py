"""`$argon2id$v=19$m=KiB,t=,p=$salt$hash`, likewise argon2i; base64 without padding (RFC 9106, PHC string format)."""

from __future__ import annotations

import hmac
import os
from base64 import b64encode

from argon2.low_level import Type, hash_secret_raw
from msgspec import Struct

from vestibule.adapters.hashers.fields import (
    HashOutOfBounds,
    HashUnreadable,
    StoredHash,
    digest,
    numbers,
    parts,
    unpadded,
)

_LAYOUT = "$argon2id$v=19$m=,t=,p=$salt$hash"
_VARIANTS = {"argon2id": Type.ID, "argon2i": Type.I}
_VERSION = 19
_MEMORY, _ITERATIONS, _PARALLELISM = 1_048_576, 10, 16
_SHORTEST_SALT, _LONGEST_HASH = 8, 512


class Argon2Hash(Struct, frozen=True):
    variant: Type
    memory: int
    """KiB."""

    iterations: int
    parallelism: int
    salt: bytes
    hash: bytes

    def matches(self, password: bytes) -> bool:
        parameters = (self.variant, self.memory, self.iterations, self.parallelism)
        derived = _derive(password, self.salt, *parameters, len(self.hash))
        return hmac.compare_digest(derived, self.hash)


def parse(hashed: str) -> Argon2Hash:
    """Raises HashOutOfBounds, HashUnreadable."""
    version, parameters, salt_text, hash_text = parts(hashed, _LAYOUT)
    if version != f"v={_VERSION}":
        raise HashUnreadable(_LAYOUT)
    memory, iterations, parallelism = numbers(parameters, "m,t,p", _LAYOUT)
    if not (1 <= memory <= _MEMORY and 1 <= iterations <= _ITERATIONS and 1 <= parallelism <= _PARALLELISM):
        raise HashOutOfBounds(f"m is 1 to {_MEMORY}, t 1 to {_ITERATIONS}, p 1 to {_PARALLELISM}")
    salt, key = unpadded(salt_text, _LAYOUT), digest(unpadded(hash_text, _LAYOUT), _LAYOUT)
    if memory < 8 * parallelism or len(salt) < _SHORTEST_SALT or len(key) > _LONGEST_HASH:
        raise HashOutOfBounds(
            f"m is at least 8 times p, the salt has {_SHORTEST_SALT} bytes or more, the hash at most {_LONGEST_HASH}"
        )
    return Argon2Hash(_VARIANTS[hashed.split("$")[1]], memory, iterations, parallelism, salt, key)


class Argon2Maker(Struct, frozen=True):
    """Makes argon2id. Memory in KiB, lengths in bytes."""

    memory: int
    iterations: int
    parallelism: int
    salt_length: int
    key_length: int

    def make(self, password: bytes) -> str:
        salt = os.urandom(self.salt_length)
        parameters = (Type.ID, self.memory, self.iterations, self.parallelism)
        return self._encode(salt, _derive(password, salt, *parameters, self.key_length))

    def decoy(self) -> str:
        return self._encode(os.urandom(self.salt_length), os.urandom(self.key_length))

    def made(self, stored: StoredHash) -> bool:
        return (
            isinstance(stored, Argon2Hash)
            and stored.variant is Type.ID
            and self
            == Argon2Maker(stored.memory, stored.iterations, stored.parallelism, len(stored.salt), len(stored.hash))
        )

    def _encode(self, salt: bytes, key: bytes) -> str:
        salt_text, key_text = (b64encode(part).decode().rstrip("=") for part in (salt, key))
        parameters = f"m={self.memory},t={self.iterations},p={self.parallelism}"
        return f"$argon2id$v={_VERSION}${parameters}${salt_text}${key_text}"


def _derive(
    password: bytes, salt: bytes, variant: Type, memory: int, iterations: int, parallelism: int, length: int
) -> bytes:
    return hash_secret_raw(password, salt, iterations, memory, parallelism, length, variant, _VERSION)
