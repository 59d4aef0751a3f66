"""Reading a configuration: files, then the environment, then what the command line says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vestibule.config import environment, explain, files, placement, references, rules, unbuilt
from vestibule.config.document import Document, merged, put
from vestibule.config.files import File
from vestibule.config.findings import ConfigError, Finding, Severity
from vestibule.config.loaded import Loaded
from vestibule.config.model import Config
from vestibule.config.origins import Origins


def load(
    paths: Sequence[Path],
    environ: Mapping[str, str],
    *,
    overrides: Mapping[str, Any] | None = None,
    read_secret: references.Read | None = None,
    lines: bool = True,
) -> Loaded:
    """Defaults < files in order < environment < overrides (`{"serve.public.port": 4433}`).

    Mappings merge, lists are replaced. `read_secret` gives the value of a `secret://` reference; without it they are
    errors. Without `lines`, findings have none, and the YAML library is not imported for JSON files.
    Raises ConfigError with everything that is wrong at once.
    """
    document, origins, findings = gather(paths, environ, overrides or {})
    values, unread = references.resolved(document, references.reader(environ, read_secret))
    config, more = examine(values)
    findings = [*findings, *(origins.placed(finding, lines=lines) for finding in (*unread, *more))]
    if config is None or any(finding.severity == "error" for finding in findings):
        raise ConfigError(findings)
    return Loaded(config, tuple(findings), origins.names(), document)


def gather(
    paths: Sequence[Path], environ: Mapping[str, str], overrides: Mapping[str, Any]
) -> tuple[Document, Origins, list[Finding]]:
    """The merged document, where its parts come from, and what cannot be read of it."""
    findings: list[Finding] = []
    read: list[File] = []
    for path in paths:
        try:
            read.append(files.read(path))
        except ConfigError as error:
            findings.extend(error.findings)
    document: Document = {}
    for file in read:
        document = merged(document, file.document)
    settings = environment.settings(environ)
    document, unread = environment.overlaid(document, settings, environ)
    for name, value in overrides.items():
        document = put(document, name.split("."), value)
    origins = Origins(tuple(read), tuple(settings), tuple(tuple(name.split(".")) for name in overrides))
    return document, origins, [*findings, *unread]


def examine(document: Document, *, unbuilt_is: Severity = "warning") -> tuple[Config | None, list[Finding]]:
    """The configuration, None when a key is wrong, and everything there is to say of the document."""
    findings = [
        *placement.placed(document),
        *rules.ruled(document),
        *unbuilt.unbuilt(document, unbuilt_is),
        *unbuilt.without_effect(document),
    ]
    try:
        config = Config.model_validate(document)
    except ValidationError as error:
        return None, [*explain.explained(error, document), *findings]
    return config, findings
