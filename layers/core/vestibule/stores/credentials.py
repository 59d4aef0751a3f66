"""One credential's secrets at a time, and what was used up of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vestibule.crypto.sealing import Sealer
from vestibule.domain.record import Unprinted
from vestibule.domain.times import epoch_seconds
from vestibule.ports import Absent, Equals, Item, Key, Put, Table
from vestibule.stores.identity_items import credential_key


class StoredSecret(Unprinted, frozen=True):
    """A credential's config as it was read; `sealed` is the stored text, by which a change of it is noticed."""

    config: Mapping[str, Any]
    sealed: str


class CredentialStore:
    """Items: pk `I#<identity>`, sk `K#<type>` with `cfg` sealed (see `identities`); sk `U#<what>` says it was used."""

    def __init__(self, table: Table, sealer: Sealer) -> None:
        self._table = table
        self._sealer = sealer

    def find(self, identity_id: str, type_: str) -> StoredSecret | None:
        return self.read(self._table.get([credential_key(identity_id, type_)])[0], identity_id, type_)

    def read(self, item: Item | None, identity_id: str, type_: str) -> StoredSecret | None:
        """The secret in an item that was read along with others."""
        if item is None:
            return None
        plain = self._sealer.open(item["cfg"], context=_context(identity_id, type_))
        return StoredSecret(json.loads(plain), item["cfg"]) if plain is not None else None

    def replacing(self, identity_id: str, type_: str, config: Mapping[str, Any], read: StoredSecret) -> Put:
        """Another config in place of the one that was read, as a part of a transaction: it fails if that changed."""
        pk, sk = credential_key(identity_id, type_)
        sealed = self._sealer.seal(json.dumps(config).encode(), context=_context(identity_id, type_))
        return Put({"pk": pk, "sk": sk, "cfg": sealed}, (Equals("cfg", read.sealed),))

    @staticmethod
    def use_key(identity_id: str, what: str) -> Key:
        """Where it stands that `what` was used."""
        return (f"I#{identity_id}", f"U#{what}")

    @classmethod
    def using(cls, identity_id: str, what: str, *, until: datetime) -> Put:
        """`what` is used now, once, as a part of a transaction; it is remembered at least `until`."""
        pk, sk = cls.use_key(identity_id, what)
        return Put({"pk": pk, "sk": sk, "ttl": epoch_seconds(until)}, (Absent(),))


def _context(identity_id: str, type_: str) -> bytes:
    return f"{type_}:{identity_id}".encode()
