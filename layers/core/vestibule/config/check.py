"""What `vestibule config check` says: everything at once, and more strictly than a start does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vestibule.config import references
from vestibule.config.fetch import fetch
from vestibule.config.findings import ConfigError, Finding
from vestibule.config.identity_schema import IdentitySchema
from vestibule.config.load import examine, gather
from vestibule.config.message_templates import load_overrides
from vestibule.config.model import Config
from vestibule.config.schema_document import SchemaError
from vestibule.config.schemas import load_schemas
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
    findings = [*findings, *unset, *more]
    if config is not None:
        findings.extend(_schemas(config))
        findings.extend(_messages(config))
    placed = [origins.placed(finding) for finding in findings]
    return sorted(placed, key=lambda finding: (_ORDER[finding.severity], finding.file or "", finding.line or 0))


def _schemas(config: Config) -> Iterator[Finding]:
    """What is wrong with the identity schemas, as far as they stand on this machine."""
    try:
        schemas = load_schemas(config, _local)
    except ConfigError as error:
        yield from error.findings
        return
    reference = None if config.security.disallow_ref_in_identity_schemas else _referenced
    for position, (name, document) in enumerate(schemas.items()):
        try:
            IdentitySchema(name, document, reference).check()
        except SchemaError as error:
            yield Finding(f"/identity/schemas/{position}/url", f"the identity schema {name!r} {error}")


def _messages(config: Config) -> Iterator[Finding]:
    """What is wrong with the templates of messages, as far as they stand on this machine."""
    try:
        load_overrides(config.courier, _local)
    except ConfigError as error:
        yield from error.findings


def _local(source: str) -> bytes:
    """As `fetch`, but an address on the web is taken for a schema that allows everything."""
    elsewhere = source.lower().startswith(("http://", "https://")) or is_reference(source)
    return b'{"properties": {"traits": {}}}' if elsewhere else fetch(source)


def _referenced(source: str) -> Any:
    return json.loads(_local(source))
