"""A configuration as it was read, whichever way: see `load` and `frozen`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestibule.domain.record import Unprinted

if TYPE_CHECKING:
    from vestibule.config.document import Document
    from vestibule.config.findings import Finding
    from vestibule.config.model import Config
    from vestibule.config.source import Source


class Loaded(Unprinted, frozen=True):
    config: Config
    findings: tuple[Finding, ...]
    """Warnings and notes; errors are raised."""
    sources: tuple[str, ...]
    """Files and `$VARIABLES` that took part, in the order in which they were laid over each other."""
    document: Document
    """Files, environment and overrides merged, without defaults, with references as they were written."""
    source: Source
    """What it was made of, for `revising` to make another of it."""
