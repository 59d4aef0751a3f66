"""How administrators see identities. Contract 06 §2."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from vestibule.domain.credential import CredentialType
from vestibule.domain.errors import BadRequest
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.request import Request
from vestibule.services import Services
from vestibule.stores.addresses import heard

INTERNAL = ("profile", "identifier_first", "link_recovery", "code_recovery")
"""Names that `include_credential` takes although no identity has such a credential."""


def included(request: Request) -> tuple[str, ...]:
    """`include_credential`: the types whose secrets are asked for. Raises BadRequest for a name of none."""
    types = request.params("include_credential")
    known = {*CredentialType, *INTERNAL}
    if not known.issuperset(types):
        raise BadRequest(f"include_credential takes the names of credential types: {', '.join(sorted(known))}")
    return tuple(dict.fromkeys(types))


def shown(identity: Identity, svc: Services, types: Sequence[str] = (), *, with_credentials: bool = True) -> Json:
    """The identity with its addresses and, with the secrets of the `types` alone, its credentials."""
    wire = identity.to_wire(svc.urls.public, admin=True) | {"metadata_admin": identity.metadata_admin}
    if with_credentials and identity.credentials:
        wire["credentials"] = _credentials(identity, types, _configs(identity, types, svc))
    return wire


def with_feedback(wire: Json, svc: Services) -> Json:
    """Beside each address that mail came back from, or whose owner complained of it, that this was so and when."""
    shown = [*wire.get("verifiable_addresses", ()), *wire.get("recovery_addresses", ())]
    places = [(each["via"], each["value"]) for each in shown]
    for address, feedback in zip(shown, heard(svc.table, svc.index, places), strict=True):
        if feedback is not None:
            address["feedback"] = feedback.to_wire()
    return wire


def created(identity: Identity, svc: Services, given: Collection[str]) -> Json:
    """As the reference shows what it has just made: only codes have a version, and see `updated`."""
    credentials = [
        each if each.type == CredentialType.CODE else replace(each, version=0) for each in identity.credentials
    ]
    return updated(replace(identity, credentials=tuple(credentials)), svc, given)


def updated(identity: Identity, svc: Services, given: Collection[str]) -> Json:
    """`metadata_admin` is there when it was `given` (the body's keys), null or not."""
    wire = shown(identity, svc)
    if "metadata_admin" not in given:
        wire.pop("metadata_admin")
    return wire


def without_addresses(identity: Identity, svc: Services) -> Json:
    """As lists of sessions show it."""
    return identity.to_wire(svc.urls.public, addresses=False) | {"metadata_admin": identity.metadata_admin}


def _credentials(identity: Identity, types: Sequence[str], configs: Mapping[str, Json]) -> Json:
    return {
        each.type: replace(each, config=configs.get(each.type, {})).to_wire(with_config=each.type in types)
        for each in identity.credentials
    }


def _configs(identity: Identity, types: Sequence[str], svc: Services) -> dict[str, Json]:
    stored = [type_ for type_ in types if identity.credential(type_) and type_ != CredentialType.CODE]
    configs = svc.identities.configs(identity.id, stored) if stored else {}
    if configs.get("password") == {"hashed_password": ""}:
        configs["password"] = {}
    if CredentialType.CODE in types and (schema := svc.schemas.get(identity.schema_id)):
        addresses = schema.code_addresses(identity.traits)
        configs["code"] = {"addresses": [{"channel": via, "address": address} for via, address in addresses]}
    return configs
