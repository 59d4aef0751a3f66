"""Paths in the syntax of gjson, which the product's `--format jsonpath=…` takes: `a.0.b`, `a.#.b`, `a.#(b=="c").d`.

Source: the syntax page of github.com/tidwall/gjson. Modifiers (`@reverse`), multipaths and nested queries are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from vestibule.config.json_shapes import is_list, is_object

NOTHING = object()

_QUERY = re.compile(r"#\((?P<path>[^=!<>%)]*?)\s*(?:(?P<op>==|!=|<=|>=|<|>|=|!%|%)\s*(?P<value>.*))?\)(?P<all>#?)\Z")
_UNSUPPORTED = re.compile(r"^[@{\[!]")


class PathError(ValueError):
    """A path that cannot be read. The text says why."""


def get(document: Any, path: str) -> Any:
    """What stands at the path; NOTHING where nothing does. Raises PathError."""
    if not path:
        raise PathError("the path is empty")
    if path.startswith("$"):
        raise PathError("the path has no leading $: it is gjson's syntax, such as selfservice.flows.login.lifespan")
    return _at(document, list(_parts(path)))


def _at(value: Any, parts: list[str]) -> Any:
    for position, part in enumerate(parts):
        if _UNSUPPORTED.match(part):
            raise PathError(f"{part} is a form that is not supported")
        if is_list(value) and part.startswith("#"):
            return _of_entries(value, part, parts[position + 1 :])
        value = _below(value, part)
        if value is NOTHING:
            return NOTHING
    return value


def _below(value: Any, part: str) -> Any:
    if is_list(value):
        return value[int(part)] if part.isdigit() and int(part) < len(value) else NOTHING
    if not is_object(value):
        return NOTHING
    pattern = re.sub(r"\\(.)", lambda escaped: f"[{escaped[1]}]" if escaped[1] in "*?[" else escaped[1], part)
    plain = re.sub(r"\\(.)", r"\1", part)
    if plain in value and (plain == part or not re.search(r"(?<!\\)[*?]", part)):
        return value[plain]
    return next((below for key, below in value.items() if fnmatchcase(key, pattern)), NOTHING)


def _of_entries(entries: list[Any], part: str, rest: list[str]) -> Any:
    if part == "#":
        return len(entries) if not rest else _each(entries, rest)
    query = _QUERY.match(part)
    if query is None:
        raise PathError(f"{part} is no query")
    found = [entry for entry in entries if _fits(entry, query)]
    if query["all"]:
        return _each(found, rest) if rest else found
    return _at(found[0], rest) if found else NOTHING


def _each(entries: list[Any], rest: list[str]) -> list[Any]:
    return [found for entry in entries if (found := _at(entry, rest)) is not NOTHING]


def _fits(entry: Any, query: re.Match[str]) -> bool:
    found = _at(entry, list(_parts(query["path"]))) if query["path"] else entry
    if query["op"] is None or found is NOTHING:
        return found is not NOTHING
    try:
        wanted = json.loads(query["value"])
    except ValueError:
        raise PathError(f"{query['value']} is no JSON; texts have quotes") from None
    try:
        return _COMPARED[query["op"]](found, wanted)
    except TypeError:
        return False


_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "%": fnmatchcase,
    "!%": lambda a, b: not fnmatchcase(a, b),
}


def _parts(path: str) -> Iterator[str]:
    """The path at its dots and pipes, except escaped ones and those within a query."""
    part, depth, quoted, escaped = "", 0, False, False
    for character in path:
        if escaped or character == "\\":
            escaped = not escaped
        elif character == '"':
            quoted = not quoted
        elif not quoted and character in "()":
            depth += 1 if character == "(" else -1
        elif not quoted and not depth and character in ".|":
            yield part
            part = ""
            continue
        part += character
    yield part
