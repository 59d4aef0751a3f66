"""How an identity lies in its item, and the rows that point to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from vestibule.domain.credential import Credential
from vestibule.domain.identity import Identity, RecoveryAddress, State, VerifiableAddress
from vestibule.domain.times import from_micros, to_micros
from vestibule.ports import Absent, AnyOf, Equals, Item, Key, Put


def identity_key(identity_id: str) -> Key:
    return (f"I#{identity_id}", "#")


def credential_key(identity_id: str, type_: str) -> Key:
    return (f"I#{identity_id}", f"K#{type_}")


def external_id_key(external_id: str) -> Key:
    return (f"X#{external_id}", "#")


def shard(identity_id: str) -> str:
    """The GSI1 partition that lists the identity: sixteen of them, by first digit."""
    return f"IL#{identity_id[0]}"


def to_item(identity: Identity, *, version: int) -> Item:
    """`ver`, `st` and `svb` (epoch microseconds) stand apart for conditions; `doc` is the rest, as JSON."""
    pk, sk = identity_key(identity.id)
    item: Item = {
        "pk": pk,
        "sk": sk,
        "g1pk": shard(identity.id),
        "g1sk": identity.id,
        "ver": version,
        "st": str(identity.state),
        "doc": json.dumps(_document(identity), separators=(",", ":"), ensure_ascii=False),
    }
    if identity.sessions_void_before is not None:
        item["svb"] = to_micros(identity.sessions_void_before)
        item["svk"] = identity.kept_session_id or ""
    return item


def from_item(item: Item | None) -> Identity | None:
    """The identity; None where there is no item or only the tombstone of a deleted one."""
    if item is None or "gone" in item:
        return None
    return read_identity(item)


def read_identity(item: Item) -> Identity:
    document = json.loads(item["doc"])
    return Identity(
        id=item["pk"].removeprefix("I#"),
        schema_id=document["schema"],
        traits=document["traits"],
        state=State(item["st"]),
        state_changed_at=from_micros(document["sat"]),
        created_at=from_micros(document["cat"]),
        updated_at=from_micros(document["uat"]),
        verifiable_addresses=tuple(_verifiable(row) for row in document.get("va", ())),
        recovery_addresses=tuple(_recovery(row) for row in document.get("ra", ())),
        metadata_public=document.get("mp"),
        metadata_admin=document.get("ma"),
        external_id=document.get("xid"),
        organization_id=document.get("org"),
        credentials=tuple(_credential(row) for row in document.get("cr", ())),
        aal2_possible=document.get("aal2", False),
        sessions_void_before=from_micros(item["svb"]) if "svb" in item else None,
        kept_session_id=item.get("svk") or None,
        version=item["ver"],
    )


def _document(identity: Identity) -> dict[str, Any]:
    document: dict[str, Any] = {
        "schema": identity.schema_id,
        "traits": identity.traits,
        "sat": to_micros(identity.state_changed_at),
        "cat": to_micros(identity.created_at),
        "uat": to_micros(identity.updated_at),
    }
    optional: dict[str, Any] = {
        "va": [_verifiable_row(address) for address in identity.verifiable_addresses],
        "ra": [_recovery_row(address) for address in identity.recovery_addresses],
        "mp": identity.metadata_public,
        "ma": identity.metadata_admin,
        "xid": identity.external_id,
        "org": identity.organization_id,
        "cr": [_credential_row(credential) for credential in identity.credentials],
    }
    document |= {name: value for name, value in optional.items() if value is not None and value != []}
    if identity.aal2_possible:
        document["aal2"] = True
    return document


def _verifiable_row(address: VerifiableAddress) -> list[Any]:
    verified_at = to_micros(address.verified_at) if address.verified_at else None
    times = (to_micros(address.created_at), to_micros(address.updated_at), verified_at)
    return [address.id, address.via, address.value, address.verified, str(address.status), *times]


def _verifiable(row: list[Any]) -> VerifiableAddress:
    return VerifiableAddress(
        id=row[0],
        via=row[1],
        value=row[2],
        verified=row[3],
        status=row[4],
        created_at=from_micros(row[5]),
        updated_at=from_micros(row[6]),
        verified_at=from_micros(row[7]) if row[7] is not None else None,
    )


def _recovery_row(address: RecoveryAddress) -> list[Any]:
    return [address.id, address.via, address.value, to_micros(address.created_at), to_micros(address.updated_at)]


def _recovery(row: list[Any]) -> RecoveryAddress:
    created_at, updated_at = from_micros(row[3]), from_micros(row[4])
    return RecoveryAddress(id=row[0], via=row[1], value=row[2], created_at=created_at, updated_at=updated_at)


def _credential_row(credential: Credential) -> list[Any]:
    times = (to_micros(credential.created_at), to_micros(credential.updated_at))
    row = [credential.type, list(credential.identifiers), credential.version, *times]
    return row if credential.held else [*row, 0]


def _credential(row: list[Any]) -> Credential:
    return Credential(
        type=row[0],
        identifiers=tuple(row[1]),
        version=row[2],
        created_at=from_micros(row[3]),
        updated_at=from_micros(row[4]),
        held=len(row) == 5,
    )


def told_what_is_held(identity: Identity, secrets: Mapping[str, object]) -> Identity:
    """The identity whose credentials know whether they have a config, when these are written with it."""
    told = (
        replace(each, held=secrets[each.type] is not None) if each.type in secrets else each
        for each in identity.credentials
    )
    return replace(identity, credentials=tuple(told))


def identifiers_of(identity: Identity) -> Iterator[tuple[str, str]]:
    """(credential type, normalised identifier): each is unique among all identities."""
    for credential in identity.credentials:
        for identifier in dict.fromkeys(credential.identifiers):
            yield credential.type, identifier


def addresses_of(identity: Identity) -> dict[tuple[str, str], list[str]]:
    """(via, value) to the roles the address has: `verifiable`, `recovery`."""
    roles: dict[tuple[str, str], list[str]] = {}
    for address in identity.verifiable_addresses:
        roles.setdefault((address.via, address.value), []).append("verifiable")
    for address in identity.recovery_addresses:
        roles.setdefault((address.via, address.value), []).append("recovery")
    return roles


def claim_row(key: Key, identity_id: str) -> Item:
    """What makes something of an identity unique: a row that says whose it is."""
    return {"pk": key[0], "sk": key[1], "id": identity_id}


def mine_or_absent(identity_id: str) -> AnyOf:
    return AnyOf((Absent(), Equals("id", identity_id)))


def claim_changed(write: Put, former: Put) -> bool:
    """A claim is written again where it carries a new secret or new roles."""
    return "cfg" in write.item or write.item.get("roles") != former.item.get("roles")
