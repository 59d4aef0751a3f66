"""Which text is a hash of which family."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import cast

from msgspec import Struct

from vestibule.adapters.hashers.fields import HashOutOfBounds, StoredHash, UnknownHashFormat

_LONGEST = 4096
"""Characters; templates and keys of imported hashes are short."""


class Format(Struct, frozen=True):
    name: str
    prefix: re.Pattern[str]
    module: str
    """Of this package, with `parse(hashed) -> StoredHash`; imported when the first such hash is met (cold start)."""

    slow: bool
    """The family was made for passwords. A comparison with another one takes no time to speak of."""

    def parse(self, hashed: str) -> StoredHash:
        """Raises HashOutOfBounds, HashUnreadable."""
        module = importlib.import_module(f"{__package__}.{self.module}")
        return cast(Callable[[str], StoredHash], module.parse)(hashed)


def _format(name: str, prefix: str, module: str, *, slow: bool = True) -> Format:
    return Format(name, re.compile(prefix), module, slow)


FORMATS = (
    _format("bcrypt", r"\$2[abyz]?\$", "bcrypt"),
    _format("argon2id", r"\$argon2id\$", "argon2"),
    _format("argon2i", r"\$argon2i\$", "argon2"),
    _format("pbkdf2", r"\$pbkdf2-sha[0-9]{1,3}\$", "pbkdf2"),
    _format("scrypt", r"\$scrypt\$", "scrypt"),
    _format("firescrypt", r"\$firescrypt\$", "firescrypt"),
    _format("sha256-crypt", r"\$sha256-crypt\$", "unix_crypt"),
    _format("sha512-crypt", r"\$sha512-crypt\$", "unix_crypt"),
    _format("md5-crypt", r"\$md5-crypt\$", "unix_crypt", slow=False),
    _format("ssha", r"\{SSHA(256|512)?\}", "ssha", slow=False),
    _format("sha", r"\$sha(1|256|512)\$", "templated", slow=False),
    _format("md5", r"\$md5\$", "templated", slow=False),
    _format("hmac", r"\$hmac-(md4|md5|sha1|sha224|sha256|sha384|sha512)\$", "keyed", slow=False),
)


def identify(hashed: str) -> Format | None:
    """The format whose prefix the text has; None for text of no format."""
    return next((each for each in FORMATS if each.prefix.match(hashed)), None)


def parse(hashed: str) -> StoredHash:
    """The hash, ready to compare with. Raises UnknownHashFormat, HashOutOfBounds, HashUnreadable."""
    found = identify(hashed)
    if found is None:
        raise UnknownHashFormat
    if len(hashed) > _LONGEST:
        raise HashOutOfBounds(f"at most {_LONGEST} characters")
    return found.parse(hashed)
