"""What there is to say of a configuration's actions alone: `actions lint`."""

from __future__ import annotations

import re

from vestibule.config import references
from vestibule.config.document import Document
from vestibule.config.findings import Finding
from vestibule.config.load import examine
from vestibule.config.template_lint import Check, template_findings

_ABOUT = re.compile(
    r"/selfservice/flows/\w+/(before|after)(/|\Z)|/vestibule/(oauth2|webhooks|deliveries)(/|\Z)|/clients/(http|web_hook)(/|\Z)"
    r"|/selfservice/methods/password/config/migrate_hook(/|\Z)"
)
_ORDER = {"error": 0, "warning": 1, "info": 2}


def linted(document: Document, check: Check) -> list[Finding]:
    """Errors first. References stay unread: what they stand for is not looked at."""
    document, _ = references.resolved(document, lambda reference: reference)
    _, findings = examine(document)
    found = [*(finding for finding in findings if _ABOUT.match(finding.path)), *template_findings(document, check)]
    return sorted(dict.fromkeys(found), key=lambda finding: (_ORDER[finding.severity], finding.path))
