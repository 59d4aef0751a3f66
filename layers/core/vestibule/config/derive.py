"""Defaults that depend on other keys, filled into the document before it becomes a Config."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from vestibule.config.document import dig

ANY_HOST = ("", "0.0.0.0", "::")  # noqa: S104 - compared, not bound
MINIMAL_BCRYPT_COST = 12


def derived(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the document with the dependent defaults in it. What is malformed stays, for the model to name."""
    filled = dict(document)
    for path, default in DEFAULTS:
        _fill(filled, path, default(filled))
    for path, value in CORRECTIONS:
        _replace(filled, path, value(filled))
    return filled


def _address(side: str, port: int) -> Callable[[Mapping[str, Any]], Any]:
    def address(document: Mapping[str, Any]) -> str:
        host = dig(document, "serve", side, "host", default="")
        named = host if isinstance(host, str) and host not in ANY_HOST else "127.0.0.1"
        bracketed = f"[{named}]" if ":" in named else named
        return f"http://{bracketed}:{dig(document, 'serve', side, 'port', default=port)}/"

    return address


def _not_dev(document: Mapping[str, Any]) -> bool:
    return document.get("dev") is not True


def _one_step(document: Mapping[str, Any]) -> Any:
    legacy = dig(document, "selfservice", "flows", "registration", "enable_legacy_one_step")
    return "unified" if legacy is True else None


def _costly_enough(document: Mapping[str, Any]) -> Any:
    cost = dig(document, "hashers", "bcrypt", "cost")
    low = isinstance(cost, int) and 4 <= cost < MINIMAL_BCRYPT_COST
    return MINIMAL_BCRYPT_COST if low and _not_dev(document) else None


Derivation = tuple[tuple[str, ...], Callable[[Mapping[str, Any]], Any]]

DEFAULTS: tuple[Derivation, ...] = (
    (("serve", "public", "base_url"), _address("public", 4433)),
    (("serve", "admin", "base_url"), _address("admin", 4434)),
    (("cookies", "secure"), _not_dev),
    (("session", "cookie", "domain"), lambda document: dig(document, "cookies", "domain")),
    (("session", "cookie", "path"), lambda document: dig(document, "cookies", "path", default="/")),
    (("session", "cookie", "same_site"), lambda document: dig(document, "cookies", "same_site", default="Lax")),
    (("session", "cookie", "secure"), lambda document: dig(document, "cookies", "secure")),
    (("secrets", "cookie"), lambda document: dig(document, "secrets", "default")),
    (("vestibule", "trusted_proxy"), lambda document: not _not_dev(document)),
)
"""Path to the value that holds when nothing is set there; None: nothing to fill. Later rows see earlier ones."""

CORRECTIONS: tuple[Derivation, ...] = (
    (("selfservice", "flows", "registration", "style"), _one_step),
    (("hashers", "bcrypt", "cost"), _costly_enough),
)
"""Path to the value that holds whatever is set there; None: what is set."""


def _fill(document: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    if value is not None and dig(document, *path) is None:
        _replace(document, path, value)


def _replace(document: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set the value, copying the mappings on the way; leave a document alone that has something else there."""
    if value is None:
        return
    at: dict[str, Any] = document
    for key in path[:-1]:
        below: object = at.get(key, {})
        if not isinstance(below, dict):
            return
        copy = dict(cast("dict[str, Any]", below))
        at[key] = copy
        at = copy
    at[path[-1]] = value
