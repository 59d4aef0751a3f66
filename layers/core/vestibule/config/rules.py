"""What must hold between keys, and what is allowed and unwise. Each rule speaks for itself; a table lists them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from vestibule.config.derive import MINIMAL_BCRYPT_COST
from vestibule.config.document import Document, dig, matching
from vestibule.config.findings import Finding
from vestibule.config.return_to import bounded
from vestibule.config.values import parse_duration

_METHODS = ("selfservice", "methods")
_DSN = re.compile(r"memory\Z|sqlite://.|dynamodb://[A-Za-z0-9_.-]{3,255}(\?|\Z)|secret://|env://")
_FORMS = "memory, sqlite://FILE or dynamodb://TABLE?region=…&endpoint=…"
_DATABASES = {
    "postgres": "PostgreSQL",
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "cockroach": "CockroachDB",
    "cockroachdb": "CockroachDB",
    "crdb": "CockroachDB",
}
"""Kratos's, by the scheme of their addresses."""
_LOCAL = re.compile(r"http://(localhost|127\.[0-9.]+|\[::1\])([:/]|\Z)", re.IGNORECASE)


def ruled(document: Document) -> list[Finding]:
    return list(chain.from_iterable(rule(document) for rule in RULES))


def _store(document: Document) -> Iterator[Finding]:
    dsn = document.get("dsn")
    if not isinstance(dsn, str) or _DSN.match(dsn):
        return
    database = _DATABASES.get(dsn.partition("://")[0].lower())
    if database is None:
        yield Finding("/dsn", f"is none of {_FORMS}")
    else:
        sentence = f"is {database}'s, and people are kept in DynamoDB or SQLite here: leave dsn out, or give {_FORMS}"
        yield Finding("/dsn", f"{sentence}; docs/moving.md says how people move")


def _schemas(document: Document) -> Iterator[Finding]:
    ids = [value for _, value in matching(document, "/identity/schemas/*/id")]
    default = dig(document, "identity", "default_schema_id", default="default")
    if ids and default not in ids:
        yield Finding("/identity/default_schema_id", "is the id of none of /identity/schemas")
    yield from _repeated(document, "/identity/schemas/*/id")


def _code(document: Document) -> Iterator[Finding]:
    if all(dig(document, *_METHODS, "code", f"{use}_enabled") is True for use in ("passwordless", "mfa")):
        sentence = "codes are a first factor (passwordless_enabled) or a second one (mfa_enabled), not both"
        yield Finding("/selfservice/methods/code", sentence)


def _relying_party(document: Document) -> Iterator[Finding]:
    for method in ("webauthn", "passkey"):
        settings = dig(document, *_METHODS, method)
        for key in ("id", "display_name"):
            if dig(settings, "enabled") is True and not dig(settings, "config", "rp", key):
                yield Finding(f"/selfservice/methods/{method}/config/rp/{key}", f"is required when {method} is enabled")
        if dig(settings, "config", "rp", "origin") and dig(settings, "config", "rp", "origins"):
            yield Finding(f"/selfservice/methods/{method}/config/rp/origin", "stands beside origins; give origins only")


def _providers(document: Document) -> Iterator[Finding]:
    path = "/selfservice/methods/oidc/config/providers/*"
    for at, provider in matching(document, path):
        name = dig(provider, "provider")
        for key, needed in _PROVIDER_KEYS.items():
            given = bool(dig(provider, key))
            if name == needed and not given:
                yield Finding(f"{at}/{key}", f"is required for {needed}")
            elif name != needed and given:
                yield Finding(f"{at}/{key}", f"is for {needed} only")
        if name in _OF_MANY_ISSUERS and not dig(provider, "issuer_url"):
            yield Finding(f"{at}/issuer_url", f"is required for {name}")
        if name == "apple" and dig(provider, "client_secret"):
            yield Finding(f"{at}/client_secret", "is made from apple_private_key; leave it out")
        elif isinstance(name, str) and name != "apple" and dig(provider, "client_secret") is None:
            yield Finding(f"{at}/client_secret", "is required")
    yield from _repeated(document, f"{path}/id")
    if dig(document, *_METHODS, "oidc", "enabled") is True and not matching(document, path):
        yield Finding("/selfservice/methods/oidc", "is enabled without a provider", severity="warning")


_PROVIDER_KEYS = {
    "microsoft_tenant": "microsoft",
    "apple_team_id": "apple",
    "apple_private_key_id": "apple",
    "apple_private_key": "apple",
}


_OF_MANY_ISSUERS = ("generic", "fedcm-test", "salesforce", "auth0", "jackson")
"""Kinds of provider that are no one service."""


def _needed(document: Document) -> Iterator[Finding]:
    """Keys that another key's value makes necessary."""
    for path, values, needed in _NEEDS:
        if dig(document, *path.split("/")[1:]) in values and not dig(document, *needed.split("/")[1:]):
            yield Finding(needed, f"is required, since {path} is set")
    for at, channel in matching(document, "/courier/channels/*/request_config"):
        if not dig(channel, "url"):
            yield Finding(f"{at}/url", "is required")


_NEEDS: tuple[tuple[str, tuple[Any, ...], str], ...] = (
    (
        "/selfservice/methods/password/config/migrate_hook/enabled",
        (True,),
        "/selfservice/methods/password/config/migrate_hook/config/url",
    ),
    ("/ciphers/algorithm", ("aes", "xchacha20-poly1305"), "/secrets/cipher"),
    ("/courier/delivery_strategy", ("http",), "/courier/http/request_config/url"),
)
"""Path, the values there that make a key necessary, and the key."""


def _secrets(document: Document) -> Iterator[Finding]:
    for kind in ("default", "cookie", "cipher", "pagination"):
        yield from _repeated(document, f"/secrets/{kind}/*")
    if document.get("dev") is not True and not any(dig(document, "secrets", kind) for kind in ("default", "cookie")):
        sentence = "is not set: `vestibule serve` makes one and keeps it, functions do not start without"
        yield Finding("/secrets/cookie", sentence, severity="warning")


def _hashes(document: Document) -> Iterator[Finding]:
    cost = dig(document, "hashers", "bcrypt", "cost")
    if isinstance(cost, int) and 4 <= cost < MINIMAL_BCRYPT_COST and document.get("dev") is not True:
        sentence = f"is raised to {MINIMAL_BCRYPT_COST}, since dev is not set"
        yield Finding("/hashers/bcrypt/cost", sentence, severity="warning")


def _style(document: Document) -> Iterator[Finding]:
    registration = dig(document, "selfservice", "flows", "registration", default={})
    if dig(registration, "enable_legacy_one_step") is not None:
        sentence = "is deprecated for style"
        if dig(registration, "enable_legacy_one_step") is True and dig(registration, "style") == "profile_first":
            sentence = "makes style unified, whatever is set there"
        at = "/selfservice/flows/registration/enable_legacy_one_step"
        yield Finding(at, sentence, severity="warning")


def _cookies(document: Document) -> Iterator[Finding]:
    address = dig(document, "serve", "public", "base_url", default="")
    secure = dig(document, "cookies", "secure", default=document.get("dev") is not True)
    plain = str(address).lower().startswith("http://") and not _LOCAL.match(str(address))
    if plain and secure in (True, "true"):
        sentence = "is http, but cookies are marked as secure: browsers will not send them"
        yield Finding("/serve/public/base_url", sentence, severity="warning")
    if str(address).lower().startswith("https://") and secure in (False, "false") and document.get("dev") is not True:
        sentence = "is off: browsers send the cookies over plain http, too, where others read them"
        yield Finding("/cookies/secure", sentence, severity="warning")


def _guesses(document: Document) -> Iterator[Finding]:
    guesses = dig(document, "vestibule", "guesses", default={})
    free, cap = dig(guesses, "free", default=10), dig(guesses, "cap", default=100)
    if isinstance(free, int) and isinstance(cap, int) and cap < free:
        yield Finding("/vestibule/guesses/cap", "is less than free")
    try:
        first = parse_duration(dig(guesses, "first_wait", default="1s"))
        longest = parse_duration(dig(guesses, "max_wait", default="15m"))
    except (TypeError, ValueError):
        return  # the model says it
    if longest < first:
        yield Finding("/vestibule/guesses/max_wait", "is less than first_wait")


def _wildcards(document: Document) -> Iterator[Finding]:
    """Patterns so broad that they are ignored. Contract 07 §1."""
    if dig(document, "feature_flags", "legacy_allow_insecure_origins") is True:
        return
    for path in ("/selfservice/allowed_return_urls/*", "/serve/public/cors/allowed_origins/*"):
        for at, value in matching(document, path):
            host = _HOST.match(str(value))
            if value == "*" or (host and not bounded(host[1])):
                sentence = "is ignored: a wildcard stands before a domain, as in https://*.example.org"
                yield Finding(at, sentence, severity="warning")


_HOST = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")


def _tokens(document: Document) -> Iterator[Finding]:
    """Actions of an OAuth2 server's tokens."""
    at = "/vestibule/oauth2/token"
    token = dig(document, "vestibule", "oauth2", "token", default={})
    if dig(token, "hooks") and not dig(token, "api_key", "values"):
        yield Finding(
            f"{at}/hooks", f"never run: {at}/api_key/values is not set, so nobody may call them", severity="warning"
        )
    for path, config in matching(document, f"{at}/hooks/*/config"):
        for keys in (("can_interrupt",), ("response", "parse")):
            if dig(config, *keys) is True:
                sentence = "has no effect: the answers of these targets are read, and a 403 denies the token"
                yield Finding(f"{path}/{'/'.join(keys)}", sentence, severity="info")
    yield from _repeated(document, f"{at}/api_key/values/*")
    yield from _repeated(document, f"{at}/hooks/*")


def _tokenizer(document: Document) -> Iterator[Finding]:
    for at, template in matching(document, "/session/whoami/tokenizer/templates/*"):
        if not dig(template, "ttl"):
            yield Finding(f"{at}/ttl", "is not set: its tokens have expired when they are made", severity="warning")


def _once(document: Document) -> Iterator[Finding]:
    yield from _repeated(document, "/serve/public/cors/allowed_origins/*")
    yield from _repeated(document, "/vestibule/pages/languages/*")
    yield from _repeated(document, "/vestibule/admin_keys/*")


def _repeated(document: Document, pattern: str) -> Iterator[Finding]:
    """An error for every value that stood before among those that the pattern finds."""
    seen: list[Any] = []
    for at, value in matching(document, pattern):
        if value in seen:
            yield Finding(at, "stands there twice")
        seen.append(value)


RULES: tuple[Callable[[Document], Iterator[Finding]], ...] = (
    _store,
    _schemas,
    _code,
    _relying_party,
    _providers,
    _needed,
    _secrets,
    _hashes,
    _style,
    _cookies,
    _guesses,
    _wildcards,
    _tokens,
    _tokenizer,
    _once,
)
