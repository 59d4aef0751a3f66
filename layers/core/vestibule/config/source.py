"""What a configuration is made of, apart from the revisions that come between the files and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vestibule.domain.record import Unprinted

if TYPE_CHECKING:
    from vestibule.config.document import Document


class Source(Unprinted, frozen=True):
    document: Document
    """The files, merged; without the environment."""
    digest: str
    """Of the files' content: a revision knows by it whether they changed since."""
    environ: Mapping[str, str]
    overrides: Mapping[str, Any]
    """Dotted path to value: what goes over the environment."""
    settled: Mapping[str, Any] | None = None
    """What environment and overrides set, when all of it can be put into a frozen configuration."""
