"""How a configuration is printed: `--format json|json-pretty|yaml|jsonpath=…|jsonpointer=…`. Contract 12."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from vestibule.cli import gjson
from vestibule.config.json_shapes import is_list, is_object

FORMATS = "json, json-pretty, yaml, jsonpath=PATH, jsonpointer=/POINTER"

Document = dict[str, Any]


class FormatError(ValueError):
    """Nothing can be printed so. The text says why."""


def printed(document: Document, format_: str, complete: Callable[[], Document]) -> str:
    """The document, or what stands at the path; where nothing is set, what holds by default (`complete`).

    Raises FormatError.
    """
    name, separator, path = format_.partition("=")
    match name, bool(separator):
        case ("json", False):
            return json.dumps(document, ensure_ascii=False)
        case ("json-pretty" | "default" | "table", False):  # the product's names of what it prints when none is given
            return _pretty(document)
        case ("yaml" | "yml", False):
            from vestibule.config import yaml  # noqa: PLC0415 (slow to import, and few print YAML)

            return yaml.dumped(document).rstrip("\n")
        case ("jsonpath", True):
            return _pretty(_found(document, complete, lambda where: _by_gjson(where, path), path))
        case ("jsonpointer", True):
            return _pretty(_found(document, complete, lambda where: _by_pointer(where, path), path))
        case _:
            raise FormatError(f"{format_} is no format; there are {FORMATS}")


def _found(document: Document, complete: Callable[[], Document], get: Callable[[Document], Any], path: str) -> Any:
    value = get(document)
    if value is gjson.NOTHING:
        value = get(complete())
    if value is gjson.NOTHING:
        raise FormatError(f"nothing stands at {path}")
    return value


def _by_gjson(document: Document, path: str) -> Any:
    try:
        return gjson.get(document, path)
    except gjson.PathError as error:
        raise FormatError(f"jsonpath={path}: {error}") from None


def _by_pointer(document: Any, pointer: str) -> Any:
    if pointer and not pointer.startswith("/"):
        raise FormatError(f"jsonpointer={pointer}: a JSON pointer begins with /")
    value = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if is_object(value) and key in value:
            value = value[key]
        elif is_list(value) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return gjson.NOTHING
    return value


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
