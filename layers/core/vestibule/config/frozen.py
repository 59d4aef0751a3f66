"""A configuration that was read and checked when the layer was built: at run time it takes no models to use it.

Pydantic and the models cost a cold start more than everything else of ours together. So the build writes what they
made of the file beside it (see `freezing`), and functions thaw that: plain sections with the attributes of the models.
Whatever the build could not know, or may have known differently, is None here and left to `load`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from vestibule.config.answers import ByMethod, NamesSchemas, Parses
from vestibule.config.document import put
from vestibule.config.loaded import Loaded
from vestibule.config.source import Source

if TYPE_CHECKING:
    from vestibule.config.document import Document
    from vestibule.config.model import Config

NAME = "frozen.json"
"""Of the file, beside the configuration's."""

MODELS = (
    "answers",
    "courier",
    "derive",
    "flows",
    "frozen",
    "hooks",
    "methods",
    "model",
    "oauth2",
    "oidc",
    "security",
    "serve",
    "session",
    "values",
    "vestibule",
    "webhooks",
)
"""The modules that decide what a document becomes."""

PLACEHOLDER = "-" * 32
"""Stands for the secrets while freezing."""

_MICROSECOND = timedelta(microseconds=1)
_URL = r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?"


class Section:
    """A section as the models have it, without them. Its repr has no values: some are secrets."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name}: the configuration is frozen")


class _NamesSchemas(NamesSchemas, Section):
    pass


class _ByMethod(ByMethod, Section):
    pass


class _Parses(Parses, Section):
    pass


_SECTIONS = ((NamesSchemas, _NamesSchemas), (ByMethod, _ByMethod), (Parses, _Parses))


def read(path: Path, environ: Mapping[str, str], secrets: Mapping[str, Any]) -> Loaded | None:
    """The configuration of the file, with the environment and the secrets (`secrets.cookie`, `secrets.cipher`) in it.

    None where it was not frozen, or of another file or by other models, or where something is set that is not in
    `SETTABLE` or is unusual: then `load` has to look at all of it.
    """
    try:
        source, text = path.read_bytes(), path.with_name(NAME).read_text()
    except OSError:
        return None
    frozen = json.loads(text)
    if frozen["source"] != digest_of(source) or frozen["models"] != models_digest():
        return None
    names, lists = frozenset(frozen["variables"]), tuple(frozen["lists"])
    given = {name for name in environ if name in names or name.startswith(lists)}
    settings = _settings(given, environ, secrets)
    if settings is None:
        return None
    document = json.loads(source)
    made = Source(document, frozen["source"], environ, secrets, settings)
    sources = (str(path), *sorted(f"${name}" for name in given))
    return _completed(frozen["config"], document, made, sources)


def revised(base: Loaded, text: str, document: Document) -> Loaded | None:
    """The configuration of a document that was frozen as `text` (see `freezing.frozen_text`), as `read` completes it.

    None where the base was not frozen either, or where other models made the text.
    """
    frozen = json.loads(text)
    if base.source.settled is None or frozen["models"] != models_digest():
        return None
    return _completed(frozen["config"], document, base.source, base.sources)


def is_current(text: str | None) -> bool:
    """Whether the models of now made it."""
    return text is not None and json.loads(text)["models"] == models_digest()


def _completed(config: Any, document: Document, source: Source, sources: tuple[str, ...]) -> Loaded:
    """The frozen configuration and its document, with the settings of the environment in both."""
    whole = thawed(config)
    for setting, value in (source.settled or {}).items():
        *above, last = setting.split(".")
        section = whole
        for part in above:
            section = getattr(section, part)
        vars(section)[last] = value
        document = put(
            document, setting.split("."), list(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value
        )
    return Loaded(cast("Config", whole), (), sources, document, source)


def _settings(given: set[str], environ: Mapping[str, str], secrets: Mapping[str, Any]) -> dict[str, Any] | None:
    """Dotted path to value; None where one is not for us to judge."""
    if "DSN" not in given or not given <= SETTABLE.keys() or secrets.keys() != SECRETS.keys():
        return None
    values = {SETTABLE[name][0]: SETTABLE[name][1](environ[name]) for name in given}
    values |= {name: usual(secrets[name]) for name, usual in SECRETS.items()}
    return None if None in values.values() else values


def _matching(pattern: str) -> Callable[[str], str | None]:
    usual = re.compile(pattern + r"\Z")
    return lambda text: text if usual.match(text) else None


def _switch(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text)


def _secrets(shortest: int, longest: int) -> Callable[[Any], tuple[str, ...] | None]:
    def usual(values: Any) -> tuple[str, ...] | None:
        if not isinstance(values, list) or not values:
            return None
        texts = cast("list[Any]", values)
        fit = all(isinstance(text, str) and shortest <= len(text) <= longest and "://" not in text for text in texts)
        return tuple(texts) if fit and len(set(texts)) == len(texts) else None

    return usual


SETTABLE: dict[str, tuple[str, Callable[[str], Any]]] = {
    "DSN": ("dsn", _matching(r"dynamodb://[A-Za-z0-9_.-]{3,255}(\?[!-~]*)?")),
    "SERVE_PUBLIC_BASE_URL": ("serve.public.base_url", _matching(_URL)),
    "SERVE_ADMIN_BASE_URL": ("serve.admin.base_url", _matching(_URL)),
    "SELFSERVICE_DEFAULT_BROWSER_RETURN_URL": (
        "selfservice.default_browser_return_url",
        _matching(rf"({_URL}|/[A-Za-z0-9._~/-]*)"),
    ),
    "SELFSERVICE_METHODS_PASSWORD_CONFIG_HAVEIBEENPWNED_ENABLED": (
        "selfservice.methods.password.config.haveibeenpwned_enabled",
        _switch,
    ),
    "VESTIBULE_PROXY_KEY": ("vestibule.proxy_key", _matching(r"[A-Za-z0-9_-]{32,128}")),
    "VESTIBULE_TRUSTED_PROXY": ("vestibule.trusted_proxy", _switch),
}
"""What is set by the template (and, in closed networks, beside it): no other key depends on these."""

SECRETS = {"secrets.cookie": _secrets(16, 4096), "secrets.cipher": _secrets(32, 32)}


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def models_digest() -> str:
    """Of the code that made the sections; empty text where it cannot be read."""
    here = Path(__file__).parent
    try:
        return digest_of(b"\0".join((here / f"{name}.py").read_bytes() for name in MODELS))
    except OSError:
        return ""


def frozen(value: Any) -> Any:
    """The value as JSON: what JSON has no type for, and what it could be mistaken for, as [type, content]."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case timedelta():
            return ["duration", value // _MICROSECOND]
        case tuple():
            return ["tuple", [frozen(each) for each in cast("tuple[Any, ...]", value)]]
        case list():
            return ["list", [frozen(each) for each in cast("list[Any]", value)]]
        case dict():
            return ["dict", {key: frozen(each) for key, each in cast("dict[str, Any]", value).items()}]
        case _:
            position = next((at for at, (answers, _) in enumerate(_SECTIONS) if isinstance(value, answers)), -1)
            return [position, {key: frozen(each) for key, each in vars(value).items()}]


def thawed(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    kind, content = cast("tuple[str | int, Any]", value)
    if kind == "duration":
        return timedelta(microseconds=content)
    if kind == "tuple":
        return tuple(thawed(each) for each in content)
    if kind == "list":
        return [thawed(each) for each in content]
    values = {key: thawed(each) for key, each in content.items()}
    if isinstance(kind, str):
        return values
    return Section(values) if kind < 0 else _SECTIONS[kind][1](values)
