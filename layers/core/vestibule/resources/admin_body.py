"""What administrators send: strict JSON in the shapes of `identities_bodies`. Contract 06 §3."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from vestibule.config.json_shapes import is_list, is_object
from vestibule.domain.errors import BadRequest, Conflict
from vestibule.domain.json import Json
from vestibule.domain.request import Request
from vestibule.ui.strict_json import BadBody, check_size, json_object

B = TypeVar("B", bound=Struct)

_MOST_NAMED = 5
_LONGEST_KEY = 64


class Unreadable(BadRequest):
    """The body has another shape. On the wire such a refusal has no reason, so its sentence stands in the message."""

    def to_wire(self) -> Json:
        return _in_message(super().to_wire())


class Clash(Conflict):
    """A change meets something of another identity. On the wire it has no reason, as above."""

    def to_wire(self) -> Json:
        return _in_message(super().to_wire())


def read_object(request: Request) -> Json:
    """The JSON object in the body. Raises Unreadable."""
    try:
        return json_object(request.body)
    except BadBody as bad:
        raise Unreadable(bad.reason) from None


def read_list(request: Request) -> list[Any]:
    """The JSON list in the body, as strictly read as objects are. Raises BadBody."""
    check_size(request.body)
    try:
        document = json.loads(request.body.decode())
    except (ValueError, RecursionError):
        raise BadBody("The body is no JSON document.") from None
    if not is_list(document):
        raise BadBody("The body is no JSON list.")
    return json_object(b'{"list":' + request.body + b"}")["list"]


def shaped(shape: type[B], document: Json, *, strict: bool = True) -> B:
    """The document in that shape; keys that it does not know are refused, or dropped unless `strict`.

    Raises Unreadable, which names what is wrong and repeats no value.
    """
    try:
        body = msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        raise Unreadable(f"The body does not fit: {error}") from None
    if strict and (unknown := list(_unknown(document, body, "$"))):
        raise Unreadable(f"The body does not fit: there is no {', '.join(unknown[:_MOST_NAMED])}")
    return body


def written(body: Struct) -> Json:
    """The body as JSON has it, without what is absent."""
    return msgspec.to_builtins(body)


def _unknown(document: Json, body: Struct, at: str) -> Iterator[str]:
    """The paths of keys that the body has no place for."""
    known = _names(type(body))
    for key, value in document.items():
        if key not in known:
            yield f"{at}.{key[:_LONGEST_KEY]}"
            continue
        read = getattr(body, known[key])
        for place, inner, part in _inside(value, read):
            yield from _unknown(inner, part, f"{at}.{key}{place}")


@cache
def _names(shape: type[Struct]) -> Mapping[str, str]:
    """The attribute of each key. Finding them takes longer than all else that is looked at here."""
    return {field.encode_name: field.name for field in fields(shape)}


def _inside(value: object, read: object) -> Iterator[tuple[str, Json, Struct]]:
    if isinstance(read, Struct) and is_object(value):
        yield "", value, read
    elif is_list(read) and is_list(value):
        for number, (inner, part) in enumerate(zip(value, read, strict=True)):
            if isinstance(part, Struct) and is_object(inner):
                yield f"[{number}]", inner, part


def _in_message(wire: Json) -> Json:
    sentence = wire.pop("reason", None)
    return wire | {"message": sentence} if sentence else wire
