"""What a form sends, as one document, however it was sent: contract 04 §6."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from vestibule.config.json_shapes import is_object
from vestibule.config.schema_fields import TraitField
from vestibule.ui import multipart
from vestibule.ui.shape import Kind, Shape
from vestibule.ui.strict_json import BadBody, check_size, check_text, json_object

__all__ = ["BadBody", "Kind", "Shape", "decode", "decode_pairs"]

MOST_FIELDS = 1000
DEEPEST_NAME = 8
"""Parts of a name below its object."""


def decode(body: bytes, content_type: str | None, shape: Shape) -> dict[str, Any]:
    """The fields that the shape knows; absent ones are missing, except objects, which are `{}`.

    Traits keep what a JSON sender put there, unknown keys included, for the schema to judge; a form's text becomes a
    number or a boolean where the schema says so and the text is one. Raises BadBody.
    """
    check_size(body)
    kind = (content_type or "").partition(";")[0].strip().lower()
    match kind:
        case "application/json":
            return _completed(_from_json(json_object(body), shape), shape)
        case "application/x-www-form-urlencoded":
            return decode_pairs(_urlencoded(body), shape)
        case "multipart/form-data":
            return decode_pairs(multipart.pairs(body, content_type or ""), shape)
        case _:
            raise BadBody(
                "The content type has to be application/json, application/x-www-form-urlencoded or multipart/form-data."
            )


def decode_pairs(pairs: Iterable[tuple[str, str]], shape: Shape) -> dict[str, Any]:
    """The same from the names and values of a form or a query string. Empty values count as not sent. Raises BadBody.

    Of a repeated name the last value counts (a hidden `false` before a checkbox), except for lists.
    """
    sent: dict[str, list[str]] = {}
    for name, value in pairs:
        sent.setdefault(check_text(name), []).append(check_text(value))
    document: dict[str, Any] = {}
    for name, values in sent.items():
        if name in shape.fields:
            _put(document, (name,), _field_from_text(name, values[-1], shape.fields[name]))
        elif trait := shape.trait_by_name.get(name):
            _put(document, name.split("."), _trait_from_text(values, trait))
        elif _is_below_an_object(name, shape):
            _put(document, name.split("."), values[-1] or None)
    return _completed(document, shape)


def _is_below_an_object(name: str, shape: Shape) -> bool:
    """`transient_payload.invite_code`: the field that a web hook's message adds to a form is sent under this name."""
    first, *rest = name.split(".")
    return shape.fields.get(first) is Kind.OBJECT and 0 < len(rest) <= DEEPEST_NAME and all(rest)


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise BadBody(f"The form is not written in UTF-8, or has more than {MOST_FIELDS} fields.") from None


# --- JSON -----------------------------------------------------------------------------------------------


def _from_json(sent: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if shape.traits is not None and sent.get("traits") is not None:
        document["traits"] = sent["traits"]
    for name, value in sent.items():
        if value is None:
            continue
        if name in shape.fields:
            _put(document, (name,), _field_from_json(name, value, shape.fields[name]))
        elif trait := shape.trait_by_name.get(name):
            _put(document, name.split("."), _trait_from_text([value], trait) if isinstance(value, str) else value)
    return document


def _field_from_json(name: str, value: Any, kind: Kind) -> Any:
    if isinstance(value, str):
        return _field_from_text(name, value, kind) if value or kind is not Kind.TEXT else None
    if kind is Kind.TEXT and isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # a code that was sent as a number
    if (kind is Kind.BOOLEAN and isinstance(value, bool)) or (kind is Kind.OBJECT and is_object(value)):
        return value
    raise _wrong(name, kind)


# --- text -----------------------------------------------------------------------------------------------

BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True", "on"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}
"""The spellings that Kratos's clients may use, and what a checkbox without a value sends."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")

LONGEST_NUMBER = 64


def _field_from_text(name: str, text: str, kind: Kind) -> Any:
    if kind is Kind.TEXT or not text:
        return text or None
    if kind is Kind.BOOLEAN and text in BOOLEANS:
        return BOOLEANS[text]
    if kind is Kind.OBJECT:
        return json_object(text.encode())
    raise _wrong(name, kind)


def _trait_from_text(texts: list[str], trait: TraitField) -> Any:
    if trait.type == "array":
        convert = _CONVERT.get(trait.items, _as_it_is)
        return [convert(text) for text in texts if text] or None
    return _CONVERT.get(trait.type, _as_it_is)(texts[-1]) if texts[-1] else None


def _as_it_is(text: str) -> Any:
    return text


def _boolean(text: str) -> Any:
    return BOOLEANS.get(text, text)


def _number(text: str) -> Any:
    """A whole number where it is one; text that is no number stays, for the schema to refuse."""
    if len(text) > LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return text
    number = float(text)
    if abs(number) == float("inf"):
        return text
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


_CONVERT: dict[str, Callable[[str], Any]] = {"boolean": _boolean, "number": _number, "integer": _number}


# --- the document ---------------------------------------------------------------------------------------


def _put(document: dict[str, Any], path: Iterable[str], value: Any) -> None:
    """Put the value at the path. None is nothing, and whatever else stands in the way is left alone."""
    *way, last = path
    for part in way if value is not None else ():
        below = document.setdefault(part, {})
        if not is_object(below):
            return
        document = below
    if value is not None:
        document[last] = value


def _completed(document: dict[str, Any], shape: Shape) -> dict[str, Any]:
    for *way, last in shape.objects:
        at: Any = document
        for part in way:
            at = at.get(part) if is_object(at) else None
        if is_object(at):
            at.setdefault(last, {})
    return document


def _wrong(name: str, kind: Kind) -> BadBody:
    return BadBody(f"The field {name} has to be {'a JSON object' if kind is Kind.OBJECT else kind}.")
