"""What is to be said of a configuration before it is put into force: everything at once, and never a value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from vestibule.config.document import Document, parts, texts
from vestibule.config.findings import ConfigError, Finding
from vestibule.config.identity_schema import IdentitySchema
from vestibule.config.load import overlaid, reloaded
from vestibule.config.message_templates import load_overrides
from vestibule.config.schema_document import SchemaError
from vestibule.config.schemas import load_schemas

if TYPE_CHECKING:
    from vestibule.config.loaded import Loaded
    from vestibule.config.model import Config
    from vestibule.config.source import Source

Fetched = Callable[[str], bytes]
"""The bytes behind an address. Raises FetchError."""

_FILE = "file://"
_ENVIRONMENT = re.compile(r"env://(?!AWS_)")

_SOURCES = frozenset(
    {
        "body",
        "claims_mapper_url",
        "html",
        "jwks_url",
        "logo",
        "mapper_url",
        "plaintext",
        "subject",
        "template_override_path",
    }
)
"""Keys at which a text without a scheme is a path, too; so it is at the address of an identity schema."""


def linted(source: Source, document: Document, fetched: Fetched) -> tuple[Loaded | None, tuple[Finding, ...]]:
    """The configuration with this document in place of the files', None where it cannot be used; and all findings."""
    unsafe = tuple(_unsafe(source.document, document))
    try:
        loaded = reloaded(source, document)
    except ConfigError as error:
        return None, (*unsafe, *error.findings)
    forbidden = loaded.config.security.disallow_ref_in_identity_schemas

    def reference(address: str) -> Any:
        return json.loads(fetched(address))

    found = (
        *unsafe,
        *loaded.findings,
        *schema_findings(loaded.config, fetched, None if forbidden else reference),
        *message_findings(loaded.config, fetched),
    )
    return (None if any(finding.severity == "error" for finding in found) else loaded), found


def overruled(source: Source, paths: Sequence[str]) -> Iterator[Finding]:
    """A warning for each path that the environment or the command line sets as well: theirs holds."""
    _, origins, _ = overlaid({}, source)
    given = [(f"the environment variable {each.name}", tuple(map(str, each.path))) for each in origins.settings]
    given += [("the deployment", path) for path in origins.overrides]
    for at in paths:
        path = parts(at)
        for name, fixed in given:
            shared = min(len(path), len(fixed))
            if path[:shared] == fixed[:shared]:
                yield Finding(at, f"has no effect where {name} sets the same", severity="warning")


def schema_findings(config: Config, fetched: Fetched, reference: Callable[[str], Any] | None) -> Iterator[Finding]:
    """What is wrong with the identity schemas. `reference` reads what they refer to, None: they may not."""
    try:
        schemas = load_schemas(config, fetched)
    except ConfigError as error:
        yield from error.findings
        return
    for position, (name, document) in enumerate(schemas.items()):
        try:
            IdentitySchema(name, document, reference).check()
        except SchemaError as error:
            yield Finding(f"/identity/schemas/{position}/url", f"the identity schema {name!r} {error}")


def message_findings(config: Config, fetched: Fetched) -> Iterator[Finding]:
    """What is wrong with the templates of messages."""
    try:
        load_overrides(config.courier, fetched)
    except ConfigError as error:
        yield from error.findings


def _unsafe(files: Document, document: Document) -> Iterator[Finding]:
    """What would read files or variables of the machine that serves, unless the configuration files name them, too."""
    known = {text for _, text in texts(files)}
    for at, text in texts(document):
        if text in known:
            continue
        if text.lower().startswith(_FILE) or ("://" not in text and _is_source(at)):
            yield Finding(at, "names a file; only configuration files may: send its content as base64://…")
        elif text.startswith("env://") and not _ENVIRONMENT.match(text):
            yield Finding(at, "names a variable that is the platform's own")


def _is_source(at: str) -> bool:
    *above, last = parts(at) or ("",)
    return last in _SOURCES or (last == "url" and above[:2] == ["identity", "schemas"])
