"""Keys that are known and do nothing: those of features that are not built yet, and those without a meaning here.

Both are data. Who builds a feature removes its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vestibule.config.document import Document, dig, matching, pointer
from vestibule.config.findings import Finding, Severity
from vestibule.config.placement import lists


def _on(*keys: str) -> Callable[[Any], bool]:
    return lambda value: any(dig(value, key) is True for key in keys)


def _is_set(value: Any) -> bool:
    return value not in (None, "", [], {})


UNBUILT: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("/selfservice/methods/saml", _on("enabled"), "SAML"),
    ("/selfservice/methods/captcha", _on("enabled"), "the captcha"),
    ("/selfservice/methods/deviceauthn", _on("enabled"), "the deviceauthn method"),
    ("/oauth2_provider/url", _is_set, "login_challenge of an OAuth2 server"),
)
"""Path, what a value there has to be like, and the feature that is not built yet."""

UNBUILT_HOOKS: frozenset[str] = frozenset()

WITHOUT_EFFECT: tuple[tuple[str, str], ...] = (
    ("/version", "no version is needed"),
    ("/help", "it is for the command line only"),
    ("/config", "it is for the command line only"),
    ("/sqa-opt-out", "nothing is reported to anyone"),
    ("/watch-courier", "messages are always delivered"),
    ("/expose-metrics-port", "metrics are written to the log"),
    ("/tracing", "traces are the platform's"),
    ("/selfservice/methods/b2b/config/organizations/*/domains", "it has none in Kratos's open-source version either"),
    ("/organizations", "it has none in Kratos's open-source version either"),
    ("/enterprise", "it has none in Kratos's open-source version either"),
    (
        "/selfservice/methods/oidc/config/providers/*/organization_id",
        "it has none in Kratos's open-source version either",
    ),
    ("/database", "items expire by themselves"),
    ("/courier/worker", "messages are delivered from a queue"),
    ("/serve/*/socket", "the local server listens on ports"),
    ("/serve/*/tls", "TLS ends at the gateway"),
    ("/serve/public/cors/debug", "nothing is logged of CORS"),
    ("/serve/public/cors/options_passthrough", "preflights are answered here"),
    ("/log/leak_sensitive_values", "secrets are never logged"),
    ("/log/redaction_text", "secrets are never logged"),
    ("/preview", "reads are consistent"),
    ("/hashers/argon2/dedicated_memory", "a function's memory is set in the template"),
    ("/hashers/argon2/expected_duration", "unknown users cost a hash as known ones do"),
    ("/hashers/argon2/expected_deviation", "unknown users cost a hash as known ones do"),
    ("/selfservice/methods/link/config/base_url", "links go to the public address"),
    ("/selfservice/methods/webauthn/config/rp/icon", "browsers ignore it"),
    (
        "/feature_flags/password_profile_registration_node_group",
        "Kratos reads the key of this name at /selfservice/methods/password/config",
    ),
)
"""Path (`*` is any key or position) and why the key has no effect."""


def unbuilt(document: Document, severity: Severity) -> Iterator[Finding]:
    """What the document asks for and is not there yet: a warning at start, an error of a check."""
    for path, asks, feature in UNBUILT:
        for at, value in matching(document, path):
            if asks(value):
                yield Finding(at, f"{feature} {_TAIL}", severity=severity)
    for hooks in lists(document):
        for position, name, _ in hooks.named():
            if name in UNBUILT_HOOKS:
                yield Finding(pointer((*hooks.path, position)), f"the hook {name} {_TAIL}", severity=severity)


_TAIL = "is not built yet and does nothing"


def without_effect(document: Document) -> Iterator[Finding]:
    for path, reason in WITHOUT_EFFECT:
        for at, value in matching(document, path):
            if value not in (None, False, "", [], {}):
                yield Finding(at, f"has no effect: {reason}", severity="info")
