"""What no two identities may have, and how the store says who has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from vestibule.domain.record import Unprinted

Unique = Literal["identifier", "address", "external_id", "key"]
Secrets = Mapping[str, Mapping[str, Any] | None]
"""Credential type to its config; None removes it. Types that are not named keep theirs."""


class AlreadyExists(Exception):
    """Another identity has that identifier, address, external id or key. `value` is it; never to be logged."""

    def __init__(self, what: Unique, type_: str, value: str) -> None:
        super().__init__(f"the {what} is taken")
        self.what = what
        self.type = type_
        self.value = value


class IdentityChanged(Exception):
    """Another request wrote or deleted the identity since it was read."""


class IdentifierEntry(Unprinted, frozen=True):
    """Who a credential identifier belongs to. For `password` the hash stands beside it: hashing starts at once.

    `rotated`: another secret than the first of `secrets.cipher` sealed it.
    `elsewhere`: another system has the password.
    """

    identity_id: str
    hashed_password: str | None = None
    rotated: bool = False
    elsewhere: bool = False

    @property
    def has_password(self) -> bool:
        return self.hashed_password is not None or self.elsewhere
