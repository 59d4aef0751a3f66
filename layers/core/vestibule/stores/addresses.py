"""Whose an address is. The rows are written with the identity that has the address: see `identities`."""

from __future__ import annotations

from vestibule.ports import Item, Key
from vestibule.stores.index_keys import IndexKeys


def address_key(index: IndexKeys, via: str, value: str) -> Key:
    """Where the entry of a normalised address stands."""
    return (f"A#{via}#{index.hmac(f'address:{via}', value)}", "#")


def recovery_owner(item: Item | None) -> str | None:
    """The id of the identity that can be got back into by the address of this entry; None where none can."""
    return item["id"] if item is not None and "recovery" in item["roles"] else None


def verifiable_owner(item: Item | None) -> str | None:
    """The id of the identity that can prove the address of this entry; None where nobody can."""
    return item["id"] if item is not None and "verifiable" in item["roles"] else None
