"""The bytes behind an address in the configuration: schemas, templates, mappers, keys."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from vestibule.ports import Web, WebUnreachable

LIMIT = 1024 * 1024
"""Bytes. Kratos's limit for identity schemas."""

Get = Callable[[str, int], bytes]
"""(address, limit in bytes) to the body of a 200 answer. Raises FetchError."""


class FetchError(OSError):
    """The address leads to nothing usable; the text says why."""


def fetch(source: str, get: Get | None = None, *, base: Path | None = None, limit: int = LIMIT) -> bytes:
    """The bytes behind `file://PATH`, `base64://…`, `http(s)://…` (by `get`) or a bare path.

    Relative paths start at `base`, without it at the working directory, as Kratos's do. Raises FetchError.
    """
    scheme, _, rest = source.partition("://")
    match scheme.lower() if "://" in source else "":
        case "http" | "https":
            if get is None:
                raise FetchError("addresses on the web cannot be read here")
            content = get(source, limit)
        case "base64":
            content = _decoded(rest)
        case "file":
            content = _file(rest, base, limit)
        case "":
            content = _file(source, base, limit)
        case _:
            raise FetchError("is none of file://, http://, https://, base64://")
    if len(content) > limit:
        raise FetchError(f"is larger than {limit} bytes")
    return content


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise FetchError("is no base64") from None


def _file(name: str, base: Path | None, limit: int) -> bytes:
    try:
        with (base or Path()).joinpath(name).open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise FetchError(f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise FetchError("is no path") from None


def through(web: Web) -> Get:
    """Gets by this port."""

    def get(url: str, limit: int) -> bytes:
        try:
            response = web.request("GET", url, timeout=10, limit=limit)
        except WebUnreachable:
            raise FetchError("cannot be fetched") from None
        if response.status != HTTPStatus.OK:
            raise FetchError(f"cannot be fetched: its server answers {response.status}")
        return response.body

    return get
