"""What a document switches on, told before it is known to be valid."""

from __future__ import annotations

from vestibule.config.document import Document, dig

ENABLED_BY_DEFAULT = frozenset({"login", "settings", "registration", "password", "profile"})


def flow_enabled(document: Document, flow: str) -> bool:
    return dig(document, "selfservice", "flows", flow, "enabled", default=flow in ENABLED_BY_DEFAULT) is not False


def verification_enabled(document: Document) -> bool:
    return flow_enabled(document, "verification")


def method_enabled(document: Document, method: str, flow: str) -> bool:
    """Whether the method takes part in login, registration or settings."""
    settings: object = dig(document, "selfservice", "methods", method)
    if method == "code":
        first_factor = dig(settings, "passwordless_enabled") is True
        return first_factor or (flow == "login" and dig(settings, "mfa_enabled") is True)
    return dig(settings, "enabled", default=method in ENABLED_BY_DEFAULT) is not False
