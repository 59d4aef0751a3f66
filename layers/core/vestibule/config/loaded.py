"""A configuration as it was read, whichever way: see `load` and `frozen`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vestibule.config.document import Document
    from vestibule.config.findings import Finding
    from vestibule.config.model import Config


@dataclass(frozen=True, slots=True)
class Loaded:
    config: Config = field(repr=False)
    findings: tuple[Finding, ...]
    """Warnings and notes; errors are raised."""
    sources: tuple[str, ...]
    """Files and `$VARIABLES` that took part, in the order in which they were laid over each other."""
    document: Document = field(repr=False)
    """Files, environment and overrides merged, without defaults, with references as they were written."""
