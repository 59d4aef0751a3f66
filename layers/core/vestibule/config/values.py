"""The kinds of values in kratos.yml: durations, sizes, addresses, switches, secrets."""

# No `from __future__ import annotations` in the models: pydantic reads the annotations when the process starts,
# and real types are read faster than text.

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

from vestibule.config.duration import parse_duration
from vestibule.crypto import webhook_signature

_SIZE = re.compile(r"([0-9]+)(B|KB|MB|GB|TB|PB|EB)\Z")
_SIZE_POWERS = {"B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4, "PB": 5, "EB": 6}

_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WITH_HOST = re.compile(r"https?://[^/?#@\s]+", re.IGNORECASE)

REFERENCES = ("secret://", "env://")
"""What a value that stands elsewhere begins with; it is read at run time (see `references`)."""


class Section(BaseModel):
    """A mapping of kratos.yml. Frozen; a key that it does not name is an error.

    Building is deferred: only the outermost model that is validated compiles a validator, once, for all below it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, hide_input_in_errors=True)


def empty() -> Any:
    """The default of a subsection or mapping: empty, so that the subsection's own defaults hold.

    It is validated by the outer model's validator: a default instance would compile one of its own.
    """
    return Field(default_factory=dict, validate_default=True)


def parse_size(text: str) -> int:
    """`128MB` in bytes; units are powers of 1024. Raises ValueError."""
    match = _SIZE.match(text)
    if match is None:
        raise ValueError("a size is a whole number with a unit, such as 64KB, 128MB or 1GB")
    return int(match[1]) * 1024 ** _SIZE_POWERS[match[2]]


def is_reference(text: str) -> bool:
    """Whether the value stands elsewhere: `secret://ssm/NAME`, `secret://secretsmanager/NAME`, `env://NAME`."""
    return text.startswith(REFERENCES)


def refusal(sentence: str) -> PydanticCustomError:
    """What a validator raises: the sentence goes into the finding as it is, so it never holds the value."""
    return PydanticCustomError("vestibule", "{sentence}", {"sentence": sentence})


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise refusal("a duration is a text such as 1h30m, 45s or 500ms")
    try:
        return parse_duration(value)
    except ValueError as error:
        raise refusal(str(error)) from None


def _size(value: object) -> int:
    if not isinstance(value, str):
        raise refusal("a size is a text such as 64KB, 128MB or 1GB")
    try:
        return parse_size(value)
    except ValueError as error:
        raise refusal(str(error)) from None


def _switch(value: object) -> object:
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


def _reference(value: str) -> str:
    if not value or _UNPRINTABLE.search(value):
        raise refusal("an address has no blanks, backslashes or control characters, and is not empty")
    scheme = _SCHEME.match(value)
    if scheme and scheme[0].lower() in ("http:", "https:") and not _WITH_HOST.match(value):
        raise refusal("an http address names a host: https://example.org/path")
    return value


def _http_url(value: str) -> str:
    if _UNPRINTABLE.search(value) or not _WITH_HOST.match(value):
        raise refusal("expected an absolute address: https://example.org/path")
    return value


def _hook_url(value: str) -> str:
    return value if value.startswith(REFERENCES[0]) else _http_url(value)


def _source(value: str) -> str:
    if value.lower().startswith(("http://", "https://")):
        return _http_url(value)
    if not value or "\x00" in value or value in ("file://", "base64://"):
        raise refusal("expected file://PATH, https://…, base64://… or a path")
    if "://" in value and not value.startswith(("file://", "base64://")):
        raise refusal("expected file://PATH, https://…, base64://… or a path")
    return value


def _at_least_16(value: str) -> str:
    if len(value) < 16 and not is_reference(value):
        raise refusal("a secret has at least 16 characters")
    return value


def _exactly_32(value: str) -> str:
    if len(value) != 32 and not is_reference(value):
        raise refusal("a cipher secret has exactly 32 characters")
    return value


def _webhook_secret(value: str) -> str:
    return _signing(value, webhook_signature.secret_bytes)


def _webhook_key(value: str) -> str:
    return _signing(value, webhook_signature.key_seed)


def _signing(value: str, read: Callable[[str], bytes]) -> str:
    if not is_reference(value):
        try:
            read(value)
        except ValueError as error:
            raise refusal(str(error)) from None
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Size = Annotated[int, BeforeValidator(_size)]
"""Bytes."""

Bool = Annotated[bool, Strict()]
Int = Annotated[int, Strict()]
Switch = Annotated[bool, BeforeValidator(_switch), Strict()]
"""A boolean that may be written as text, as Kratos's `cookies.secure` is."""

Natural = Annotated[int, Strict(), Field(ge=0)]
Positive = Annotated[int, Strict(), Field(ge=1)]
Port = Annotated[int, Strict(), Field(ge=1, le=65535)]

Reference = Annotated[str, AfterValidator(_reference)]
"""An address, absolute (of any scheme) or relative."""

HttpUrl = Annotated[str, AfterValidator(_http_url)]
"""An absolute http or https address, as written."""

HookUrl = Annotated[str, AfterValidator(_hook_url)]
"""The same, or a `secret://` reference to one; it may have `${secret://…}` in it."""

Source = Annotated[str, AfterValidator(_source)]
"""Where bytes are read from: `file://`, `http(s)://`, `base64://` or a bare path (see `fetch`)."""

Secret = Annotated[str, AfterValidator(_at_least_16)]
CipherSecret = Annotated[str, AfterValidator(_exactly_32)]

WebhookSecret = Annotated[str, AfterValidator(_webhook_secret)]
WebhookKey = Annotated[str, AfterValidator(_webhook_key)]
