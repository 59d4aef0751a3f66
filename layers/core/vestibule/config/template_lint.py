"""What is wrong with the Jsonnet that a configuration names."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vestibule.config.document import Document, matching
from vestibule.config.findings import Finding
from vestibule.config.values import is_reference

_TEMPLATES = (
    "/selfservice/flows/*/before/hooks/*/config/body",
    "/selfservice/flows/*/after/hooks/*/config/body",
    "/selfservice/flows/*/after/*/hooks/*/config/body",
    "/vestibule/oauth2/token/hooks/*/config/body",
    "/selfservice/methods/password/config/migrate_hook/config/body",
    "/selfservice/methods/oidc/config/providers/*/mapper_url",
    "/session/whoami/tokenizer/templates/*/claims_mapper_url",
    "/courier/http/request_config/body",
    "/courier/channels/*/request_config/body",
)

Check = Callable[[str], str | None]
"""The address of a template to what is wrong with it."""


def template_findings(document: Document, check: Check, before: Document | None = None) -> Iterator[Finding]:
    """An error for each that is none; what stood in the document `before` is warned of."""
    known = {source for _, source in _templates(before or {})}
    for at, source in _templates(document):
        if wrong := check(source):
            yield Finding(at, wrong, severity="warning" if source in known else "error")


def _templates(document: Document) -> Iterator[tuple[str, str]]:
    for pattern in _TEMPLATES:
        for at, source in matching(document, pattern):
            if isinstance(source, str) and source and not is_reference(source):
                yield at, source
