"""Revisions of the configuration, sealed: they may hold secrets that stand in it.

Items: pk `CFG`; sk `HEAD` with `rev`, the number of the one that counts; sk `R#<number, eight digits>` with `rev`,
`at` and `doc`, the sealed, compressed JSON of the revision. The last `KEPT` of them stay.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from msgspec.structs import asdict

from vestibule.config.revision import Operation, Revision
from vestibule.config.source import Source
from vestibule.crypto.sealing import Sealer, SecretRemoved
from vestibule.domain.times import from_micros, to_micros
from vestibule.ports import (
    Absent,
    Clock,
    ConditionFailed,
    Delete,
    Equals,
    Item,
    Key,
    Present,
    Put,
    Table,
    TransactionCancelled,
    TransactWrite,
    Update,
)

_PARTITION = "CFG"
_HEAD: Key = (_PARTITION, "HEAD")
_PREFIX = "R#"
KEPT = 100


class Outdated(Exception):
    """Somebody else changed the configuration since it was looked at."""


class Configurations:
    """`source` is what this process's configuration is made of."""

    def __init__(self, table: Table, sealer: Sealer, clock: Clock, source: Source) -> None:
        self._table = table
        self._sealer = sealer
        self._clock = clock
        self.source = source

    def head(self, *, consistent: bool = True) -> int:
        """The number of the revision that counts, 0 for none: one small read."""
        item = self._table.get([_HEAD], consistent=consistent)[0]
        return item["rev"] if item is not None else 0

    def current(self) -> Revision | None:
        """The one that counts. Raises SecretRemoved."""
        return self.find(self.head())

    def find(self, number: int) -> Revision | None:
        """None for 0, and for one that is not kept any more. Raises SecretRemoved."""
        item = self._table.get([_key(number)])[0] if number else None
        return self._opened(item) if item is not None else None

    def history(self) -> list[Revision]:
        """Newest first. Raises SecretRemoved."""
        return [self._opened(item) for item in self._table.query(_PARTITION, _PREFIX, descending=True)]

    def add(
        self,
        before: int,
        *,
        note: str,
        changes: Sequence[Operation],
        patches: Sequence[Operation],
        document: dict[str, Any],
        frozen: str | None,
    ) -> Revision:
        """Store what follows the revision `before`, and let it count. Raises Outdated, ItemTooLarge."""
        revision = Revision(
            number=before + 1,
            at=self._clock.now(),
            note=note,
            changes=tuple(changes),
            patches=tuple(patches),
            document=document,
            digest=self.source.digest,
            frozen=frozen,
        )
        was = Equals("rev", before) if before else Absent("rev")
        writes: list[TransactWrite] = [
            Update(_HEAD, set={"rev": revision.number}, conditions=(was,)),
            Put(self._item(revision), (Absent(),)),
        ]
        if revision.number > KEPT:
            writes.append(Delete(_key(revision.number - KEPT)))
        try:
            self._table.transact(writes)
        except TransactionCancelled:
            raise Outdated from None
        return revision

    def restate(self, revision: Revision) -> None:
        """The same revision, on other files or by other models."""
        item = self._item(revision)
        with suppress(ConditionFailed):  # it is not kept any more
            self._table.write(Update(_key(revision.number), set={"doc": item["doc"]}, conditions=(Present(),)))

    def _item(self, revision: Revision) -> Item:
        pk, sk = _key(revision.number)
        at = to_micros(revision.at)
        plain = zlib.compress(json.dumps({**asdict(revision), "at": at}, ensure_ascii=False).encode())
        return {
            "pk": pk,
            "sk": sk,
            "rev": revision.number,
            "at": at,
            "doc": self._sealer.seal(plain, context=sk.encode()),
        }

    def _opened(self, item: Item) -> Revision:
        plain = self._sealer.open(item["doc"], context=item["sk"].encode())
        if plain is None:
            raise SecretRemoved(
                "no secret of secrets.cipher opens a stored configuration; put the former secret back in the list"
            )
        stored = json.loads(zlib.decompress(plain))
        changes, patches = tuple(stored["changes"]), tuple(stored["patches"])
        return Revision(**stored | {"at": from_micros(stored["at"]), "changes": changes, "patches": patches})


def _key(number: int) -> Key:
    return (_PARTITION, f"{_PREFIX}{number:08d}")
