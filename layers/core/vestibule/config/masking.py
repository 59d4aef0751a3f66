"""Secrets that stand in a configuration, kept out of what is shown of a change: on screens, in logs of pipelines."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Any

from vestibule.config.json_shapes import is_list, is_object

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

_HEADERS = re.compile(r"auth|key|token|secret|cookie|password|signature", re.IGNORECASE)
_USER = re.compile(r"(?<=://)[^/@?#\s]+@")


class Masks:
    """Masks of one look: equal secrets get equal marks in it, and others in the next, so that marks tell nothing."""

    def __init__(self) -> None:
        self._salt = os.urandom(16)

    def masked(self, value: Any, key: str = "", *, header: bool = False) -> Any:
        """The document, in which every secret is `(hidden ab12)`. References stay: they are no secrets."""
        if is_object(value):
            return {name: self.masked(below, name, header=key == "headers") for name, below in value.items()}
        if is_list(value):
            return [self.masked(below, key) for below in value]
        if not isinstance(value, str) or value.startswith(_REFERENCES):
            return value
        if (header and _HEADERS.search(key)) or (not header and key in _KEYS):
            return self._mark(value)
        return _USER.sub(lambda user: f"{self._mark(user[0])}@", value) if "@" in value else value

    def operation(self, operation: dict[str, Any]) -> dict[str, Any]:
        """An operation of a JSON Patch, whose value is masked by the last name of its path."""
        if "value" not in operation:
            return operation
        names = [part for part in operation["path"].split("/") if not part.isdigit() and part != "-"]
        header = len(names) > 1 and names[-2] == "headers"
        return {**operation, "value": self.masked(operation["value"], names[-1], header=header)}

    def _mark(self, secret: str) -> str:
        return f"(hidden {hashlib.sha256(self._salt + secret.encode()).hexdigest()[:4]})"
