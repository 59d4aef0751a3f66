"""Keys that an identity has, as its credential's config lists them. Contract 03 §8."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from vestibule.crypto.text import same, to_base64url
from vestibule.domain.event import KEY_COPY_SUSPECTED
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.key import NewKey, RelyingParty
from vestibule.domain.record import Unprinted
from vestibule.domain.times import from_rfc3339, to_rfc3339
from vestibule.methods.keys import ceremony
from vestibule.methods.keys.ceremony import Answer, standard
from vestibule.methods.keys.makers import maker
from vestibule.ports import Key, TransactionCancelled, TransactWrite
from vestibule.services import Services
from vestibule.stores.credentials import StoredSecret
from vestibule.stores.identity_items import credential_key, from_item, identity_key
from vestibule.stores.key_rows import counter_of, key_entries, with_counter
from vestibule.ui.message_row import Row
from vestibule.ui.nodes import Node, submit_node

LONGEST_NAME = 100
"""Characters that a key's name is cut at."""

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
"""Of keys that were imported without the time when they were added."""


# --- entries of a config --------------------------------------------------------------------------------


def entry(new: NewKey, name: str, at: datetime, *, passwordless: bool) -> Json:
    """A new key as it is stored, and as administrators see and import it."""
    return {
        "id": standard(new.id),
        "public_key": standard(new.public),
        "attestation_type": new.attestation,
        "authenticator": {"aaguid": standard(new.aaguid), "sign_count": new.counter, "clone_warning": False},
        "display_name": name.strip()[:LONGEST_NAME] or maker(new.aaguid),
        "added_at": to_rfc3339(at),
        "is_passwordless": passwordless,
        "flags": {
            "user_present": True,
            "user_verified": new.verified,
            "backup_eligible": new.backup_eligible,
            "backup_state": new.backed_up,
        },
        "transport": list(new.transports),
    }


def entries(config: Mapping[str, Any], *, passwordless: bool | None = None) -> list[Json]:
    """The keys of a config; only first factors, or only second ones, where that is asked for."""
    found = key_entries(config)
    return [each for each in found if passwordless is None or bool(each.get("is_passwordless")) is passwordless]


def ids(keys: Iterable[Mapping[str, Any]]) -> list[str]:
    """As browsers are told them: base64url."""
    return [to_base64url(_bytes(each["id"])) for each in keys]


def with_key(config: Mapping[str, Any], key: Json, handle: bytes) -> Json:
    """The config with one key more; its handle stays, if it has one."""
    kept = config.get("user_handle") or standard(handle)
    return {**config, "credentials": [*entries(config), key], "user_handle": kept}


def without_key(config: Mapping[str, Any], hex_id: str) -> Json | None:
    """The config without the key of that id, as buttons name it; None where it has no such key."""
    held = entries(config)
    kept = [each for each in held if _hex(each) != hex_id.lower()]
    return {**config, "credentials": kept} if len(kept) < len(held) else None


def named(config: Mapping[str, Any], hex_id: str) -> Json | None:
    return next((each for each in entries(config) if _hex(each) == hex_id.lower()), None)


def handle_of(config: Mapping[str, Any]) -> bytes:
    return _bytes(str(config.get("user_handle") or ""))


def removal_nodes(name: str, type_: str, keys: Iterable[Json], label: Row, kept: Iterable[Json] = ()) -> list[Node]:
    """A button for each key; those that are `kept`, since nothing else is left to sign in with, cannot be pressed."""
    staying = {_hex(each) for each in kept}
    return [
        submit_node(
            name,
            _hex(each),
            type_,
            label(display_name=str(each.get("display_name") or ""), added_at=_added_at(each)),
            disabled=_hex(each) in staying,
        )
        for each in keys
    ]


def _hex(key: Mapping[str, Any]) -> str:
    return _bytes(key["id"]).hex()


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text)
    except ValueError:
        return b""


def _added_at(key: Mapping[str, Any]) -> datetime:
    try:
        return from_rfc3339(str(key.get("added_at") or ""))
    except ValueError:
        return _LONG_AGO


# --- signatures -----------------------------------------------------------------------------------------


class Owner(Unprinted, frozen=True):
    """Somebody who may have signed: their keys as stored, and whether the challenge was used already."""

    identity: Identity
    secrets: Mapping[str, StoredSecret]
    spent: bool

    def config(self, type_: str) -> Mapping[str, Any]:
        stored = self.secrets.get(type_)
        return stored.config if stored else {}


def owner(identity_id: str, types: Sequence[str], spent: Key, svc: Services) -> Owner | None:
    """In one round trip. None where there is no such identity."""
    keys = [identity_key(identity_id), spent, *(credential_key(identity_id, type_) for type_ in types)]
    item, used, *configs = svc.table.get(keys)
    identity = from_item(item)
    if identity is None:
        return None
    read = {type_: svc.credentials.read(each, identity_id, type_) for type_, each in zip(types, configs, strict=True)}
    return Owner(identity, {type_: stored for type_, stored in read.items() if stored}, used is not None)


class Signature(Unprinted, frozen=True):
    """An answer, and which key of whom it has to be from. `shown_by` is the method whose challenge was signed."""

    answer: Answer
    shown_by: str
    type: str
    key: Json
    must_name_owner: bool = False


def proof(
    signature: Signature, by: Owner, flow: Flow, party: RelyingParty, svc: Services
) -> tuple[TransactWrite, ...] | None:
    """What belongs into the transaction that believes the signature; None where it is wrong.

    A counter that does not move on is the sign of a copied key: it is refused, and the copy remembered (Web
    Authentication, 7.2, step 22). Keys that do not count say 0 always.
    """
    stored, key, answer = by.secrets[signature.type], signature.key, signature.answer
    if by.spent or not _names(stored.config, answer.handle, needed=signature.must_name_owner):
        return None
    asked = ceremony.challenge(signature.shown_by, flow, svc)
    used = svc.key_answers.used(answer.text, asked, party, _bytes(str(key.get("public_key", ""))))
    if used is None:
        return None
    before = counter_of(key)
    if (before or used.counter) and used.counter <= before:
        _remember_copy(by.identity, signature, stored, flow, svc)
        return None
    spending = ceremony.spending(signature.shown_by, flow, svc)
    if used.counter == before:
        return (spending,)
    counted = _replaced(stored.config, key, with_counter(key, used.counter))
    return (spending, svc.credentials.replacing(by.identity.id, signature.type, counted, stored))


def _names(config: Mapping[str, Any], handle: bytes | None, *, needed: bool) -> bool:
    """Keys that know their owner name them; others were asked by their id."""
    if handle is None:
        return not needed
    return not config.get("user_handle") or same(handle, handle_of(config))


def _remember_copy(identity: Identity, signature: Signature, stored: StoredSecret, flow: Flow, svc: Services) -> None:
    key = signature.key
    told = {"identity": identity.id, "flow": flow.id, "method": signature.shown_by}
    event = svc.outbox.happened(KEY_COPY_SUSPECTED, flow.id, key["id"], **told)
    warned = _replaced(stored.config, key, with_counter(key, counter_of(key), clone_warning=True))
    try:
        replacing = svc.credentials.replacing(identity.id, signature.type, warned, stored)
        svc.table.transact([replacing, svc.outbox.putting([event])])
    except TransactionCancelled:
        return  # changed at this moment; the signature is refused all the same


def _replaced(config: Mapping[str, Any], key: Json, by: Json) -> Json:
    return {**config, "credentials": [by if each["id"] == key["id"] else each for each in entries(config)]}


def find(keys: Iterable[Json], key_id: str) -> Json | None:
    return next((each for each in keys if each["id"] == key_id), None)
