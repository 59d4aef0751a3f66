"""The parts that encoded hashes are made of, read strictly, and what is wrong with those that cannot be used."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from typing import Protocol

from vestibule.domain.errors import BadRequest

SHORTEST = 8
"""Bytes of a digest or derived key. A shorter one would match other passwords too, an empty one any."""


class StoredHash(Protocol):
    """A hash that was read."""

    def matches(self, password: bytes) -> bool:
        """Compares in constant time. Raises nothing that depends on the password."""
        ...


class Maker(Protocol):
    """An algorithm with its parameters, for new hashes."""

    def make(self, password: bytes) -> str:
        """Raises PasswordTooLong."""
        ...

    def decoy(self) -> str:
        """Random bytes in the form of a hash: free to make, and nobody knows a password for it."""
        ...

    def made(self, stored: StoredHash) -> bool:
        """True when the hash has this algorithm and these parameters."""
        ...


class HashNotImportable(BadRequest):
    """Base: this text cannot be stored as somebody's password hash."""


class UnknownHashFormat(HashNotImportable):
    def __init__(self) -> None:
        super().__init__("The hashed password is in none of the formats that can be imported.")


class HashOutOfBounds(HashNotImportable):
    def __init__(self, bounds: str) -> None:
        super().__init__(f"The hashed password's parameters are out of bounds: {bounds}.")


class HashUnreadable(HashNotImportable):
    def __init__(self, layout: str) -> None:
        super().__init__(f"The hashed password cannot be read; its layout should be {layout}.")


def parts(hashed: str, layout: str) -> list[str]:
    """What stands between the `$`, without the prefix; as many parts as `layout` has. Raises HashUnreadable."""
    found = hashed.split("$")[2:]
    if len(found) != layout.count("$") - 1:
        raise HashUnreadable(layout)
    return found


def numbers(text: str, names: str, layout: str) -> list[int]:
    """The values of `ln=16384,r=8,p=1` for the names `ln,r,p`. Raises HashUnreadable."""
    match = re.fullmatch(",".join(f"{name}=([0-9]{{1,10}})" for name in names.split(",")), text)
    if match is None:
        raise HashUnreadable(layout)
    return [int(value) for value in match.groups()]


def padded(text: str, layout: str) -> bytes:
    """Standard base64 with padding, one spelling. Raises HashUnreadable."""
    try:
        data = b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise HashUnreadable(layout) from None
    if b64encode(data).decode() != text:
        raise HashUnreadable(layout)
    return data


def unpadded(text: str, layout: str) -> bytes:
    """Standard base64 without padding, one spelling. Raises HashUnreadable."""
    if text.endswith("="):
        raise HashUnreadable(layout)
    return padded(text + "=" * (-len(text) % 4), layout)


def digest(data: bytes, layout: str) -> bytes:
    """`data`, when it is long enough to tell passwords apart. Raises HashUnreadable."""
    if len(data) < SHORTEST:
        raise HashUnreadable(layout)
    return data
