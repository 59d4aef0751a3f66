"""Reading a configuration: files, then the environment, then what the command line says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vestibule.config import environment, explain, placement, references, rules, unbuilt
from vestibule.config.document import Document, merged, put
from vestibule.config.files import File
from vestibule.config.files import read as read_file
from vestibule.config.findings import ConfigError, Finding, Severity
from vestibule.config.frozen import digest_of
from vestibule.config.loaded import Loaded
from vestibule.config.model import Config
from vestibule.config.origins import Origins
from vestibule.config.source import Source


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
    files, findings = _read(paths)
    source = source_of(files, environ, overrides or {})
    return _loaded(source.document, source, files, findings, read_secret=read_secret, lines=lines)


def reloaded(source: Source, document: Document, *, read_secret: references.Read | None = None) -> Loaded:
    """The same with another document in place of the files'. Raises ConfigError."""
    return _loaded(document, source, (), [], read_secret=read_secret, lines=False)


def source_of(files: Sequence[File], environ: Mapping[str, str], overrides: Mapping[str, Any]) -> Source:
    document: Document = {}
    for file in files:
        document = merged(document, file.document)
    digest = digest_of("\0".join(file.text for file in files).encode())
    return Source(document, digest, environ, overrides)


def gather(
    paths: Sequence[Path], environ: Mapping[str, str], overrides: Mapping[str, Any]
) -> tuple[Document, Origins, list[Finding]]:
    """The merged document, where its parts come from, and what cannot be read of it."""
    files, findings = _read(paths)
    source = source_of(files, environ, overrides)
    document, origins, unread = overlaid(source.document, source, files)
    return document, origins, [*findings, *unread]


def overlaid(document: Document, source: Source, files: Sequence[File] = ()) -> tuple[Document, Origins, list[Finding]]:
    """The document with the environment and the overrides in it, what they are, and what cannot be read of them."""
    settings = environment.settings(source.environ)
    document, unread = environment.overlaid(document, settings, source.environ)
    for name, value in source.overrides.items():
        document = put(document, name.split("."), value)
    origins = Origins(tuple(files), tuple(settings), tuple(tuple(name.split(".")) for name in source.overrides))
    return document, origins, unread


def _read(paths: Sequence[Path]) -> tuple[list[File], list[Finding]]:
    read: list[File] = []
    findings: list[Finding] = []
    for path in paths:
        try:
            read.append(read_file(path))
        except ConfigError as error:
            findings.extend(error.findings)
    return read, findings


def _loaded(
    document: Document,
    source: Source,
    files: Sequence[File],
    findings: Sequence[Finding],
    *,
    read_secret: references.Read | None,
    lines: bool,
) -> Loaded:
    document, origins, unread = overlaid(document, source, files)
    values, unresolved = references.resolved(document, references.reader(source.environ, read_secret))
    config, more = examine(values)
    found = [*findings, *unread, *(origins.placed(finding, lines=lines) for finding in (*unresolved, *more))]
    if config is None or any(finding.severity == "error" for finding in found):
        raise ConfigError(found)
    return Loaded(config, tuple(found), origins.names(), document, source)


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
