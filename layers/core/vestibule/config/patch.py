"""JSON Patch (RFC 6902) on a configuration, as the product's command line sends it. Contract 12.

What the standard leaves out and people expect: `add` makes the containers that lead to its place (a number or `-` asks
for a list), and `replace` sets a key that has only its default so far.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Any, cast

import jsonpatch  # pyright: ignore[reportMissingTypeStubs] (it ships none)
from jsonpointer import JsonPointerException  # pyright: ignore[reportMissingTypeStubs] (as above)

from vestibule.config.document import Document, parts, pointer
from vestibule.config.json_shapes import is_list, is_object

Operation = dict[str, Any]

START_ONLY = ("dsn", "secrets", "serve", "log")
"""What a process decides when it starts; no revision changes it."""

MOST_OPERATIONS = 500
LARGEST = 256 * 1024
"""Characters of the patched document as JSON."""

_NEEDS: Mapping[str, str | None] = {
    "add": "value",
    "replace": "value",
    "remove": None,
    "move": "from",
    "copy": "from",
    "test": "value",
}
"""The operations, with what they need beside `path`."""

_apply = cast("Callable[..., Document]", jsonpatch.apply_patch)


class PatchError(ValueError):
    """An operation that cannot be done. The text names its place and repeats no value."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(f"{path or 'the patch'}: {sentence}")
        self.path = path
        self.sentence = sentence


def operations(sent: Any, *, in_files: bool = False) -> list[Operation]:
    """What was sent, as operations of the right shape on places that may be patched: all of them `in_files`.

    Raises PatchError.
    """
    if not is_list(sent):
        raise PatchError("", "a JSON Patch (RFC 6902) is a list of operations")
    if len(sent) > MOST_OPERATIONS:
        raise PatchError("", f"has more than {MOST_OPERATIONS} operations")
    return [_operation(each, in_files=in_files) for each in sent]


def applied(document: Document, patch: Sequence[Operation]) -> Document:
    """The patched document; the given one stays as it is. Raises PatchError."""
    result: Document = deepcopy(document)
    for operation in patch:
        result = _done(result, operation)
    if len(json.dumps(result)) > LARGEST:
        raise PatchError("", f"makes a configuration of more than {LARGEST} characters")
    return result


def difference(before: Any, after: Any, path: tuple[str, ...] = ()) -> list[Operation]:
    """Operations that turn one document into the other: mappings key by key, lists as a whole."""
    if before == after and type(before) is type(after):
        return []
    if not (is_object(before) and is_object(after)):
        return [{"op": "replace", "path": pointer(path), "value": after}]
    removed = [{"op": "remove", "path": pointer((*path, key))} for key in before if key not in after]
    added = [{"op": "add", "path": pointer((*path, key)), "value": after[key]} for key in after if key not in before]
    changed = [each for key in before if key in after for each in difference(before[key], after[key], (*path, key))]
    return [*removed, *changed, *added]


# --- what was sent --------------------------------------------------------------------------------------


def _operation(sent: Any, *, in_files: bool) -> Operation:
    if not is_object(sent):
        raise PatchError("", "every operation is an object with op and path")
    name, path = sent.get("op"), sent.get("path")
    if not isinstance(name, str) or name not in _NEEDS:
        raise PatchError(path if isinstance(path, str) else "", f"op is one of {', '.join(_NEEDS)}")
    _check_place(path, in_files=in_files)
    needed = _NEEDS[name]
    if needed is not None and needed not in sent:
        raise PatchError(str(path), f"an operation {name} needs {needed}")
    if needed == "from":
        _check_place(sent["from"], in_files=in_files)
    return {key: sent[key] for key in ("op", "path", needed) if key is not None}


def _check_place(path: Any, *, in_files: bool) -> None:
    if not isinstance(path, str) or not path.startswith("/") or path == "/":
        shown = path if isinstance(path, str) else ""
        raise PatchError(shown, "a path is a JSON pointer to a key, such as /selfservice/flows/login/lifespan")
    if not in_files and parts(path)[0] in START_ONLY:
        raise PatchError(
            path, f"{', '.join(START_ONLY)} are read when a process starts; change them where it is deployed"
        )


# --- doing it -------------------------------------------------------------------------------------------


def _done(document: Document, operation: Operation) -> Document:
    at = operation["path"]
    if operation["op"] in ("add", "move", "copy"):
        _make_containers(document, at)
    elif operation["op"] == "replace" and _is_unset_key(document, at):
        _make_containers(document, at)
        operation = {**operation, "op": "add"}
    try:
        return _apply(document, [operation], in_place=True)
    except jsonpatch.JsonPatchTestFailed:
        raise PatchError(at, "the test does not hold: another value stands there") from None
    except (jsonpatch.JsonPatchException, JsonPointerException, TypeError):
        raise PatchError(at, _REFUSED[operation["op"]]) from None


_REFUSED = {
    "add": "this is no position of the list, which may have no gaps",
    "replace": "the list has no entry there",
    "remove": "nothing is set there",
    "move": "nothing is set at its source, or its target lies below it or leaves a gap",
    "copy": "nothing is set at its source, or its target leaves a gap",
    "test": "nothing is set there",
}


def _make_containers(document: Document, at: str) -> None:
    """Make what leads to the place and is missing."""
    place: Any = document
    for part, following in pairwise(parts(at)):
        place = _entered(place, part, following, at)


def _entered(place: Any, part: str, following: str, at: str) -> Any:
    """What stands at the part, made where nothing does: a list for a position, else a mapping."""
    made: Any = [] if following == "-" or _is_number(following) else {}
    if is_list(place):
        position = int(part) if _is_number(part) else -1
        if not 0 <= position <= len(place):
            raise PatchError(at, f"the list has {len(place)} entries; {part} is no position of it")
        if position == len(place):
            place.append(made)
        return place[position]
    if not is_object(place):
        raise PatchError(at, "leads through a value that has nothing below it")
    if place.get(part) is None:
        place[part] = made
    return place[part]


def _is_unset_key(document: Any, at: str) -> bool:
    """Nothing stands at the place, and it is no position of a list that is there."""
    *above, last = parts(at)
    for part in above:
        if is_object(document) and part in document:
            document = document[part]
        elif is_list(document) and _is_number(part) and int(part) < len(document):
            document = document[int(part)]
        else:
            return True
    return is_object(document) and last not in document


def _is_number(part: str) -> bool:
    """As RFC 6901 writes positions: no sign, no leading zero."""
    return part.isascii() and part.isdigit() and (part == "0" or part[0] != "0") and len(part) <= 4
