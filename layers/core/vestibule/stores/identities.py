"""Identities with everything that must be unique about them. One transaction a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from vestibule.crypto.sealing import Sealer
from vestibule.domain.event import IDENTITY_CREATED, IDENTITY_DELETED, IDENTITY_UPDATED, Event
from vestibule.domain.identity import Identity, State
from vestibule.ports import (
    Absent,
    Check,
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
from vestibule.stores.claims import AlreadyExists, IdentifierEntry, IdentityChanged, Secrets
from vestibule.stores.guesses import counter_key
from vestibule.stores.identity_items import (
    addresses_of,
    claim_changed,
    claim_row,
    credential_key,
    external_id_key,
    from_item,
    identifiers_of,
    identity_key,
    mine_or_absent,
    read_identity,
    to_item,
    told_what_is_held,
)
from vestibule.stores.index_keys import IndexKeys
from vestibule.stores.key_rows import KeyRows, StoredKeys, counting_on
from vestibule.stores.outbox import Outbox
from vestibule.stores.parts import write_those_that_hold
from vestibule.stores.sealed import opened, sealed
from vestibule.stores.walking import in_order

_TRANSACTION = 100


class IdentityStore:
    """Raises AlreadyExists and IdentityChanged where a change loses, and nothing is written then.

    What reads secrets raises SecretRemoved for one that was sealed with a secret that is configured no more.
    """

    def __init__(self, table: Table, keys: IndexKeys, sealer: Sealer, outbox: Outbox) -> None:
        self._table = table
        self._outbox = outbox
        self._keys = keys
        self._sealer = sealer
        self.key_rows = KeyRows(table, keys, sealer)

    # --- reading ---------------------------------------------------------------------------------------

    def find(self, identity_id: str) -> Identity | None:
        return from_item(self._table.get([identity_key(identity_id)])[0])

    def find_many(self, identity_ids: Sequence[str]) -> list[Identity]:
        """Those that exist, in the order asked for; any number."""
        found: list[Identity] = []
        for start in range(0, len(identity_ids), _TRANSACTION):
            keys = [identity_key(identity_id) for identity_id in identity_ids[start : start + _TRANSACTION]]
            found += [identity for item in self._table.get(keys) if (identity := from_item(item))]
        return found

    def by_external_id(self, external_id: str) -> Identity | None:
        return self._pointed_to(self._table.get([external_id_key(external_id)])[0])

    def by_identifier(self, types: Sequence[str], identifier: str) -> Identity | None:
        """The identity that has this normalised identifier for any of the credential types."""
        items = self._table.get([self.identifier_key(type_, identifier) for type_ in types])
        return next((found for item in items if (found := self._pointed_to(item))), None)

    def page(self, *, after: str | None, limit: int) -> list[Identity]:
        """Up to `limit` identities in the order of their ids, behind the id `after` (lower-case UUID text).

        Those deleted meanwhile are missing: there may be fewer while more follow, but none only where the list ends.
        """
        found: list[Identity] = []
        while not found:
            ids = in_order(self._table, after, limit)
            found = self.find_many(ids)
            if len(ids) < limit:
                break
            after = ids[-1]
        return found

    def configs(self, identity_id: str, types: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Credential type to its config, for those that have one."""
        wanted = list(dict.fromkeys(types))
        items = self._table.get([credential_key(identity_id, type_) for type_ in wanted]) if wanted else []
        found = {type_: item for type_, item in zip(wanted, items, strict=True) if item is not None}
        return {type_: opened(self._sealer, item["cfg"], identity_id, type_) for type_, item in found.items()}

    def identifier_key(self, type_: str, identifier: str) -> Key:
        """Where the entry of a normalised identifier stands."""
        return (f"C#{type_}#{self._keys.hmac(type_, identifier)}", "#")

    def read_identifier(self, item: Item | None) -> IdentifierEntry | None:
        """The entry in an item that was read along with others."""
        if item is None:
            return None
        if "cfg" not in item:
            return IdentifierEntry(item["id"])
        config = opened(self._sealer, item["cfg"], item["id"], "password")
        hashed = config.get("hashed_password") or None
        elsewhere = hashed is None and config.get("use_password_migration_hook") is True
        return IdentifierEntry(item["id"], hashed, self._sealer.needs_reseal(item["cfg"]), elsewhere)

    # --- writing ---------------------------------------------------------------------------------------

    def create(
        self, identity: Identity, secrets: Secrets, also: Sequence[TransactWrite] = (), told: Sequence[Event] = ()
    ) -> Identity:
        """Store a new identity; its version is 1 then. `also` is written in the same transaction, `told` with it."""
        identity = told_what_is_held(identity, {**{each.type: None for each in identity.credentials}, **secrets})
        created = self._outbox.happened(IDENTITY_CREATED, identity.id, identity=identity.id)
        also = (*also, self._outbox.putting([created, *told]))
        writes: list[TransactWrite] = [Put(to_item(identity, version=1), (Absent(),))]
        claims = self._claims(identity, secrets)
        writes.extend(write for _, write in claims)
        writes += self._secret_writes(identity.id, secrets)
        self._commit(writes, claims, also)
        return replace(identity, version=1)

    def update(
        self,
        old: Identity,
        new: Identity,
        secrets: Secrets | None = None,
        also: Sequence[TransactWrite] = (),
        told: Sequence[Event] | None = None,
    ) -> Identity:
        """Replace the identity that was read as `old`. Claims what is new about it and gives up what is gone.

        `told` is what happened with that; None: that it was updated.
        """
        if told is None:
            told = [self.updated(old)]
        also = (*also, self._outbox.putting(told)) if told else also
        secrets = self._with_password(old, new, dict(secrets or {}))
        new = told_what_is_held(new, secrets)
        stored = self.key_rows.stored(old.id, secrets)
        writes: list[TransactWrite] = [Put(to_item(new, version=old.version + 1), (Equals("ver", old.version),))]
        former = {write.key: write for _, write in self._claims(old, stored.configs)}
        claims = self._claims(new, {**stored.configs, **secrets})
        kept = {write.key for _, write in claims}
        rewritten = [
            (claim, write)
            for claim, write in claims
            if write.key not in former
            or claim_changed(write, former[write.key])
            or (claim.what == "identifier" and claim.type in secrets and secrets[claim.type] is None)
        ]
        writes.extend(write for _, write in rewritten)
        writes += [Delete(key, (Equals("id", old.id),)) for key in former if key not in kept]
        writes += self._secret_writes(new.id, secrets, stored)
        self._commit(writes, rewritten, also)
        return replace(new, version=old.version + 1)

    def replace_secret(self, identity: Identity, type_: str, config: Mapping[str, Any], *, read: Item) -> bool:
        """The same secret, hashed or sealed anew. `read` is an identifier's entry as it was when the secret held.

        False when the secret was changed meanwhile: that change stays.
        """
        secrets = {type_: config}
        writes: list[TransactWrite] = []
        for _, write in self._claims(identity, secrets):
            if "cfg" in write.item:
                first = write.key == (read["pk"], read["sk"])
                writes.append(Put(write.item, (Equals("cfg", read["cfg"]) if first else Equals("id", identity.id),)))
        try:
            self._table.transact([*writes, *self._secret_writes(identity.id, secrets)])
        except TransactionCancelled:
            return False
        return True

    def updated(self, old: Identity) -> Event:
        """That the identity which was read as `old` is another one now."""
        return self._outbox.happened(IDENTITY_UPDATED, old.id, str(old.version + 1), identity=old.id)

    @staticmethod
    def still_active(identity: Identity) -> Check:
        """The identity was neither disabled nor deleted meanwhile, as a part of a transaction."""
        return Check(identity_key(identity.id), (Equals("st", str(State.ACTIVE)), Absent("gone")))

    @staticmethod
    def unchanged(identity: Identity) -> Check:
        """The identity is as it was read, as a part of a transaction."""
        return Check(identity_key(identity.id), (Equals("ver", identity.version), Absent("gone")))

    def delete(self, identity_id: str) -> bool:
        """Delete the identity and all that belongs to it; False when there is none.

        A tombstone goes first, so that nobody can sign in while the rest is removed; a delete that was cut short is
        finished by asking again. What points to the identity goes before what it owns: who finds it no more cannot add
        to that. Whatever somebody else has taken meanwhile is theirs.
        """
        key = identity_key(identity_id)
        tombstone = Update(key, set={"gone": True}, add={"ver": 1}, remove=("g1pk", "g1sk"), conditions=(Present(),))
        try:
            item = self._table.write(tombstone)
        except ConditionFailed:
            return False
        identity = read_identity(item or {})
        keys = self.key_rows.stored(identity_id).configs
        pointing = [Delete(write.key, (Equals("id", identity_id),)) for _, write in self._claims(identity, keys)]
        write_those_that_hold(self._table, [*pointing, *self._counters(identity)])
        rows = self._table.query(f"I#{identity_id}")
        self._outbox.keep(rows)
        write_those_that_hold(self._table, [Delete((row["pk"], row["sk"])) for row in rows if row["sk"] != "#"])
        deleted = self._outbox.happened(IDENTITY_DELETED, identity_id, identity=identity_id)
        self._table.transact([Delete(key), self._outbox.putting([deleted])])
        return True

    # --- within ----------------------------------------------------------------------------------------

    def _claims(self, identity: Identity, secrets: Secrets) -> list[tuple[AlreadyExists, Put]]:
        """Every row that makes something of the identity unique, with the error of finding it taken."""
        mine = (mine_or_absent(identity.id),)
        claims: list[tuple[AlreadyExists, Put]] = []
        for type_, identifier in identifiers_of(identity):
            item = claim_row(self.identifier_key(type_, identifier), identity.id)
            if type_ == "password" and (config := secrets.get(type_)):
                item["cfg"] = sealed(self._sealer, config, identity.id, type_)
            claims.append((AlreadyExists("identifier", type_, identifier), Put(item, mine)))
        for (via, value), roles in addresses_of(identity).items():
            key = (f"A#{via}#{self._keys.hmac(f'address:{via}', value)}", "#")
            row = claim_row(key, identity.id) | {"roles": roles}
            claims.append((AlreadyExists("address", via, value), Put(row, mine)))
        if identity.external_id is not None:
            item = claim_row(external_id_key(identity.external_id), identity.id)
            claims.append((AlreadyExists("external_id", "", identity.external_id), Put(item, mine)))
        keys = [Put(claim_row(key, identity.id), mine) for key in self.key_rows.of(secrets)]
        return [*claims, *((AlreadyExists("key", "", ""), row) for row in keys)]

    def _counters(self, identity: Identity) -> list[Delete]:
        """How often its password was guessed: counted by account, and by identifier from before there was one."""
        whom = {identity.id, *(identifier for _, identifier in identifiers_of(identity))}
        return [Delete(counter_key("password", self._keys.hmac("guess:password", each))) for each in sorted(whom)]

    def _secret_writes(
        self, identity_id: str, secrets: Secrets, stored: StoredKeys | None = None
    ) -> list[Put | Delete]:
        writes: list[Put | Delete] = []
        for type_, config in secrets.items():
            pk, sk = credential_key(identity_id, type_)
            held = stored.unchanged(type_) if stored else ()
            if config is None:
                writes.append(Delete((pk, sk), held))
            else:
                counted = counting_on(config, stored.configs[type_]) if stored and held else config
                item = {"pk": pk, "sk": sk, "cfg": sealed(self._sealer, counted, identity_id, type_)}
                writes.append(Put(item, held))
        return writes

    def _with_password(self, old: Identity, new: Identity, secrets: dict[str, Any]) -> dict[str, Any]:
        """New password identifiers carry the hash too: read it when the change does not bring it."""
        before = dict.fromkeys(identifiers_of(old))
        added = any(pair[0] == "password" and pair not in before for pair in identifiers_of(new))
        if added and "password" not in secrets:
            secrets |= self.configs(old.id, ["password"])
        return secrets

    def _commit(
        self,
        writes: list[TransactWrite],
        claims: Sequence[tuple[AlreadyExists, Put]],
        also: Sequence[TransactWrite],
    ) -> None:
        taken = {write.key: error for error, write in claims}
        every = [*writes, *also]
        try:
            self._table.transact(every)
        except TransactionCancelled as cancelled:
            for position in cancelled.failed:
                error = taken.get(every[position].key)
                if error is not None:
                    raise error from None
            if min(cancelled.failed) < len(writes):
                raise IdentityChanged from None
            raise

    def _pointed_to(self, item: Item | None) -> Identity | None:
        return self.find(item["id"]) if item is not None else None
