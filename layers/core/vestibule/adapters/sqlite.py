"""The Table port on SQLite: one durable file, or a store in memory that ends with its process."""

from __future__ import annotations

import base64
import json
import sqlite3
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vestibule.adapters.items import (
    after_write,
    check_key,
    check_reads,
    check_total,
    check_transaction,
    check_write,
    holds,
    item_size,
)
from vestibule.adapters.sqlite_connections import Connections
from vestibule.ports import (
    Change,
    ConditionFailed,
    Index,
    IndexEntry,
    Item,
    Key,
    TransactionCancelled,
    TransactWrite,
    Write,
)

CHANGES_KEPT_SECONDS = 24 * 60 * 60
"""As long as DynamoDB's stream."""

BYTES = "\0bytes"
"""The one name in a stored JSON object that stands for bytes, in base64."""

_ROW = "SELECT document FROM items WHERE pk = ? AND sk = ?"
_PUT = "INSERT OR REPLACE INTO items (pk, sk, g1pk, g1sk, g2pk, g2sk, ttl, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM items WHERE pk = ? AND sk = ?"
_CHANGE = "INSERT INTO changes (at, pk, sk, old, new) VALUES (?, ?, ?, ?, ?)"


class SqliteTable:
    """A Table in the file `path`, made when missing; None: in memory.

    Every answered write is on the disk. Reads see the last answered write, indexes too.
    Raises StoreUnavailable when the file cannot be opened, is locked, damaged or another program's.
    """

    def __init__(self, path: str | Path | None) -> None:
        self._connections = Connections(None if path is None else Path(path))
        self.close = weakref.finalize(self, self._connections.close)  # nobody has to; the process's end closes too

    def get(self, keys: Sequence[Key], *, consistent: bool = True) -> list[Item | None]:  # noqa: ARG002 always is
        check_reads(keys)
        with self._connections.reading() as connection:
            documents = [_document(connection, key) for key in keys]
        return [_decode(document) for document in documents]

    def write(self, write: Write) -> Item | None:
        check_write(write)
        with self._connections.writing() as connection:
            before = _document(connection, write.key)
            item = _decode(before)
            if not all(holds(condition, item) for condition in write.conditions):
                raise ConditionFailed(item)
            return _store(connection, write, before, item)

    def transact(self, writes: Sequence[TransactWrite]) -> None:
        check_transaction(writes)
        with self._connections.writing() as connection:
            documents = [_document(connection, write.key) for write in writes]
            items = [_decode(document) for document in documents]
            failed = {
                position: item
                for position, (write, item) in enumerate(zip(writes, items, strict=True))
                if not all(holds(condition, item) for condition in write.conditions)
            }
            if failed:
                raise TransactionCancelled(failed)
            stored = [_store(connection, *row) for row in zip(writes, documents, items, strict=True)]
            check_total(sum(item_size(item) for item in stored if item))

    def query(
        self,
        pk: str,
        prefix: str = "",
        *,
        after: str | None = None,
        limit: int | None = None,
        descending: bool = False,
        consistent: bool = True,  # noqa: ARG002 always is
    ) -> list[Item]:
        check_key((pk, prefix or "#"))
        where, values = _starting("pk", pk, "sk", prefix)
        if after is not None:
            where += f" AND sk {'<' if descending else '>'} ?"
            values.append(after)
        rows = self._rows(
            f"SELECT document FROM items WHERE {where} ORDER BY sk {_direction(descending)} LIMIT ?",  # noqa: S608 of constants
            [*values, -1 if limit is None else limit],
        )
        return [item for (document,) in rows if (item := _decode(document)) is not None]

    def page(
        self,
        index: Index,
        partition: str,
        *,
        prefix: str = "",
        after: tuple[str, Key] | None = None,
        limit: int,
        descending: bool = False,
    ) -> list[IndexEntry]:
        hash_key, sort_key = ("g1pk", "g1sk") if index == "GSI1" else ("g2pk", "g2sk")
        where, values = _starting(hash_key, partition, sort_key, prefix)
        if after is not None:
            where += f" AND ({sort_key}, pk, sk) {'<' if descending else '>'} (?, ?, ?)"
            values += [after[0], *after[1]]
        order = ", ".join(f"{column} {_direction(descending)}" for column in (sort_key, "pk", "sk"))
        rows = self._rows(
            f"SELECT pk, sk, {sort_key} FROM items WHERE {where} ORDER BY {order} LIMIT ?",  # noqa: S608 of constants
            [*values, limit],
        )
        return [IndexEntry((pk, sk), sort) for pk, sk, sort in rows]

    def changes(self, after: str | None, limit: int) -> list[Change]:
        rows = self._rows(
            "SELECT sequence, pk, sk, old, new FROM changes WHERE sequence > ? ORDER BY sequence LIMIT ?",
            [int(after or 0), limit],
        )
        return [Change(str(row), (pk, sk), _decode(old), _decode(new)) for row, pk, sk, old, new in rows]

    def sweep(self, now: float | None = None) -> int:
        """Delete what DynamoDB would: items whose `ttl` (epoch seconds) is over, changes of more than a day ago.

        Whoever keeps a file open calls it now and then; returns the number of items deleted.
        """
        moment = int(time.time() if now is None else now)
        with self._connections.writing() as connection:
            rows = connection.execute("SELECT pk, sk, document FROM items WHERE ttl < ?", [moment]).fetchall()
            connection.executemany(_CHANGE, [(moment, pk, sk, document, None) for pk, sk, document in rows])
            connection.execute("DELETE FROM items WHERE ttl < ?", [moment])
            connection.execute("DELETE FROM changes WHERE at < ?", [moment - CHANGES_KEPT_SECONDS])
        return len(rows)

    def _rows(self, statement: str, values: Sequence[str | int]) -> list[tuple[Any, ...]]:
        with self._connections.reading() as connection:
            return connection.execute(statement, values).fetchall()


# --- rows -----------------------------------------------------------------------------------------------


def _document(connection: sqlite3.Connection, key: Key) -> str | None:
    row = connection.execute(_ROW, key).fetchone()
    return row[0] if row else None


def _store(connection: sqlite3.Connection, write: TransactWrite, before: str | None, item: Item | None) -> Item | None:
    """Apply the write to its row, and note the change unless nothing changed (as DynamoDB's stream)."""
    stored = after_write(write, item)
    after = None if stored is None else _encode(stored)
    if after == before:
        return stored
    if stored is None:
        connection.execute(_DELETE, write.key)
    else:
        ttl = stored.get("ttl")
        keys = [stored.get(name) for name in ("g1pk", "g1sk", "g2pk", "g2sk")]
        connection.execute(_PUT, [*write.key, *keys, ttl if isinstance(ttl, int) else None, after])
    connection.execute(_CHANGE, [int(time.time()), *write.key, before, after])
    return stored


def _starting(hash_key: str, partition: str, sort_key: str, prefix: str) -> tuple[str, list[str]]:
    """The rows of a partition whose sort key starts with the prefix, as a range of its index."""
    where, values = f"{hash_key} = ? AND {sort_key} >= ?", [partition, prefix]
    if (end := _prefix_end(prefix)) is not None:
        where += f" AND {sort_key} < ?"
        values.append(end)
    return where, values


def _direction(descending: bool) -> str:
    return "DESC" if descending else "ASC"


def _prefix_end(prefix: str) -> str | None:
    """The first string behind all that start with `prefix`; None when there is none."""
    stem = prefix.rstrip("\U0010ffff")
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if 0xD800 <= following <= 0xDFFF else following)  # surrogates are no characters


# --- documents ------------------------------------------------------------------------------------------


def _encode(item: Item) -> str:
    return json.dumps(item, default=_encode_bytes, ensure_ascii=False, separators=(",", ":"))


def _encode_bytes(value: object) -> object:
    if isinstance(value, bytes):
        return {BYTES: base64.b64encode(value).decode()}
    raise TypeError(type(value).__name__)


def _decode(document: str | None) -> Item | None:
    return None if document is None else json.loads(document, object_hook=_decode_bytes)


def _decode_bytes(value: dict[str, Any]) -> object:
    return base64.b64decode(value[BYTES]) if BYTES in value else value
