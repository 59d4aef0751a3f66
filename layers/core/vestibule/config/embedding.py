"""A configuration with the files that it names in it: functions have a layer, and no files beside it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from vestibule.config.absent import absent
from vestibule.config.document import Document, dig, put
from vestibule.config.files import read
from vestibule.config.findings import ConfigError
from vestibule.config.json_shapes import is_list, is_object
from vestibule.config.message_templates import in_folder
from vestibule.config.origins import Origins

_FILE = "file://"
_FOLDER = ("courier", "template_override_path")


def embedded(path: Path) -> Document:
    """The document of the file. Raises ConfigError, with every file that is not there."""
    file = read(path)
    missing = [Origins((file,), ()).placed(finding) for finding in absent(file.document)]
    if missing:
        raise ConfigError(missing)
    return _inlined(with_messages(file.document))


def with_messages(document: Document) -> Document:
    """The folder of message templates as the keys that do the same; keys that are set go before its files."""
    folder = dig(document, *_FOLDER)
    if not isinstance(folder, str):
        return document
    for _, _, keys, path in in_folder(Path(folder)):
        at = ("courier", "templates", *keys)
        if dig(document, *at) is None:
            document = put(document, at, f"{_FILE}{path.absolute()}")
    courier = {key: value for key, value in document["courier"].items() if key != _FOLDER[1]}
    return {**document, "courier": courier}


def _inlined(value: Any) -> Any:
    if is_object(value):
        return {key: _inlined(entry) for key, entry in value.items()}
    if is_list(value):
        return [_inlined(entry) for entry in value]
    if isinstance(value, str) and value.startswith(_FILE):
        return f"base64://{base64.b64encode(Path(value.removeprefix(_FILE)).read_bytes()).decode()}"
    return value
