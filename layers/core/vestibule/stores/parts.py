"""Many writes that need not happen together."""

from __future__ import annotations

from collections.abc import Sequence

from vestibule.ports import Table, TransactionCancelled, TransactWrite

LARGEST = 100
"""Writes of one transaction."""


def write_those_that_hold(table: Table, writes: Sequence[TransactWrite]) -> None:
    """All writes whose conditions hold, few round trips; the others are left out. Any number, each on another key."""
    for start in range(0, len(writes), LARGEST):
        part = writes[start : start + LARGEST]
        while part:
            try:
                table.transact(part)
            except TransactionCancelled as cancelled:
                part = [write for position, write in enumerate(part) if position not in cancelled.failed]
            else:
                break
