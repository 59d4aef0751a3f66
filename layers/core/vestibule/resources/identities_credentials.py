"""DELETE /identities/{id}/credentials/{type}. Contract 06 §4."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from vestibule.domain.credential import CredentialType
from vestibule.domain.errors import BadRequest, NotFound
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.outcome import Empty, Outcome
from vestibule.domain.request import Request
from vestibule.methods.factors import FIRST, SECOND, entries, first_factors, with_second_factors
from vestibule.resources.admin_query import identity_id
from vestibule.resources.identities_import import provider_identifier
from vestibule.resources.identities_patch_credentials import NO_PASSWORD
from vestibule.resources.identities_writing import changed, checked, replaced, touched
from vestibule.services import Services

Removal = tuple[Identity, Json | None]
"""The identity without the credential, and what is left of the config: None when nothing is."""


def delete(request: Request, svc: Services) -> Outcome:
    """204. Raises NotFound, BadRequest (not a type that can be deleted, or the last first factor), Conflict."""
    type_, identifier = request.path_parameters["type"], request.param("identifier")
    return changed(identity_id(request), svc, lambda old: _removed(old, type_, identifier, svc))


def _removed(old: Identity, type_: str, identifier: str | None, svc: Services) -> Outcome:
    if type_ in _KEPT:
        raise BadRequest(f"Credentials of the type {type_} cannot be deleted here")
    remove = _REMOVALS.get(type_)
    if remove is None or old.credential(type_) is None:
        raise NotFound("The identity has no credential of this type")
    configs = svc.identities.configs(old.id, {*FIRST, *SECOND})
    if type_ in FIRST and type_ != CredentialType.WEBAUTHN and first_factors(old, configs, svc) < 2:
        raise BadRequest("The last first factor of an identity cannot be deleted")
    changed_, config = remove(old, type_, configs.get(type_, {}), identifier)
    left = {name: each for name, each in (configs | {type_: config or {}}).items() if each}
    new = checked(with_second_factors(touched(changed_, svc), left), svc)
    replaced(old, new, {type_: config}, svc)
    return Empty()


def _whole(identity: Identity, type_: str, config: Json, identifier: str | None) -> Removal:
    return _without(identity, type_), None


def _password(identity: Identity, type_: str, config: Json, identifier: str | None) -> Removal:
    """The entry stays, as recorded: its identifiers follow from the traits."""
    return identity, NO_PASSWORD


def _provider(identity: Identity, type_: str, config: Json, identifier: str | None) -> Removal:
    if not identifier:
        raise BadRequest("The query parameter identifier has to name the credential, as provider:subject")
    providers = entries(config, "providers")
    kept = [provider for provider in providers if provider_identifier(provider) != identifier]
    if len(kept) == len(providers):
        raise NotFound("The identity has no credential of this identifier")
    if not kept:
        return _without(identity, type_), None
    identifiers = tuple(provider_identifier(provider) for provider in kept)
    credentials = tuple(
        replace(each, identifiers=identifiers) if each.type == type_ else each for each in identity.credentials
    )
    return replace(identity, credentials=credentials), config | {"providers": kept}


def _second_factor_keys(identity: Identity, type_: str, config: Json, identifier: str | None) -> Removal:
    kept = [key for key in entries(config, "credentials") if key.get("is_passwordless")]
    return (identity, config | {"credentials": kept}) if kept else (_without(identity, type_), None)


def _without(identity: Identity, type_: str) -> Identity:
    return replace(identity, credentials=tuple(each for each in identity.credentials if each.type != type_))


_REMOVALS: Mapping[str, Callable[[Identity, str, Json, str | None], Removal]] = {
    CredentialType.PASSWORD: _password,
    CredentialType.OIDC: _provider,
    CredentialType.SAML: _provider,
    CredentialType.TOTP: _whole,
    CredentialType.LOOKUP_SECRET: _whole,
    CredentialType.WEBAUTHN: _second_factor_keys,
}

_KEPT = (CredentialType.CODE, CredentialType.PASSKEY, CredentialType.DEVICEAUTHN)
