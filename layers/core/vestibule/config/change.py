"""A change of the configuration before it is made: what it would be, what is to be said of it, and what it would do."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from vestibule.config import yaml
from vestibule.config.document import Document
from vestibule.config.effective import Difference, complete, differences
from vestibule.config.findings import ConfigError, Finding
from vestibule.config.lint import Fetched, linted, overruled
from vestibule.config.load import reloaded
from vestibule.config.masking import Masks
from vestibule.config.patch import MOST_OPERATIONS, START_ONLY, Operation, PatchError, applied, difference
from vestibule.config.revision import Revision, document_of
from vestibule.config.source import Source
from vestibule.config.template_lint import Check, template_findings
from vestibule.domain.record import Unprinted

_ORDER = {"error": 0, "warning": 1, "info": 2}


class Means(Struct, frozen=True):
    """What a look at a configuration needs of the world: the bytes behind addresses, and somebody who knows Jsonnet."""

    fetched: Fetched
    check: Check


class Change(Unprinted, frozen=True, kw_only=True):
    changes: tuple[Operation, ...]
    """What it does to what is in force."""
    patches: tuple[Operation, ...]
    """All there is to do to the files then."""
    document: Document
    findings: tuple[Finding, ...]
    """Errors first; what was to be said before, too, is left out."""
    accepted: bool
    diff: str
    """Unified, of YAML; secrets masked. Empty when nothing changes."""
    differences: tuple[Difference, ...]
    """Of the effective configurations, with environment and defaults."""

    @property
    def is_empty(self) -> bool:
        return not self.changes


def patched(source: Source, current: Revision | None, patch: Sequence[Operation], means: Means) -> Change:
    """Raises PatchError, Unfit."""
    before = document_of(source, current)
    document = applied(before, patch)
    patches = [*(current.patches if current is not None else ()), *patch]
    if len(patches) > MOST_OPERATIONS:
        patches = difference(source.document, document)
    changes = patch if document != before else ()
    return _examined(source, before, document, changes, patches, means)


def replaced(source: Source, before: Document, sent: Document, means: Means) -> Change:
    """All of the configuration by another; what is read at the start only may stand in it unchanged, or not at all.

    Raises PatchError.
    """
    for key in START_ONLY:
        if key in sent and sent[key] != source.document.get(key):
            raise PatchError(f"/{key}", "is read at the start; change it where it is deployed, and leave it out here")
    kept = {key: source.document[key] for key in START_ONLY if key in source.document}
    document = kept | {key: value for key, value in sent.items() if key not in START_ONLY}
    patches = difference(source.document, document)
    return _examined(source, before, document, difference(before, document), patches, means)


def returned(source: Source, before: Document, target: Revision | None, means: Means) -> Change:
    """Back to a revision, or to the files (None). Raises Unfit."""
    document = document_of(source, target)
    patches = target.patches if target is not None else ()
    return _examined(source, before, document, difference(before, document), patches, means)


def _examined(
    source: Source,
    before: Document,
    document: Document,
    changes: Sequence[Operation],
    patches: Sequence[Operation],
    means: Means,
) -> Change:
    masks = Masks()
    loaded, findings = linted(source, document, means.fetched)
    if loaded is not None:
        findings = (*findings, *template_findings(document, means.check, before))
    known: tuple[Finding, ...] = ()
    effective: list[Difference] = []
    try:
        former = reloaded(source, before)
        known = former.findings
        effective = differences(complete(former), complete(loaded), masks) if loaded is not None else []
    except ConfigError as error:  # what is in force cannot be loaded: every change is an improvement
        known = error.findings
    found = [finding for finding in findings if finding.severity == "error" or finding not in known]
    found += overruled(source, [operation["path"] for operation in changes])
    return Change(
        changes=tuple(changes),
        patches=tuple(patches),
        document=document,
        findings=tuple(sorted(found, key=lambda finding: _ORDER[finding.severity])),
        accepted=not any(finding.severity == "error" for finding in found),
        diff=diff(before, document, masks),
        differences=tuple(effective),
    )


def diff(before: Document, after: Document, masks: Masks) -> str:
    old, new = (_lines(masks.masked(_shown(document))) for document in (before, after))
    return "".join(difflib.unified_diff(old, new, "before", "after", n=4))


def _shown(document: Document) -> Document:
    return {key: value for key, value in document.items() if key not in START_ONLY}


def _lines(document: Any) -> list[str]:
    return yaml.dumped(document).splitlines(keepends=True)
