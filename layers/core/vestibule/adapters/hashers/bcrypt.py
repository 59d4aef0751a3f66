"""`$2a$cost$salt22hash31`; the variants 2, 2a, 2b, 2y and 2z are read as 2b, which they are up to 72 bytes."""

from __future__ import annotations

import hmac
import re

import bcrypt
from msgspec import Struct

from vestibule.adapters.hashers.fields import HashOutOfBounds, HashUnreadable, StoredHash
from vestibule.ports import PasswordTooLong

_LONGEST_PASSWORD = 72
"""Bytes. bcrypt ignores what follows, so that longer passwords must be refused."""

_LAYOUT = "$2a$cost$ with 53 characters"
_PATTERN = re.compile(r"\$2[abyz]?\$([0-9]{2})\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})")
_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_SMALLEST, _LARGEST = 4, 15


class BcryptHash(Struct, frozen=True):
    cost: int
    salt: str
    """22 characters."""

    hash: str
    """31 characters."""

    def matches(self, password: bytes) -> bool:
        """False for passwords above 72 bytes, in the time that shorter ones take."""
        derived = _derive(password[:_LONGEST_PASSWORD], self.cost, self.salt)
        return hmac.compare_digest(derived, self.hash.encode()) and len(password) <= _LONGEST_PASSWORD


def parse(hashed: str) -> BcryptHash:
    """Raises HashOutOfBounds, HashUnreadable."""
    match = _PATTERN.fullmatch(hashed)
    if match is None:
        raise HashUnreadable(_LAYOUT)
    cost, salt, key = int(match[1]), match[2], match[3]
    if not _SMALLEST <= cost <= _LARGEST:
        raise HashOutOfBounds(f"the cost is {_SMALLEST} to {_LARGEST}")
    # 22 characters hold 132 bits, the salt has 128; some encoders leave the rest set, the library refuses that.
    last = _ALPHABET[_ALPHABET.index(salt[-1]) & 0b110000]
    return BcryptHash(cost, salt[:-1] + last, key)


class BcryptMaker(Struct, frozen=True):
    """Makes variant 2a, which every reader knows."""

    cost: int

    def make(self, password: bytes) -> str:
        if len(password) > _LONGEST_PASSWORD:
            raise PasswordTooLong(_LONGEST_PASSWORD, len(password))
        salt = _new_salt()
        return self._encode(salt, _derive(password, self.cost, salt).decode())

    def decoy(self) -> str:
        return self._encode(_new_salt(), (_new_salt() + _new_salt())[:31])

    def made(self, stored: StoredHash) -> bool:
        return isinstance(stored, BcryptHash) and stored.cost == self.cost

    def _encode(self, salt: str, key: str) -> str:
        return f"$2a${self.cost:02}${salt}{key}"


def _derive(password: bytes, cost: int, salt: str) -> bytes:
    """The 31 characters of the hash."""
    return bcrypt.hashpw(password, f"$2b${cost:02}${salt}".encode())[-31:]


def _new_salt() -> str:
    return bcrypt.gensalt()[-22:].decode()
