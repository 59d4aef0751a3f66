"""PATCH /identities/{id}. Contract 06 §3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from vestibule.config.json_shapes import is_list, is_object
from vestibule.domain.errors import BadRequest
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.outcome import Document, Outcome
from vestibule.domain.request import Request
from vestibule.resources import identities_patch_credentials as of_credentials
from vestibule.resources.admin_body import shaped
from vestibule.resources.admin_query import identity_id
from vestibule.resources.identities_bodies import VerifiableAddressBody
from vestibule.resources.identities_views import shown, updated
from vestibule.resources.identities_writing import (
    changed,
    checked,
    external_id,
    known_status,
    replaced,
    state,
    touched,
)
from vestibule.resources.json_patch import Operation, applied, operations
from vestibule.services import Services
from vestibule.stores.derivation import KnownStatus


def patch(request: Request, svc: Services) -> Outcome:
    """The identity as it is then. Raises BadRequest, NotFound, Conflict, TooLarge."""
    sent = operations(request)
    return changed(identity_id(request), svc, lambda old: _patched(old, sent, svc))


def _patched(old: Identity, patch: Sequence[Operation], svc: Services) -> Outcome:
    """The patch is made for what the API shows, secrets included where it speaks of credentials."""
    types = of_credentials.PATCHED if any(each.path[0] == "credentials" for each in patch) else ()
    before = shown(old, svc, types)
    after = applied(patch, before)
    new = replace(
        touched(old, svc).in_state(state(_text(after, "state")) or old.state, svc.clock.now()),
        schema_id=_text(after, "schema_id") or old.schema_id,
        traits=after.get("traits", {}),
        metadata_public=after.get("metadata_public"),
        metadata_admin=after.get("metadata_admin"),
        external_id=external_id(_text(after, "external_id")),
    )
    secrets: dict[str, Json | None] = {}
    if types:
        new, secrets = of_credentials.patched(new, _credentials(before), _credentials(after), svc)
    new = checked(new, svc, _told(before, after))
    return Document(body=updated(replaced(old, new, secrets, svc), svc, after))


def _told(before: Json, after: Json) -> list[KnownStatus]:
    """What the patch says about verifiable addresses. One that it calls verified is completed."""
    addresses = after.get("verifiable_addresses", [])
    if not is_list(addresses):
        raise BadRequest("verifiable_addresses has to be a list")
    told: list[KnownStatus] = []
    for address in addresses:
        if address in before.get("verifiable_addresses", []):
            continue
        if not is_object(address):
            raise BadRequest("A verifiable address has to be an object")
        status = known_status(shaped(VerifiableAddressBody, address, strict=False))
        told.append(replace(status, status=None) if status.verified else status)
    return told


def _credentials(document: Json) -> Json:
    credentials = document.get("credentials", {})
    if not is_object(credentials):
        raise BadRequest("credentials has to be an object")
    return credentials


def _text(document: Json, name: str) -> str | None:
    value: Any = document.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name} has to be text")
    return value
