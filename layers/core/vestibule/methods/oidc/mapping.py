"""From claims to a person, by the provider's mapper: Jsonnet with `claims` and `identity`. Contract 03 §10."""

from __future__ import annotations

import logging
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vestibule.config import normalise
from vestibule.config.document import dig, merged
from vestibule.config.json_shapes import is_list, is_object
from vestibule.domain.errors import InternalError
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.methods.oidc.providers import Provider
from vestibule.ports import TemplateFailed
from vestibule.services import Services
from vestibule.stores.derivation import KnownStatus, derived

_log = logging.getLogger("vestibule")

_METADATA = ("metadata_public", "metadata_admin")


class Mapped(Struct, frozen=True):
    """What the mapper makes of the claims. `metadata` has only what it names."""

    traits: Json
    metadata: Json
    verified: tuple[KnownStatus, ...]


def mapped(provider: Provider, claims: Json, identity: Identity | None, svc: Services) -> Mapped:
    """Raises InternalError: whoever signs in can do nothing about a mapper that does not work."""
    known: Json = {}
    if identity is not None:
        known = {"traits": identity.traits, **{name: getattr(identity, name) for name in _METADATA}}
    try:
        made: Any = svc.templates(provider.config.mapper_url, ext={"claims": claims, "identity": known})
    except TemplateFailed as failed:
        _log.error("a claims mapper fails: %s", failed, extra={"provider": provider.id})
        raise InternalError from None
    person = dig(made, "identity")
    traits = dig(person, "traits")
    if not is_object(traits):
        _log.error("a claims mapper gives no identity.traits", extra={"provider": provider.id})
        raise InternalError("What the provider says could not be turned into an account: its mapper gives no traits")
    metadata = {name: person[name] for name in _METADATA if name in person}
    return Mapped(traits, metadata, tuple(_verified(dig(person, "verified_addresses"))))


def filled_in(claimed: Json, typed: Any, *, claims_first: bool) -> Json:
    """The traits with what was typed over what the provider claims, or below it; what was left empty is no answer."""
    if not is_object(typed):
        return claimed
    return merged(_given(typed), _given(claimed)) if claims_first else merged(claimed, _given(typed))


def _given(typed: Json) -> Json:
    kept = {name: _given(value) if is_object(value) else value for name, value in typed.items()}
    return {name: value for name, value in kept.items() if value not in ("", None, [])}


def with_metadata(identity: Identity, mapped_: Mapped, svc: Services) -> Identity:
    """The identity with what the mapper says beside the traits; an address is verified only while it is theirs."""
    schema = svc.schema(identity.schema_id)
    now = svc.clock.now()
    changed = replace(identity, **mapped_.metadata)
    return derived(changed, schema, now=now, new_id=svc.random.uuid4, known=mapped_.verified)


def brought_up_to_date(identity: Identity, mapped_: Mapped, svc: Services) -> Identity:
    """The identity as the provider describes it now: its traits win, others stay. As it was where that is not valid."""
    schema = svc.schema(identity.schema_id)
    traits = merged(identity.traits, mapped_.traits)
    if any(True for _ in schema.validate(traits)):
        _log.warning("what a provider says now does not fit the identity schema: the identity stays as it is")
        return identity
    changed = with_metadata(replace(identity, traits=traits), mapped_, svc)
    return identity if changed == identity else replace(changed, updated_at=svc.clock.now())


_NORMALISED = {"email": normalise.email, "sms": normalise.phone}


def _verified(addresses: Any) -> list[KnownStatus]:
    return [
        KnownStatus(value=_NORMALISED.get(each["via"], str)(each["value"]), via=each["via"], verified=True)
        for each in (addresses if is_list(addresses) else [])
        if is_object(each) and isinstance(each.get("via"), str) and isinstance(each.get("value"), str)
    ]
