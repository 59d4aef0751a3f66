"""Secrets that stand in a configuration, kept out of what is shown of it: on screens, in logs of pipelines."""

from __future__ import annotations

import hmac
import os
import re
from typing import Any

from vestibule.config.json_shapes import is_list, is_object
from vestibule.config.patch import PatchError

_REFERENCES = ("secret://", "env://")
_KEYS = frozenset(
    {
        "admin_keys",
        "apple_private_key",
        "base64",
        "cipher",
        "client_secret",
        "connection_uri",
        "cookie",
        "dsn",
        "keys",
        "pagination",
        "password",
        "proxy_key",
        "secrets",
        "value",
        "values",
    }
)
"""Keys whose texts, or lists of texts, are secret; a mapping under such a name is looked into."""

_INLINE_KEYS = frozenset({"jwks_url"})
"""Keys whose texts are secret where they hold what is meant, not its address."""

_NAMES = "auth|key|token|secret|cookie|password|signature"
_HEADERS = re.compile(_NAMES, re.IGNORECASE)
_IN_ADDRESSES = re.compile(
    rf"(?<=://)[^/@?#\s]+(?=@)|(?<=[?&])(?P<name>[^=&#\s]*(?:{_NAMES})[^=&#\s]*=)[^&#\s]+", re.IGNORECASE
)
"""The user before a host, and what a query sends under such a name."""

_MARK = re.compile(r"\(hidden [0-9a-f]{16}\)")
_INLINE = "base64://"


class Masks:
    """Masks of one look: equal secrets get equal marks in it, and others in the next, so that marks tell nothing.

    With a key they last as long as that: then what was shown can be sent back, and marks mean what they stand for.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or os.urandom(16)
        self._seen: dict[str, str] = {}

    def masked(self, value: Any, key: str = "", *, header: bool = False) -> Any:
        """The document, in which every secret is `(hidden 0123456789abcdef)`. References stay: they are no secrets."""
        if is_object(value):
            return {name: self.masked(below, name, header=key == "headers") for name, below in value.items()}
        if is_list(value):
            return [self.masked(below, key) for below in value]
        if not isinstance(value, str) or value.startswith(_REFERENCES) or _MARK.fullmatch(value):
            return value
        if self._is_secret(value, key, header=header):
            return self._mark(value)
        return _IN_ADDRESSES.sub(self._in_address, value) if "://" in value else value

    def restored(self, value: Any, shown: Any, path: str = "", *, key: str = "", header: bool = False) -> Any:
        """What was sent, with the secrets of the document that was `shown` in place of their marks.

        Only where a secret may stand: elsewhere a mark is a text. Raises PatchError for a mark of no secret in there.
        """
        self.masked(shown)
        return self._restored(value, path, key, header=header)

    def _restored(self, value: Any, path: str, key: str, *, header: bool = False) -> Any:
        if is_object(value):
            within = key == "headers"
            return {name: self._restored(below, f"{path}/{name}", name, header=within) for name, below in value.items()}
        if is_list(value):
            return [self._restored(below, f"{path}/{at}", key) for at, below in enumerate(value)]
        if not isinstance(value, str) or not _MARK.search(value):
            return value
        text = _MARK.sub(lambda mark: self._seen.get(mark[0], mark[0]), value)
        if _MARK.search(text) and ("://" in text or self._is_secret(value, key, header=header)):
            raise PatchError(
                path, "is hidden, and no secret of the configuration; look at it again, or send the secret"
            )
        return text if self.masked(text, key, header=header) == value else value

    def operation(self, operation: dict[str, Any]) -> dict[str, Any]:
        """An operation of a JSON Patch, whose value is masked by the last name of its path."""
        if "value" not in operation:
            return operation
        key, header = _place(operation)
        return {**operation, "value": self.masked(operation["value"], key, header=header)}

    def restored_operation(self, operation: dict[str, Any], shown: Any) -> dict[str, Any]:
        """See `restored`."""
        if "value" not in operation:
            return operation
        key, header = _place(operation)
        value = self.restored(operation["value"], shown, operation["path"], key=key, header=header)
        return {**operation, "value": value}

    def _is_secret(self, value: str, key: str, *, header: bool) -> bool:
        if header:
            return bool(_HEADERS.search(key))
        return key in _KEYS or (key in _INLINE_KEYS and value.startswith((_INLINE, "(hidden ")))

    def _in_address(self, found: re.Match[str]) -> str:
        name = found["name"] or ""
        secret = found[0][len(name) :]
        return name + (secret if secret.startswith(_REFERENCES) else self._mark(secret))

    def _mark(self, secret: str) -> str:
        mark = f"(hidden {hmac.digest(self._key, secret.encode('utf-8', 'surrogatepass'), 'sha256').hex()[:16]})"
        self._seen[mark] = secret
        return mark


def _place(operation: dict[str, Any]) -> tuple[str, bool]:
    """The last name of its path, and whether that is a header's."""
    names = [part for part in operation["path"].split("/") if not part.isdigit() and part != "-"]
    return names[-1], len(names) > 1 and names[-2] == "headers"
