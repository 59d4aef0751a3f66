"""Changes of the configuration that are kept in the store, on top of the files and below the environment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from vestibule.config import frozen
from vestibule.config.document import Document
from vestibule.config.findings import ConfigError
from vestibule.config.loaded import Loaded
from vestibule.config.source import Source
from vestibule.domain.record import Unprinted

Operation = dict[str, Any]


class Revision(Unprinted, frozen=True, kw_only=True):
    """Numbered from 1; none is 0, the files as they are."""

    number: int
    at: datetime
    note: str
    """Why, in the words of who made it."""
    changes: tuple[Operation, ...]
    """What this one did to the one before."""
    patches: tuple[Operation, ...]
    """All there is to do to the files."""
    document: Document
    """What came of it: what runs on, should the files change into something that the patches do not fit."""
    digest: str
    """Of the files that it was made on."""
    frozen: str | None
    """What the models made of `document` (see `freezing.frozen_text`)."""


class Unfit(Exception):
    """The files changed, and the revision's patches cannot be applied to what they are now. The text says why."""


def document_of(source: Source, revision: Revision | None) -> Document:
    """Files and revision together. Raises Unfit."""
    if revision is None:
        return source.document
    if revision.digest == source.digest:
        return revision.document
    from vestibule.config.patch import PatchError, applied  # noqa: PLC0415 (only after a deployment that changed files)

    try:
        return applied(source.document, revision.patches)
    except PatchError as error:
        raise Unfit(f"revision {revision.number} does not fit the configuration files any more: {error}") from None


def running(source: Source, revision: Revision) -> Document:
    """What ran before the files changed, with what only they decide as it is in them now."""
    from vestibule.config.patch import START_ONLY  # noqa: PLC0415 (as above)

    kept = {key: value for key, value in revision.document.items() if key not in START_ONLY}
    return kept | {key: source.document[key] for key in START_ONLY if key in source.document}


def followed(base: Loaded, revision: Revision) -> tuple[Loaded, str | None]:
    """The configuration of the revision on the files, and why it is an older one where it is.

    When the files changed into something that the revision does not fit, what ran before goes on. Raises ConfigError
    when that cannot be read any more either.
    """
    source = base.source
    if revision.digest == source.digest and revision.frozen is not None:
        ready = frozen.revised(base, revision.frozen, revision.document)
        if ready is not None:
            return ready, None
    from vestibule.config.load import reloaded  # noqa: PLC0415 (pydantic and the models: 350 ms of a cold start)

    try:
        return reloaded(source, document_of(source, revision)), None
    except Unfit as unfit:
        reason = str(unfit)
    except ConfigError as error:
        reason = f"revision {revision.number} does not fit the configuration files any more: {_first(error)}"
    return reloaded(source, running(source, revision)), reason


def _first(error: ConfigError) -> str:
    found: Sequence[str] = [str(finding) for finding in error.findings if finding.severity == "error"]
    return found[0] if found else "it is refused"
