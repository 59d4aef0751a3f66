"""JSON Patch, RFC 6902, as the reference takes it: without `test`, and not everywhere. Contract 06 §3."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import jsonpatch  # pyright: ignore[reportMissingTypeStubs] (it ships none)
from jsonpointer import JsonPointerException  # pyright: ignore[reportMissingTypeStubs] (as above)

from vestibule.config.document import parts
from vestibule.config.json_shapes import is_object
from vestibule.domain.errors import BadRequest
from vestibule.domain.json import Json
from vestibule.domain.record import Unprinted
from vestibule.domain.request import Request
from vestibule.resources.admin_body import read_list
from vestibule.ui.strict_json import BadBody, json_object

MOST_OPERATIONS = 500
LARGEST = 1024 * 1024
"""Characters of the patched document: a few `copy` operations could otherwise make one of any size."""

_NEEDS: Mapping[str, str | None] = {"add": "value", "replace": "value", "remove": None, "move": "from", "copy": "from"}
"""The operations with what they need beside `path`. `test` is not among them, as recorded."""

_CLOSED = (("id",), ("statechangedat",), ("credentials", "oidc"), ("credentials", "saml"))
"""In lower case: neither these nor what stands below them may be patched."""

_apply = cast("Callable[[Any, list[Json]], Any]", jsonpatch.apply_patch)


class Operation(Unprinted, frozen=True):
    document: Json
    path: tuple[str, ...]


def operations(request: Request) -> list[Operation]:
    """The patch in the body. Raises BadRequest: no patch, an unknown operation, or one on a path that is closed."""
    try:
        sent = read_list(request)
    except BadBody as bad:
        raise BadRequest(f"The body is no JSON Patch (RFC 6902): {bad.reason}") from None
    if len(sent) > MOST_OPERATIONS:
        raise BadRequest(f"A JSON Patch has at most {MOST_OPERATIONS} operations")
    return [_operation(each) for each in sent]


def applied(patch: Sequence[Operation], document: Json) -> Json:
    """The patched document; the given one stays as it is. Raises BadRequest."""
    result: Any = document
    for operation in patch:
        try:
            result = _apply(result, [operation.document])
        except (jsonpatch.JsonPatchException, JsonPointerException, TypeError):
            raise BadRequest(f"The operation on {_text(operation.path)} cannot be applied") from None
        if operation.document["op"] == "copy" and len(json.dumps(result)) > LARGEST:
            raise BadRequest(f"The patched identity has more than {LARGEST} characters")
    try:
        return json_object(json.dumps(result).encode())
    except (BadBody, RecursionError):
        raise BadRequest("The patched identity is nested too deeply, or holds text that is no text") from None


def _operation(sent: Any) -> Operation:
    if not is_object(sent):
        raise BadRequest("Every operation of a JSON Patch is an object")
    needed = _NEEDS.get(str(sent.get("op")), "")
    if needed == "":
        raise BadRequest(f"The operations that can be used are {', '.join(_NEEDS)}")
    if needed is not None and needed not in sent:
        raise BadRequest(f"An operation {sent['op']} needs {needed}")
    path = _path(sent.get("path"))
    _ensure_open(path)
    if needed == "from":
        _ensure_open(_path(sent["from"]))
    return Operation(sent, path)


def _path(pointer: Any) -> tuple[str, ...]:
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        raise BadRequest("A path in a JSON Patch is a JSON pointer into the identity, such as /traits/email")
    return parts(pointer)


def _ensure_open(path: tuple[str, ...]) -> None:
    lowered = tuple(part.lower() for part in path)
    if lowered == ("credentials",) or any(lowered[: len(closed)] == closed for closed in _CLOSED):
        raise BadRequest(f"The patch touches {_text(path)}, which cannot be patched")


def _text(path: tuple[str, ...]) -> str:
    return "/" + "/".join(path)
