"""What `vestibule config check` says: everything at once, and more strictly than a start does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vestibule.config import references
from vestibule.config.absent import absent
from vestibule.config.fetch import fetch
from vestibule.config.findings import Finding
from vestibule.config.lint import message_findings, schema_findings
from vestibule.config.load import examine, gather
from vestibule.config.template_lint import Check, template_findings
from vestibule.config.values import is_reference

_ORDER = {"error": 0, "warning": 1, "info": 2}


def check(paths: Sequence[Path], environ: Mapping[str, str], template: Check) -> list[Finding]:
    """All findings, errors first. A feature that is not built yet is an error here.

    Nothing is fetched from the web and no secret is read. `template` says what is wrong with Jsonnet.
    """
    document, origins, findings = gather(paths, environ, {})
    if unread := [finding for finding in findings if not finding.path and finding.severity == "error"]:
        return unread  # whatever could be said of the rest would follow from that
    if "dsn" not in document:
        document = {**document, "dsn": "memory"}
        findings.append(Finding("/dsn", "is not set: it has to come from the environment", severity="info"))
    document, unset = references.resolved(document, references.reader(environ, lambda reference: reference))
    config, more = examine(document, unbuilt_is="error")
    missing = list(absent(document))
    findings = [*findings, *unset, *more, *missing]
    if config is not None:
        reference = None if config.security.disallow_ref_in_identity_schemas else _referenced
        unusable = [*schema_findings(config, _local, reference), *message_findings(config, _local)]
        unusable += template_findings(document, lambda source: None if _is_elsewhere(source) else template(source))
        said = {finding.path for finding in missing}
        findings.extend(finding for finding in unusable if finding.path not in said)
    placed = [origins.placed(finding) for finding in findings]
    return sorted(placed, key=lambda finding: (_ORDER[finding.severity], finding.file or "", finding.line or 0))


def _local(source: str) -> bytes:
    """As `fetch`, but an address on the web is taken for a schema that allows everything."""
    return b'{"properties": {"traits": {}}}' if _is_elsewhere(source) else fetch(source)


def _is_elsewhere(source: str) -> bool:
    return source.lower().startswith(("http://", "https://")) or is_reference(source)


def _referenced(source: str) -> Any:
    return json.loads(_local(source))
