"""Values that stand elsewhere: `secret://ssm/NAME`, `secret://secretsmanager/NAME`, `env://NAME`.

Most are read with the configuration. What web hooks prove themselves with is read when they call, so that it changes
without a restart and functions that call nobody never read it: see `LATE`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from vestibule.config.document import Document, pointer
from vestibule.config.findings import Finding

SECRET = "secret://"  # noqa: S105 (a scheme)

LATE: tuple[tuple[str, ...], ...] = (
    ("selfservice", "flows", "*", "before", "hooks", "*", "config"),
    ("selfservice", "flows", "*", "after", "hooks", "*", "config"),
    ("selfservice", "flows", "*", "after", "*", "hooks", "*", "config"),
    ("selfservice", "methods", "password", "config", "migrate_hook", "config"),
    ("vestibule", "webhooks", "signing"),
    ("vestibule", "oauth2", "token", "api_key"),
    ("vestibule", "oauth2", "token", "hooks", "*", "config"),
)
"""Below these, `secret://` is read when it is needed. `*` is any key or position."""

_WITHIN = re.compile(r"\$\{(secret://[^{}\s]+)\}")

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
    if isinstance(value, str) and _is_read(value, path):
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


def unread(document: Any, path: tuple[str | int, ...] = ()) -> bool:
    """Whether the document has a reference that is read with it."""
    if isinstance(document, dict):
        return any(unread(below, (*path, key)) for key, below in cast("Document", document).items())
    if isinstance(document, list):
        return any(unread(below, (*path, at)) for at, below in enumerate(cast("list[Any]", document)))
    return isinstance(document, str) and _is_read(document, path)


def filled(text: str, read: Read, *, quote: Callable[[str], str] = str) -> str:
    """The text with its secrets: it is a reference, or has `${secret://…}` in it (`quote` fits those in)."""
    if text.startswith(SECRET):
        return read(text)
    return _WITHIN.sub(lambda found: quote(read(found[1])), text)


def has_secrets(text: str) -> bool:
    return text.startswith(SECRET) or _WITHIN.search(text) is not None


def _is_read(value: str, path: tuple[str | int, ...]) -> bool:
    return value.startswith("env://") or (value.startswith(SECRET) and not _is_late(path))


def _is_late(path: tuple[str | int, ...]) -> bool:
    return any(
        len(path) >= len(late) and all(want in ("*", have) for want, have in zip(late, path, strict=False))
        for late in LATE
    )
