"""Parsing one configuration file: JSON, YAML or TOML, told by its ending."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn, cast

from msgspec import Struct

from vestibule.config.document import Document
from vestibule.config.findings import ConfigError, Finding

LARGEST = 4 * 1024 * 1024
_FILE = "file://"
_FOLDER = "template_override_path"
"""The key of a path without a scheme: a folder."""


class File(Struct, frozen=True):
    path: Path
    text: str
    document: Document


def read(path: Path) -> File:
    """Raises ConfigError for a file that is missing, too large, malformed or no mapping."""
    text = _text(path)
    document = _parse(path, text)
    if document is None:
        document = {}
    if not isinstance(document, dict):
        raise ConfigError([Finding("", "the document is no mapping", str(path), 1)])
    return File(path, text, cast("Document", anchored(document, path.parent)))


def anchored(value: Any, folder: Path, key: str = "") -> Any:
    """The value, in which addresses of files beside the configuration lead there."""
    if isinstance(value, dict):
        return {name: anchored(entry, folder, name) for name, entry in cast("Document", value).items()}
    if isinstance(value, list):
        return [anchored(entry, folder) for entry in cast("list[Any]", value)]
    if isinstance(value, str) and "\x00" not in value:
        if value.startswith(_FILE):
            return f"{_FILE}{_found(value.removeprefix(_FILE), folder)}"
        if key == _FOLDER:
            return _found(value, folder)
    return value


def _found(name: str, folder: Path) -> str:
    """Where the file or folder is: as named, if that leads somewhere from the working directory, where Kratos starts.

    Else beside the configuration, if it is there. An absolute name is mostly one of Kratos's container
    (`/etc/config/kratos/person.schema.json`): its ends are looked for there, the longest first.
    """
    path = Path(name)
    if not name or path.exists():
        return name
    ends = [Path(*path.parts[start:]) for start in range(1, len(path.parts))] if path.is_absolute() else [path]
    return next((str(beside.absolute()) for end in ends if (beside := folder / end).exists()), name)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError([Finding("", f"cannot be read: {error.strerror}", str(path))]) from None
    if len(content) > LARGEST:
        raise ConfigError([Finding("", "is larger than 4 MB", str(path))])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError([Finding("", "is no UTF-8 text", str(path))]) from None


def _parse(path: Path, text: str) -> Any:
    try:
        match path.suffix.lower():
            case ".json":
                return json.loads(text, parse_constant=_refuse_constant)
            case ".toml":
                return _toml(text)
            case ".yml" | ".yaml":
                return _yaml(path, text)
            case _:
                raise ConfigError([Finding("", "ends in none of .yml, .yaml, .json, .toml", str(path))])
    except json.JSONDecodeError as error:
        raise ConfigError([Finding("", f"is no JSON: {error.msg}", str(path), error.lineno)]) from None
    except RecursionError:
        raise ConfigError([Finding("", "is nested too deeply", str(path))]) from None
    except ValueError as error:  # also tomllib.TOMLDecodeError, whose text names line and column
        raise ConfigError([Finding("", f"cannot be parsed: {error}", str(path))]) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _toml(text: str) -> Any:
    # As for YAML below.
    import tomllib  # noqa: PLC0415

    return tomllib.loads(text)


def _yaml(path: Path, text: str) -> Any:
    # Imported here: functions read JSON that was made at build, and this import costs them a cold start.
    from vestibule.config import yaml  # noqa: PLC0415

    return yaml.parse(path, text)
