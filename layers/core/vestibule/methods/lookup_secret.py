"""Backup codes: twelve, each good for one sign-in. Contract 03 §7."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime

from vestibule.domain.json import Json
from vestibule.domain.times import from_rfc3339, to_rfc3339
from vestibule.methods import enrolment, factors
from vestibule.services import Services
from vestibule.stores.credentials import StoredSecret

LOOKUP_SECRET = "lookup_secret"  # noqa: S105 (the name of the method)
AT = f"#/{LOOKUP_SECRET}"

HOW_MANY = 12
_LENGTH = 8
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_BYTES = 16
"""For one code: what is left over from dividing 128 bits by 36^8 is no bias that anybody could measure."""


def new_codes(seed: str, svc: Services) -> list[str]:
    """The codes on offer for the seed: lower-case letters and digits, 41 bits each."""
    drawn = enrolment.derived_bytes(LOOKUP_SECRET, seed, HOW_MANY * _BYTES, svc)
    return [_code(drawn[start : start + _BYTES]) for start in range(0, len(drawn), _BYTES)]


def _code(drawn: bytes) -> str:
    number, text = int.from_bytes(drawn, "big"), ""
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        text += _ALPHABET[digit]
    return text


def entries(stored: StoredSecret | None) -> list[Json]:
    """`{code, used_at?}` each, in the order they were shown."""
    return factors.entries(stored.config, "recovery_codes") if stored else []


def position(codes: Sequence[Json], code: str) -> int | None:
    """Where the code stands. Compares with every one, in constant time each."""
    sent = code.encode("utf-8", "surrogatepass")
    same = [hmac.compare_digest(str(each.get("code", "")).encode(), sent) for each in codes]
    return same.index(True) if True in same else None


def used_at(entry: Json) -> datetime | None:
    text = entry.get("used_at")
    return from_rfc3339(text) if isinstance(text, str) and text else None


def using(codes: Sequence[Json], index: int, at: datetime) -> Json:
    """The config in which one more code is used."""
    marked = [each | {"used_at": to_rfc3339(at)} if place == index else each for place, each in enumerate(codes)]
    return {"recovery_codes": marked}
