"""Whose security key it is: no key belongs to two identities. Web Authentication, 7.1, step 27."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vestibule.config.json_shapes import is_list, is_object
from vestibule.crypto.sealing import Sealer, SecretRemoved
from vestibule.ports import Absent, Condition, Equals, Item, Key, Table
from vestibule.stores.identity_items import credential_key
from vestibule.stores.index_keys import IndexKeys
from vestibule.stores.sealed import opened

KEY_TYPES: tuple[str, ...] = ("webauthn", "passkey")
"""Credential types whose config lists keys."""

MOST_KEYS = 15
"""Of one type and identity: a change of them fits into a transaction, and a form of them onto a screen."""

Configs = Mapping[str, Mapping[str, Any] | None]


class StoredKeys:
    """The configs with keys as they are stored, read before they change. By type, where there is one."""

    def __init__(self, items: Mapping[str, Item | None], configs: dict[str, dict[str, Any]]) -> None:
        self._items = items
        self.configs = configs

    def unchanged(self, type_: str) -> tuple[Condition, ...]:
        """That the config is still the one that was read; nothing for a type that was not."""
        if type_ not in self._items:
            return ()
        item = self._items[type_]
        return (Absent(),) if item is None else (Equals("cfg", item["cfg"]),)


class KeyRows:
    """Item: pk `C#key#<HMAC(key id)>`, sk `#`; `id` of the identity. A key id is standard base64, as in configs."""

    def __init__(self, table: Table, keys: IndexKeys, sealer: Sealer) -> None:
        self._table = table
        self._keys = keys
        self._sealer = sealer

    def key(self, key_id: str) -> Key:
        return (f"C#key#{self._keys.hmac('key', key_id)}", "#")

    def of(self, configs: Configs) -> list[Key]:
        """The rows of all keys in the configs, each once."""
        entries = [entry for type_ in KEY_TYPES for entry in key_entries(configs.get(type_))]
        return list(dict.fromkeys(self.key(entry["id"]) for entry in entries))

    def stored(self, identity_id: str, changing: Configs | None = None) -> StoredKeys:
        """What is stored of both types; no read where neither of them is changing. A config nobody opens is empty."""
        wanted = KEY_TYPES if changing is None or set(KEY_TYPES) & changing.keys() else ()
        found = self._table.get([credential_key(identity_id, type_) for type_ in wanted]) if wanted else []
        items = dict(zip(wanted, found, strict=True))
        return StoredKeys(items, {type_: self._opened(item, identity_id, type_) for type_, item in items.items()})

    def _opened(self, item: Item | None, identity_id: str, type_: str) -> dict[str, Any]:
        try:
            return opened(self._sealer, item["cfg"], identity_id, type_) if item else {}
        except SecretRemoved:
            return {}


def key_entries(config: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    """The keys in a config that have an id."""
    held = (config or {}).get("credentials")
    for entry in held if is_list(held) else ():
        if is_object(entry) and isinstance(entry.get("id"), str):
            yield entry


def counting_on(config: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The config in which no counter is lower than `before`: somebody may have signed in since it was read."""
    known = {entry["id"]: counter_of(entry) for entry in key_entries(before)}
    keys: list[dict[str, Any]] = []
    for entry in key_entries(config):
        least = known.get(entry["id"], 0)
        keys.append(with_counter(entry, least) if least > counter_of(entry) else entry)
    return {**config, "credentials": keys}


def counter_of(entry: Mapping[str, Any]) -> int:
    held: object = entry.get("authenticator")
    count: object = held.get("sign_count") if is_object(held) else None
    return count if isinstance(count, int) else 0


def with_counter(entry: Mapping[str, Any], count: int, **beside: Any) -> dict[str, Any]:
    """The key with that counter; `beside` is what else changes of its `authenticator`."""
    held: object = entry.get("authenticator")
    authenticator = dict(held) if is_object(held) else {}
    return {**entry, "authenticator": {**authenticator, "sign_count": count, **beside}}
