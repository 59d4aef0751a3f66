"""What administrators send: strict JSON in the shapes of `identities_bodies`. Contract 06 §3."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from vestibule.config.json_shapes import is_list
from vestibule.domain.errors import BadRequest, Conflict
from vestibule.domain.json import Json
from vestibule.domain.request import Request
from vestibule.ui.strict_json import BadBody, check_size, json_object

B = TypeVar("B", bound=BaseModel)

_MOST_NAMED = 5


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
        return shape.model_validate(document, extra="forbid" if strict else "ignore")
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        named = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found[:_MOST_NAMED]]
        raise Unreadable(f"The body does not fit: {'; '.join(named)}") from None


def _in_message(wire: Json) -> Json:
    sentence = wire.pop("reason", None)
    return wire | {"message": sentence} if sentence else wire
