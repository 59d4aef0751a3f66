"""Documents for the tests of the configuration."""

from __future__ import annotations

import json
from base64 import b64encode
from copy import deepcopy
from pathlib import Path
from typing import Any

from vestibule.config.document import merged, put
from vestibule.config.findings import ConfigError, Finding
from vestibule.config.load import Loaded, load
from vestibule.config.model import Config

MINIMAL: dict[str, Any] = {
    "dsn": "memory",
    "dev": True,
    "identity": {"default_schema_id": "person", "schemas": [{"id": "person", "url": "file://person.schema.json"}]},
    "selfservice": {"default_browser_return_url": "https://example.org/"},
}


ANY_TRAITS = "base64://" + b64encode(b'{"properties": {"traits": {"type": "object"}}}').decode()
"""The address of an identity schema."""


def document(pointer: str = "", value: Any = None) -> dict[str, Any]:
    """A copy of the minimal document with one more value: numbers in the pointer are positions."""
    parts = [int(part) if part.isdigit() else part for part in pointer.split("/")[1:]]
    return deepcopy(put(MINIMAL, parts, value) if parts else MINIMAL)


def saved(folder: Path, content: dict[str, Any], name: str = "kratos.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(content))
    return path


def config(pointer: str = "", value: Any = None) -> Config:
    return Config.model_validate(document(pointer, value))


def loaded(folder: Path, *overlays: dict[str, Any], environ: dict[str, str] | None = None) -> Loaded:
    content = MINIMAL
    for overlay in overlays:
        content = merged(content, overlay)
    return load([saved(folder, content)], environ or {})


def findings(folder: Path, content: dict[str, Any], environ: dict[str, str] | None = None) -> tuple[Finding, ...]:
    """Everything that loading says, whether it succeeds or not."""
    try:
        return load([saved(folder, content)], environ or {}).findings
    except ConfigError as error:
        return error.findings
