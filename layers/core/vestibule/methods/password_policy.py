"""What a new password must be like. Contract 03 §3.

Similarity is worked out here in a few lines: rapidfuzz would cost 50 ms of every cold start and 12 MB of the layer,
for two texts of at most 256 characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vestibule.domain.message import Problem
from vestibule.methods.breached_passwords import PolicyUnavailable, breaches
from vestibule.services import Services
from vestibule.ui import messages

if TYPE_CHECKING:
    from vestibule.config.methods import PasswordConfig

__all__ = ["PolicyUnavailable", "violations"]

_POINTER = "#/password"
LONGEST = 4096
"""Bytes. Kratos has no limit; hashing what somebody sends by the megabyte helps nobody."""

_COMPARABLE = 256
"""Characters; longer texts are not compared."""

_CLOSEST, _LARGEST_SHARE = 5, 0.5
"""The edit distance that is far enough, the share of the password that may stand in an identifier in one piece."""


def violations(
    password: str, identifiers: Sequence[str], settings: PasswordConfig, svc: Services
) -> tuple[Problem, ...]:
    """What is wrong with the password: the first rule it breaks, or nothing.

    Raises PolicyUnavailable, when the list of breached passwords does not answer and must be asked.
    """
    size = len(password.encode("utf-8", "surrogatepass"))
    if size < settings.min_password_length:
        too_short = messages.PASSWORD_MIN_LENGTH(min_length=settings.min_password_length, actual_length=size)
        return (Problem(too_short, _POINTER),)
    if size > LONGEST:
        return (Problem(messages.PASSWORD_MAX_LENGTH(max_length=LONGEST, actual_length=size), _POINTER),)
    if settings.identifier_similarity_check_enabled and any(similar(password, each) for each in identifiers):
        return (Problem(messages.PASSWORD_IDENTIFIER_TOO_SIMILAR(), _POINTER),)
    if settings.haveibeenpwned_enabled:
        found = breaches(password, settings, svc)
        if found > settings.max_breaches:
            return (Problem(messages.PASSWORD_TOO_MANY_BREACHES(breaches=found), _POINTER),)
    return ()


def similar(password: str, identifier: str) -> bool:
    """Few edits make one of the other, or more than half of the password stands in the identifier. Case is ignored."""
    if not (password and identifier) or max(len(password), len(identifier)) > _COMPARABLE:
        return False
    one, other = password.lower(), identifier.lower()
    return _edits(one, other) < _CLOSEST or _common(one, other) / len(one) > _LARGEST_SHARE


def _edits(one: str, other: str) -> int:
    """Levenshtein's distance; any number from `_CLOSEST` on for texts that are further apart by their length alone."""
    if abs(len(one) - len(other)) >= _CLOSEST:
        return _CLOSEST
    row = list(range(len(other) + 1))
    for line, left in enumerate(one, 1):
        above = row
        row = [line]
        for column, right in enumerate(other, 1):
            row.append(min(above[column] + 1, row[-1] + 1, above[column - 1] + (left != right)))
    return row[-1]


def _common(one: str, other: str) -> int:
    """Characters of the longest piece that stands in both."""
    longest, row = 0, [0] * (len(other) + 1)
    for left in one:
        row = [0, *(length + 1 if left == right else 0 for length, right in zip(row, other, strict=False))]
        longest = max(longest, *row)
    return longest
