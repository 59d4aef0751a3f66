"""`$sha256$pf=template$salt$hash`, likewise sha1, sha512 and md5; `$md5$hash` without salt. Base64 with padding.

The template says what was hashed: `{SALT}` and `{PASSWORD}` in it are replaced, in one pass.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from msgspec import Struct

from vestibule.adapters.hashers.fields import HashUnreadable, padded

_LAYOUT = "$sha256$pf=template$salt$hash"
_SIZES = {"sha1": 20, "sha256": 32, "sha512": 64, "md5": 16}
_PLACE = re.compile(rb"\{SALT\}|\{PASSWORD\}")
_LONGEST_PASSWORD = 4096
"""Bytes; a template may hold the password many times."""


class TemplatedHash(Struct, frozen=True):
    digest: str
    template: bytes
    salt: bytes
    hash: bytes

    def matches(self, password: bytes) -> bool:
        if len(password) > _LONGEST_PASSWORD:
            return False
        values = {b"{SALT}": self.salt, b"{PASSWORD}": password}
        filled = _PLACE.sub(lambda place: values[place[0]], self.template)
        return hmac.compare_digest(hashlib.new(self.digest, filled, usedforsecurity=False).digest(), self.hash)


def parse(hashed: str) -> TemplatedHash:
    """Raises HashUnreadable."""
    _, name, *texts = hashed.split("$")
    match texts:
        case [key] if name == "md5":
            template, salt = b"{PASSWORD}", b""
        case [form, salt_text, key] if form.startswith("pf="):
            template, salt = padded(form.removeprefix("pf="), _LAYOUT), padded(salt_text, _LAYOUT)
        case _:
            raise HashUnreadable(_LAYOUT)
    data = padded(key, _LAYOUT)
    # A template without the password would let everybody in.
    if len(data) != _SIZES[name] or b"{PASSWORD}" not in template:
        raise HashUnreadable(_LAYOUT)
    return TemplatedHash(name, template, salt, data)
