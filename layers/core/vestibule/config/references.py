"""Values that stand elsewhere: `secret://ssm/NAME`, `secret://secretsmanager/NAME`, `env://NAME`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from vestibule.config.document import Document, pointer
from vestibule.config.findings import Finding
from vestibule.config.values import is_reference

Read = Callable[[str], str]
"""Reference to value. Raises LookupError for one that is not there, with a sentence."""


class Unread(LookupError):
    """A reference whose value cannot be read; the text says why, without the value."""


def resolved(document: Document, read: Read) -> tuple[Document, list[Finding]]:
    """A copy with the values in place of the references, and those that could not be read."""
    findings: list[Finding] = []
    return _walk(document, (), read, findings), findings


def _walk(value: Any, path: tuple[str | int, ...], read: Read, findings: list[Finding]) -> Any:
    if isinstance(value, dict):
        mapping = cast("Document", value)
        return {key: _walk(below, (*path, key), read, findings) for key, below in mapping.items()}
    if isinstance(value, list):
        entries = cast("list[Any]", value)
        return [_walk(below, (*path, position), read, findings) for position, below in enumerate(entries)]
    if isinstance(value, str) and is_reference(value):
        try:
            return read(value)
        except LookupError as error:
            findings.append(Finding(pointer(path), str(error)))
    return value


def reader(environ: Mapping[str, str], read_secret: Read | None) -> Read:
    """Reads `env://` from the environment and hands `secret://` on."""

    def read(reference: str) -> str:
        scheme, _, name = reference.partition("://")
        if scheme == "secret":
            if read_secret is None:
                raise Unread("names a secret that cannot be read here")
            return read_secret(reference)
        if name not in environ:
            raise Unread(f"names the environment variable {name}, which is not set")
        return environ[name]

    return read
