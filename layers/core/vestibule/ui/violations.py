"""From what traits break to what the form says: contract 04 §2."""

from __future__ import annotations

from collections.abc import Iterable

from vestibule.config.violation import Violation
from vestibule.domain.message import Message, Problem
from vestibule.ui import messages
from vestibule.ui.message_row import Row

BY_KEYWORD: dict[str, Row] = {
    "required": messages.REQUIRED,
    "minLength": messages.MIN_LENGTH,
    "maxLength": messages.MAX_LENGTH,
    "pattern": messages.INVALID_FORMAT,
    "minimum": messages.MINIMUM,
    "exclusiveMinimum": messages.EXCLUSIVE_MINIMUM,
    "maximum": messages.MAXIMUM,
    "exclusiveMaximum": messages.EXCLUSIVE_MAXIMUM,
    "multipleOf": messages.MULTIPLE_OF,
    "maxItems": messages.MAX_ITEMS,
    "minItems": messages.MIN_ITEMS,
    "uniqueItems": messages.UNIQUE_ITEMS,
    "type": messages.WRONG_TYPE,
}
"""Keywords whose violations carry the context of their message. Any other becomes 4000001 with its own sentence."""

BY_FORMAT: dict[str, Row] = {"email": messages.EMAIL, "email_loose": messages.EMAIL, "tel": messages.PHONE}


def problems(violations: Iterable[Violation]) -> tuple[Problem, ...]:
    return tuple(Problem(_message(each), each.pointer) for each in violations)


def _message(violation: Violation) -> Message:
    params = violation.params
    if violation.keyword == "const":
        expected = params["expected"]
        scalar = isinstance(expected, (str, int, float)) or expected is None
        return messages.CONST(expected=expected) if scalar else messages.CONST_GENERIC()
    if violation.keyword == "format" and params["format"] in BY_FORMAT:
        return BY_FORMAT[params["format"]](value=params["value"])
    if row := BY_KEYWORD.get(violation.keyword):
        return row(**params)
    return messages.GENERIC(reason=violation.text)
