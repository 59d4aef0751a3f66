"""The Hasher port: argon2id or bcrypt for new hashes, every format of `formats.FORMATS` for stored ones."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Literal

from msgspec import Struct

from vestibule.adapters.hashers import formats
from vestibule.adapters.hashers.fields import HashNotImportable, Maker

_KIB_OF_A_GIB = 1024 * 1024


class HasherSettings(Struct, frozen=True):
    """`hashers` of the configuration (contract 05).

    Memory is in KiB; bcrypt's cost is raised where it must be by the configuration. `argon2_parallelism` must be a
    fixed number, not one taken from the machine: another machine would hash every password anew at each login.
    """

    algorithm: Literal["argon2", "bcrypt"] = "bcrypt"
    bcrypt_cost: int = 12
    argon2_memory: int = 128 * 1024
    argon2_iterations: int = 1
    argon2_parallelism: int = 2
    argon2_salt_length: int = 16
    argon2_key_length: int = 32
    argon2_dedicated_memory: int = _KIB_OF_A_GIB
    """What all hashes at work in this process may take together; further ones wait."""


class PasswordHasher:
    """Port Hasher. One a process, shared by its threads."""

    def __init__(self, settings: HasherSettings) -> None:
        self._settings = settings
        self._places = threading.BoundedSemaphore(max(1, settings.argon2_dedicated_memory // settings.argon2_memory))

    def hash(self, password: str) -> str:
        """Raises PasswordTooLong (bcrypt: over 72 bytes)."""
        with self._places:
            return self._maker.make(_secret(password))

    def verify(self, password: str, hashed: str) -> bool:
        """See the port. No refusal comes sooner than that of a decoy.

        Where the stored hash costs nothing (an imported MD5) or cannot be read, a wrong password pays for a decoy,
        so that such accounts are not told from unknown ones by time; a right one pays as much when it is rehashed.
        """
        try:
            matches = self._compare(password, hashed)
        except HashNotImportable:
            self._compare(password, self.decoy())
            return False
        found = formats.identify(hashed)
        if not matches and found and not found.slow:
            self._compare(password, self.decoy())
        return matches

    def needs_rehash(self, hashed: str) -> bool:
        """True for another algorithm, other parameters, and what cannot be read."""
        try:
            return not self._maker.made(formats.parse(hashed))
        except HashNotImportable:
            return True

    def decoy(self) -> str:
        return self._decoy

    def check_importable(self, hashed: str) -> None:
        """Raises UnknownHashFormat, HashOutOfBounds or HashUnreadable (all BadRequest) for what cannot be stored."""
        formats.parse(hashed)

    @cached_property
    def _maker(self) -> Maker:
        """Raises ValueError for parameters beyond the bounds of `formats`: what it made could not be read again."""
        maker = self._configured()
        try:
            formats.parse(maker.decoy())
        except HashNotImportable as refusal:
            raise ValueError(f"hashers.{self._settings.algorithm}: {refusal}") from None
        return maker

    def _configured(self) -> Maker:
        s = self._settings
        # Imported here: a function loads only the algorithm that is configured.
        if s.algorithm == "bcrypt":
            from vestibule.adapters.hashers.bcrypt import BcryptMaker  # noqa: PLC0415 # cold start

            return BcryptMaker(s.bcrypt_cost)
        from vestibule.adapters.hashers.argon2 import Argon2Maker  # noqa: PLC0415 # cold start

        lengths = (s.argon2_salt_length, s.argon2_key_length)
        return Argon2Maker(s.argon2_memory, s.argon2_iterations, s.argon2_parallelism, *lengths)

    @cached_property
    def _decoy(self) -> str:
        return self._maker.decoy()

    def _compare(self, password: str, hashed: str) -> bool:
        stored = formats.parse(hashed)
        with self._places:
            return stored.matches(_secret(password))


def _secret(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
