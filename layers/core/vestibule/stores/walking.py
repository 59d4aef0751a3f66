"""Several partitions of an index as one list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vestibule.ports import Index, IndexEntry, Key, Table
from vestibule.stores.identity_items import identity_key

_DIGITS = "0123456789abcdef"


def newest_first(table: Table, index: Index, partitions: Sequence[str], after: str | None, size: int) -> Iterator[Key]:
    """The keys of all the partitions' entries by sort value, largest first, behind `after`; read `size` at a time.

    For partitions whose sort values are ids that name one item each, in the key `M#<id>`.
    """
    while True:
        start = (after, (f"M#{after}", "#")) if after is not None else None
        entries: list[IndexEntry] = []
        for partition in partitions:
            entries += table.page(index, partition, after=start, limit=size, descending=True)
        entries.sort(key=lambda entry: entry.sort, reverse=True)
        for entry in entries[:size]:
            yield entry.key
            after = entry.sort
        if len(entries) < size:
            return


def in_order(table: Table, after: str | None, limit: int) -> list[str]:
    """The ids of identities behind the id `after`, as the index lists them: in sixteen partitions, by first digit."""
    found: list[str] = []
    for digit in _DIGITS[_DIGITS.index(after[0]) if after else 0 :]:
        start = (after, identity_key(after)) if after and after[0] == digit else None
        entries = table.page("GSI1", f"IL#{digit}", after=start, limit=limit - len(found))
        found += [entry.sort for entry in entries]
        if len(found) == limit:
            break
    return found
