"""Reading JSON from strangers: either a document that every later step can hold, or a plain refusal."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from vestibule.config.json_shapes import is_list, is_object

LARGEST = 5 * 1024 * 1024
"""Bytes of a body."""

DEEPEST = 100
"""Levels of nesting."""


class BadBody(Exception):
    """The body cannot be used. `reason` is for the sender and repeats nothing of what was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in the body. Of repeated keys the last counts.

    Raises BadBody: empty, too large, no JSON, no object, NaN or an infinity, nested too deeply, text with NUL or half
    a surrogate pair (which neither stores nor validators take).
    """
    check_size(body)
    try:
        document: object = json.loads(body.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadBody("The body is no JSON document.") from None
    if not is_object(document):
        raise BadBody("The body is no JSON object.")
    _check(document)
    return document


def check_size(body: bytes) -> None:
    if not body:
        raise BadBody("The body is empty.")
    if len(body) > LARGEST:
        raise BadBody(f"The body has more than {LARGEST} bytes.")


def check_text(text: str) -> str:
    """The text, when it can be stored. Raises BadBody."""
    if "\0" in text or not _is_whole(text):
        raise BadBody("The body holds text that is no text: NUL, or half a surrogate pair.")
    return text


def _check(document: dict[str, Any]) -> None:
    """Without recursion: the nesting is the sender's choice."""
    waiting: list[tuple[object, int]] = [(document, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise BadBody(f"The body is nested deeper than {DEEPEST} levels.")
        if is_object(value):
            for key in value:
                check_text(key)
            waiting += [(each, depth + 1) for each in value.values()]
        elif is_list(value):
            waiting += [(each, depth + 1) for each in value]
        elif isinstance(value, str):
            check_text(value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise BadBody("The body holds a number that is too large.")


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and infinities are no JSON")
