"""A patch of a configuration file itself: comments and order stay, and a file that would be wrong is not written."""

from __future__ import annotations

import difflib
import json
import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct
from ruamel.yaml.error import MarkedYAMLError

from vestibule.cli.patches import ArgumentError
from vestibule.cli.templates import checking
from vestibule.config import yaml
from vestibule.config.check import check
from vestibule.config.findings import Finding
from vestibule.config.patch import Operation, PatchError, applied, operations
from vestibule.config.template_lint import Check


class Edited(Struct, frozen=True):
    text: str
    diff: str
    findings: tuple[Finding, ...]
    """Errors that were not there before."""


def only(files: Sequence[Path]) -> Path:
    """Raises ArgumentError."""
    if len(files) != 1:
        raise ArgumentError("--in-place edits one file: give it with -c")
    return files[0]


def edited(path: Path, patch: Sequence[Operation]) -> Edited:
    """What the file would be. Raises ArgumentError, PatchError."""
    try:
        before = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"{path} cannot be read: {error}") from None
    checked = operations(list(patch), in_files=True)
    try:
        text = _edited(path, before, checked)
    except (ArgumentError, PatchError):
        raise
    except (ValueError, TypeError, AttributeError, MarkedYAMLError):
        raise ArgumentError(f"{path} cannot be edited; `vestibule config check {path}` says what is wrong") from None
    names = (str(path), f"{path} (after)")
    diff = "".join(difflib.unified_diff(before.splitlines(keepends=True), text.splitlines(keepends=True), *names))
    return Edited(text, diff, tuple(_new_errors(path, text)))


def write(path: Path, text: str) -> None:
    """All of it or nothing, with the rights of the file that was there. Raises ArgumentError."""
    try:
        with _beside(path, text) as written:
            written.chmod(path.stat().st_mode)
            written.replace(path)
    except OSError as error:
        raise ArgumentError(f"{path} cannot be written: {error.strerror}") from None


@contextmanager
def _beside(path: Path, text: str) -> Generator[Path]:
    """Another file in the same folder, where the files that both name stand."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _edited(path: Path, before: str, patch: list[Operation]) -> str:
    def edit(document: Any) -> Any:
        return applied(document if document is not None else {}, patch)

    match path.suffix.lower():
        case ".json":
            return json.dumps(edit(json.loads(before)), indent=2, ensure_ascii=False) + "\n"
        case ".yml" | ".yaml":
            return yaml.edited(before, edit)
        case _:
            raise ArgumentError(f"{path} is neither YAML nor JSON")


def _new_errors(path: Path, text: str) -> list[Finding]:
    with checking() as template, _beside(path, text) as after:
        known = {(finding.path, finding.message) for finding in _errors(path, template)}
        return [finding for finding in _errors(after, template) if (finding.path, finding.message) not in known]


def _errors(path: Path, template: Check) -> list[Finding]:
    return [finding for finding in check([path], os.environ, template) if finding.severity == "error"]
