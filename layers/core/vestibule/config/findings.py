"""What is to be said of a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

Severity = Literal["error", "warning", "info"]


class Finding(Struct, frozen=True):
    """One thing to say. `path` is an RFC 6901 pointer, "" for the whole document."""

    path: str
    message: str
    """A sentence without the value, which may be a secret."""
    file: str | None = None
    """The file's name, or `$NAME` for an environment variable; None: given by no one, or on the command line."""
    line: int | None = None
    """From 1, where the format tells."""
    severity: Severity = "error"

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return ": ".join(part for part in (place, self.severity, self.path, self.message) if part)


class ConfigError(Exception):
    """The configuration cannot be used. Carries everything that was found, not the first error only."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings if finding.severity == "error"))
        self.findings = tuple(findings)
