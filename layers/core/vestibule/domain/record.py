"""What the frozen values of this package are made of: msgspec's Struct, which takes a cold start nothing."""

from __future__ import annotations

from msgspec import Struct


class Unprinted(Struct, frozen=True):
    """A value that holds something secret: a log or an error that prints it shows its type and no more."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"

    __str__ = __repr__
