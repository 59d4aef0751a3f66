"""The index key: made once per table, wrapped by `secrets.cipher`, kept at `CFG/KEY`."""

from __future__ import annotations

import threading

from vestibule.crypto.index_key import IndexKeyWrap, identifier_hmac, new_index_key
from vestibule.ports import Absent, ConditionFailed, Equals, Key, Put, Random, Table

_KEY: Key = ("CFG", "KEY")


class IndexKeys:
    """HMACs of identifiers and addresses. The key is read on first use and kept for the life of the process.

    Raises IndexKeyUnreadable when no cipher secret opens the stored key.
    """

    def __init__(self, table: Table, wrap: IndexKeyWrap, random: Random) -> None:
        self._table = table
        self._wrap = wrap
        self._random = random
        self._lock = threading.Lock()
        self._key: bytes | None = None

    def hmac(self, kind: str, value: str) -> str:
        """The text that stands for a normalised value in keys. `kind` keeps identifiers and addresses apart."""
        return identifier_hmac(self._loaded(), kind, value)

    def load(self) -> None:
        """Read the key now, for whoever starts and wants to know at once."""
        self._loaded()

    def _loaded(self) -> bytes:
        with self._lock:
            if self._key is None:
                self._key = self._read() or self._made()
            return self._key

    def _read(self) -> bytes | None:
        item = self._table.get([_KEY])[0]
        if item is None:
            return None
        key = self._wrap.unwrap(item["wrapped"])
        if self._wrap.needs_rewrap(item["wrapped"]):
            self._rewrap(key, item["wrapped"])
        return key

    def _made(self) -> bytes:
        """A new key, unless another container was quicker: the first one stored is everybody's."""
        key = new_index_key(self._random.bytes)
        item = {"pk": _KEY[0], "sk": _KEY[1], "wrapped": self._wrap.wrap(key)}
        try:
            self._table.write(Put(item, (Absent(),)))
        except ConditionFailed as lost:
            if lost.item is None:
                raise
            return self._wrap.unwrap(lost.item["wrapped"])
        return key

    def _rewrap(self, key: bytes, stored: str) -> None:
        item = {"pk": _KEY[0], "sk": _KEY[1], "wrapped": self._wrap.wrap(key)}
        try:
            self._table.write(Put(item, (Equals("wrapped", stored),)))
        except ConditionFailed:
            return  # another container re-wrapped it
