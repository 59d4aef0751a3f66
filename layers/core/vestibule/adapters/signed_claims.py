"""Port SignClaims on joserfc, with keys from the addresses of the configuration.

A set is read again every few minutes, so a key that is put in front of it signs soon, without a restart. Where the
set cannot be read then, or holds no key that can sign, the key of before goes on signing.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vestibule.config.fetch import FetchError
from vestibule.config.json_shapes import is_list, is_object
from vestibule.domain.record import Unprinted
from vestibule.ports import KeysUnusable

if TYPE_CHECKING:
    from joserfc.jwk import Key

FRESH = 300.0
"""Seconds for which a key is used without asking for its set again."""

_LARGEST = 64 * 1024
"""Bytes of a set."""

_LOCAL = "base64://"
_ALGORITHMS = frozenset(
    {"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}
    | {"EdDSA", "Ed25519"}
)

_log = logging.getLogger("vestibule.keys")


class _Signing(Unprinted, frozen=True):
    key: Key
    algorithm: str
    kid: str | None


class _Read(Struct, frozen=True):
    """`at` is when the set was asked for, on `time.monotonic`."""

    at: float
    signing: _Signing


class FetchedKeys:
    """As many sets are kept as the configuration names."""

    def __init__(self, fetch: Callable[[str], bytes], now: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._now = now
        self._lock = threading.Lock()
        self._read: dict[str, _Read] = {}

    def __call__(self, source: str, claims: Mapping[str, Any]) -> str:
        from joserfc import jwt  # noqa: PLC0415 (most functions sign nothing: cold start)
        from joserfc.errors import JoseError  # noqa: PLC0415 (as above)

        signing = self._signing(source)
        header = {"alg": signing.algorithm, **({"kid": signing.kid} if signing.kid else {})}
        try:
            return jwt.encode(header, dict(claims), signing.key, algorithms=[signing.algorithm])
        except (JoseError, ValueError, TypeError):
            raise KeysUnusable("the first key of the set does not sign by its algorithm") from None

    def _signing(self, source: str) -> _Signing:
        read = self._read.get(source)
        if read is not None and (source.startswith(_LOCAL) or self._now() - read.at < FRESH):
            return read.signing
        if read is None:
            with self._lock:
                return self._asked(source)
        if not self._lock.acquire(blocking=False):
            return read.signing  # somebody else asks
        try:
            return self._asked(source)
        finally:
            self._lock.release()

    def _asked(self, source: str) -> _Signing:
        read = self._read.get(source)
        if read is not None and self._now() - read.at < FRESH:
            return read.signing
        try:
            signing = _first(self._fetch(source))
        except FetchError as error:
            signing = self._kept(read, f"the set of keys {error}")
        except KeysUnusable as unusable:
            signing = self._kept(read, str(unusable))
        self._read[source] = _Read(self._now(), signing)
        return signing

    @staticmethod
    def _kept(read: _Read | None, why: str) -> _Signing:
        if read is None:
            raise KeysUnusable(why)
        _log.warning("%s; the key of before goes on signing", why)
        return read.signing


def _first(content: bytes) -> _Signing:
    """Raises KeysUnusable."""
    from joserfc.errors import JoseError  # noqa: PLC0415 (as above)
    from joserfc.jwk import JWKRegistry  # noqa: PLC0415 (as above)

    document = _first_document(content)
    algorithm, kid = document.get("alg"), document.get("kid")
    if algorithm not in _ALGORITHMS:
        raise KeysUnusable("the first key of the set names no algorithm for signatures")
    try:
        key = JWKRegistry.import_key(document)
    except (JoseError, ValueError, TypeError):
        raise KeysUnusable("the first key of the set is no JSON Web Key") from None
    if not key.is_private:
        raise KeysUnusable("the first key of the set is a public one")
    return _Signing(key, algorithm, kid if isinstance(kid, str) and kid else None)


def _first_document(content: bytes) -> dict[str, Any]:
    if len(content) > _LARGEST:
        raise KeysUnusable(f"the set of keys is larger than {_LARGEST} bytes")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise KeysUnusable("the set of keys is no JSON") from None
    keys = document.get("keys") if is_object(document) else None
    if not is_list(keys) or not keys or not is_object(keys[0]):
        raise KeysUnusable("there is no key in the set")
    return keys[0]
