"""What there is to say of a configuration's actions alone: `actions lint`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from vestibule.config import references
from vestibule.config.document import Document, matching
from vestibule.config.findings import Finding
from vestibule.config.load import examine
from vestibule.config.values import is_reference

_ABOUT = re.compile(
    r"/selfservice/flows/\w+/(before|after)(/|\Z)|/vestibule/(oauth2|webhooks|deliveries)(/|\Z)|/clients/(http|web_hook)(/|\Z)"
    r"|/selfservice/methods/password/config/migrate_hook(/|\Z)"
)
_BODIES = (
    "/selfservice/flows/*/before/hooks/*/config/body",
    "/selfservice/flows/*/after/hooks/*/config/body",
    "/selfservice/flows/*/after/*/hooks/*/config/body",
    "/vestibule/oauth2/token/hooks/*/config/body",
    "/selfservice/methods/password/config/migrate_hook/config/body",
)
_ORDER = {"error": 0, "warning": 1, "info": 2}

Check = Callable[[str], str | None]
"""The address of a template to what is wrong with it."""


def linted(document: Document, check: Check) -> list[Finding]:
    """Errors first. References stay unread: what they stand for is not looked at."""
    document, _ = references.resolved(document, lambda reference: reference)
    _, findings = examine(document)
    found = [*(finding for finding in findings if _ABOUT.match(finding.path)), *_templates(document, check)]
    return sorted(dict.fromkeys(found), key=lambda finding: (_ORDER[finding.severity], finding.path))


def _templates(document: Document, check: Check) -> Iterator[Finding]:
    for pattern in _BODIES:
        for at, source in matching(document, pattern):
            if isinstance(source, str) and not is_reference(source) and (wrong := check(source)):
                yield Finding(at, wrong, severity="error")
