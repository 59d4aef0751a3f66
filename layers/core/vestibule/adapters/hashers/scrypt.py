"""`$scrypt$ln=,r=,p=$salt$hash`, base64 with padding. `ln` holds N itself, not its logarithm, as the peer writes it."""

from __future__ import annotations

import hashlib
import hmac

from msgspec import Struct

from vestibule.adapters.hashers.fields import HashOutOfBounds, digest, numbers, padded, parts

_LAYOUT = "$scrypt$ln=,r=,p=$salt$hash"
_COST, _BLOCK, _PARALLELISM, _LONGEST_HASH = 131_072, 8, 10, 512


class ScryptHash(Struct, frozen=True):
    cost: int
    block: int
    parallelism: int
    salt: bytes
    hash: bytes

    def matches(self, password: bytes) -> bool:
        derived = derive(password, self.salt, self.cost, self.block, self.parallelism, len(self.hash))
        return hmac.compare_digest(derived, self.hash)


def parse(hashed: str) -> ScryptHash:
    """Raises HashOutOfBounds, HashUnreadable."""
    parameters, salt, key_text = parts(hashed, _LAYOUT)
    cost, block, parallelism = numbers(parameters, "ln,r,p", _LAYOUT)
    check_bounds(cost, block, parallelism)
    key = digest(padded(key_text, _LAYOUT), _LAYOUT)
    if len(key) > _LONGEST_HASH:
        raise HashOutOfBounds(f"the hash has {_LONGEST_HASH} bytes or less")
    return ScryptHash(cost, block, parallelism, padded(salt, _LAYOUT), key)


def check_bounds(cost: int, block: int, parallelism: int) -> None:
    """Raises HashOutOfBounds."""
    power_of_two = cost > 1 and cost & (cost - 1) == 0
    if not (power_of_two and cost <= _COST and 1 <= block <= _BLOCK and 1 <= parallelism <= _PARALLELISM):
        raise HashOutOfBounds(f"the cost is a power of two from 2 to {_COST}, r 1 to {_BLOCK}, p 1 to {_PARALLELISM}")


def derive(password: bytes, salt: bytes, cost: int, block: int, parallelism: int, length: int) -> bytes:
    """RFC 7914."""
    memory = 128 * block * (cost + parallelism + 2)
    return hashlib.scrypt(
        password, salt=salt, n=cost, r=block, p=parallelism, maxmem=memory + 1024 * 1024, dklen=length
    )
