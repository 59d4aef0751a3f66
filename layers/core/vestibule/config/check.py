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
from vestibule.config.values import is_reference

_ORDER = {"error": 0, "warning": 1, "info": 2}


def check(paths: Sequence[Path], environ: Mapping[str, str]) -> list[Finding]:
    """All findings, errors first. A feature that is not built yet is an error here.

    Nothing is fetched from the web and no secret is read.
    """
    document, origins, findings = gather(paths, environ, {})
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
        said = {finding.path for finding in missing}
        findings.extend(finding for finding in unusable if finding.path not in said)
    placed = [origins.placed(finding) for finding in findings]
    return sorted(placed, key=lambda finding: (_ORDER[finding.severity], finding.file or "", finding.line or 0))


def _local(source: str) -> bytes:
    """As `fetch`, but an address on the web is taken for a schema that allows everything."""
    elsewhere = source.lower().startswith(("http://", "https://")) or is_reference(source)
    return b'{"properties": {"traits": {}}}' if elsewhere else fetch(source)


def _referenced(source: str) -> Any:
    return json.loads(_local(source))
