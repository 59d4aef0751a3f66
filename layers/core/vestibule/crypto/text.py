"""Bytes as url-safe text, one text for every value, and comparison in constant time."""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE62_DIGIT = {character: digit for digit, character in enumerate(_BASE62)}


def to_base64url(data: bytes) -> str:
    """Without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes | None:
    """The bytes, or None unless `text` is exactly what `to_base64url` makes of them.

    The standard decoder skips foreign characters and ignores stray bits, which would let many texts pass as one.
    """
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return None
    return data if same(to_base64url(data), text) else None


def base62_width(size: int) -> int:
    """How many characters `size` bytes take."""
    width, values = 0, 1
    while values < 256**size:
        width, values = width + 1, values * 62
    return width


def to_base62(data: bytes) -> str:
    """Fixed width (`base62_width`), most significant first: letters and digits only, so one double click selects it."""
    number = int.from_bytes(data, "big")
    digits: list[str] = []
    for _ in range(base62_width(len(data))):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))


def from_base62(text: str, size: int) -> bytes | None:
    """The `size` bytes, or None unless `text` is exactly what `to_base62` makes of them."""
    if len(text) != base62_width(size):
        return None
    number = 0
    for character in text:
        digit = _BASE62_DIGIT.get(character)
        if digit is None:
            return None
        number = number * 62 + digit
    return number.to_bytes(size, "big") if number < 256**size else None


def same(one: str | bytes, other: str | bytes) -> bool:
    """Equality in time that depends on the lengths alone; takes any text, lone surrogates too."""
    return hmac.compare_digest(_encoded(one), _encoded(other))


def _encoded(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
