"""Files that a configuration names and that are not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vestibule.config.document import Document, dig, texts
from vestibule.config.findings import Finding, Severity

_FILE = "file://"
_FOLDER = "/courier/template_override_path"


def absent(document: Document, severity: Severity = "error") -> Iterator[Finding]:
    """A finding for each. `document` is what `files.read` makes: it leads to what lies beside the configuration."""
    for at, text in texts(document):
        if text.startswith(_FILE) and not _is(text.removeprefix(_FILE), folder=False):
            yield Finding(at, _sentence("file", text.removeprefix(_FILE)), severity=severity)
    folder = dig(document, "courier", "template_override_path")
    if isinstance(folder, str) and folder and not _is(folder, folder=True):
        yield Finding(_FOLDER, _sentence("folder", folder), severity=severity)


def _is(name: str, *, folder: bool) -> bool:
    path = Path(name)
    try:
        return path.is_dir() if folder else path.is_file()
    except ValueError:  # a NUL in it
        return False


def _sentence(kind: str, name: str) -> str:
    return f"there is no {kind} {name}, nor is it beside the configuration"
