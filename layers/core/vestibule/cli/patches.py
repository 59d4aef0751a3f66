"""The operations that `--add`, `--replace`, `--remove` and `-f` stand for; the documents of `update` and `import`."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vestibule.config.document import pointer
from vestibule.config.embedding import with_messages
from vestibule.config.fetch import FetchError, fetch, through
from vestibule.config.files import anchored
from vestibule.config.json_shapes import is_list, is_object

Operation = dict[str, Any]

PREFIX = "/services/identity/config"
"""Where the product keeps this configuration in a project; paths may begin with it."""

_KEPT = ("$id", "$schema")
"""Keys whose addresses are names."""


class ArgumentError(ValueError):
    """What was given cannot be used. The text names it and says why."""


def from_options(
    files: Sequence[str], add: Sequence[str], replace: Sequence[str], remove: Sequence[str]
) -> list[Operation]:
    """In the product's order: all files, all additions, all replacements, all removals. Raises ArgumentError."""
    operations = [operation for source in files for operation in from_document(read(source), source)]
    operations += [_valued("add", text) for text in add]
    operations += [_valued("replace", text) for text in replace]
    operations += [{"op": "remove", "path": _short(path)} for path in remove]
    if not operations:
        raise ArgumentError("there is nothing to do: give --add, --replace, --remove or --file")
    return [_inlined_operation(operation) for operation in operations]


def from_document(document: Any, source: str) -> list[Operation]:
    """Of a file: a JSON Patch, or a part of a configuration, which is laid over what is there. Raises ArgumentError."""
    if is_list(document):
        if not all(is_object(each) for each in document):
            raise ArgumentError(f"{source}: a JSON Patch is a list of objects with op and path")
        return [
            {
                key: _short(value) if key in ("path", "from") and isinstance(value, str) else value
                for key, value in each.items()
            }
            for each in document
        ]
    if is_object(document):
        return [{"op": "add", "path": path, "value": value} for path, value in _leaves(unwrapped(document), ())]
    raise ArgumentError(f"{source}: neither a JSON Patch (a list) nor a part of a configuration (a mapping)")


def whole(sources: Sequence[str], standard_input: str | None) -> dict[str, Any]:
    """The documents laid over each other, lists one after the other, as the product does it. Raises ArgumentError."""
    documents = [(source, read(source)) for source in sources]
    if standard_input is not None:
        documents.append(("standard input", _parsed(standard_input, "standard input")))
    merged: dict[str, Any] = {}
    for source, document in documents:
        if not is_object(document):
            raise ArgumentError(f"{source}: no configuration, which is a mapping")
        merged = _appended(merged, unwrapped(document))
    return _inlined(with_messages(merged), "")


def read(source: str) -> Any:
    """JSON or YAML behind a path, file://, https:// or base64://. Raises ArgumentError.

    Files that it names are also looked for beside it, as `vestibule serve -c` does.
    """
    document = _parsed(_content(source).decode("utf-8-sig", "replace"), source)
    path = source.removeprefix("file://")
    return document if "://" in path else anchored(document, Path(path).parent)


def unwrapped(document: dict[str, Any]) -> dict[str, Any]:
    """What stands at `PREFIX`, where somebody sends a whole project."""
    inner: Any = document
    for key in PREFIX.split("/")[1:]:
        inner = inner.get(key) if is_object(inner) else None
    return inner if is_object(inner) else document


def _parsed(text: str, source: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    from vestibule.config import yaml  # noqa: PLC0415 (slow to import, and not every command reads YAML)
    from vestibule.config.findings import ConfigError  # noqa: PLC0415 (as above)

    try:
        return yaml.parse(Path(source), text)
    except ConfigError as error:
        raise ArgumentError(str(error)) from None


def _valued(name: str, text: str) -> Operation:
    path, separator, value = text.partition("=")
    if not separator:
        raise ArgumentError(f"--{name} {path}: needs a value: {path}=VALUE, where VALUE is JSON")
    try:
        return {"op": name, "path": _short(path), "value": json.loads(value)}
    except ValueError:
        raise ArgumentError(f"--{name} {path}: the value is no JSON; a text has quotes: '{path}=\"text\"'") from None


def _short(path: str) -> str:
    return path.removeprefix(PREFIX) if path.startswith(f"{PREFIX}/") else path


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if is_object(value) and (value or not path):
        for key, below in value.items():
            yield from _leaves(below, (*path, key))
    else:
        yield pointer(path), value


def _appended(base: Any, overlay: Any) -> Any:
    if is_object(base) and is_object(overlay):
        return base | {key: _appended(base[key], value) if key in base else value for key, value in overlay.items()}
    return [*base, *overlay] if is_list(base) and is_list(overlay) else overlay


# --- files that values name -----------------------------------------------------------------------------


def _inlined_operation(operation: Operation) -> Operation:
    if "value" not in operation:
        return operation
    key = str(operation.get("path", "")).rpartition("/")[2]
    return {**operation, "value": _inlined(operation["value"], key)}


def _inlined(value: Any, key: str) -> Any:
    """The value, in which the files of this machine stand themselves: who applies it has others."""
    if is_object(value):
        return {name: _inlined(below, name) for name, below in value.items()}
    if is_list(value):
        return [_inlined(below, key) for below in value]
    if isinstance(value, str) and value.startswith("file://") and key not in _KEPT:
        return f"base64://{base64.b64encode(_content(value)).decode()}"
    return value


def _content(source: str) -> bytes:
    from vestibule.adapters.web import HttpWeb  # noqa: PLC0415 (only who names an address on the web needs it)

    try:
        return fetch(source, through(HttpWeb()))
    except FetchError as error:
        raise ArgumentError(f"{source}: {error}") from None
