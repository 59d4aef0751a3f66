"""The one key under which identifiers and addresses are looked up.

The table shows HMACs in their place, so that a copy of it names nobody. The key is made once and never changes,
or no lookup would find anything again; what rotates is its wrapping, by `secrets.cipher`.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence

from vestibule.crypto.sealing import Sealer, SecretRemoved
from vestibule.crypto.text import to_base64url

_SIZE = 32
_TEXT_BYTES = 24
"""192 bits keep keys short (32 characters) and collisions out of reach."""


class IndexKeyUnreadable(SecretRemoved):
    """None of `secrets.cipher` opens the stored index key: the secret that wrapped it was removed."""

    def __init__(self) -> None:
        super().__init__(
            "no secret of secrets.cipher opens the stored index key; put the former secret back in the list"
        )


def new_index_key(random: Callable[[int], bytes]) -> bytes:
    return random(_SIZE)


def identifier_hmac(key: bytes, kind: str, value: str) -> str:
    """The text (32 url-safe characters) under which a normalised value of this kind is looked up.

    `kind` keeps an address apart from the same text as an identifier. Takes any text, lone surrogates too.
    """
    message = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
    return to_base64url(hmac.digest(key, message, "sha256")[:_TEXT_BYTES])


class IndexKeyWrap:
    """Wraps and unwraps the index key by `secrets.cipher`."""

    __slots__ = ("_sealer",)

    def __init__(self, cipher_secrets: Sequence[str]) -> None:
        self._sealer = Sealer(cipher_secrets, "index-key")

    def wrap(self, key: bytes) -> str:
        return self._sealer.seal(key)

    def unwrap(self, wrapped: str) -> bytes:
        """Raises IndexKeyUnreadable."""
        key = self._sealer.open(wrapped)
        if key is None:
            raise IndexKeyUnreadable
        return key

    def needs_rewrap(self, wrapped: str) -> bool:
        """True after a rotation: the key should be wrapped by the new first secret and stored."""
        return self._sealer.needs_reseal(wrapped)
