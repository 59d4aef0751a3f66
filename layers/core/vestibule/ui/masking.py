"""Addresses as they are shown to somebody who has not proven to be their owner. Contract 07 §4."""

from __future__ import annotations

_HIDDEN = "****"
_SHOWN = 2
_SHORTEST = 6


def masked(address: str) -> str:
    """`an****@example.org`, `+49****42`; what is too short to hide anything of stays as it is."""
    local, at, domain = address.rpartition("@")
    if at:
        return f"{local[:_SHOWN]}{_HIDDEN}@{domain}" if len(local) >= _SHOWN else address
    return f"{address[: _SHOWN + 1]}{_HIDDEN}{address[-_SHOWN:]}" if len(address) >= _SHORTEST else address
