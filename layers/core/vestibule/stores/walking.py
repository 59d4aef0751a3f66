"""Several partitions of an index as one list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vestibule.ports import Index, IndexEntry, Key, Table


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
