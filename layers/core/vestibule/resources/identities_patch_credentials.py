"""What a JSON Patch may do to credentials. Contract 06 §3."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from vestibule.config.json_shapes import is_object
from vestibule.domain.errors import BadRequest
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.methods.factors import with_second_factors
from vestibule.resources.admin_body import shaped, written
from vestibule.resources.identities_bodies import Body, KeysConfig, StoredLookupConfig, StoredPasswordConfig, TotpConfig
from vestibule.resources.identities_import import identifiers
from vestibule.services import Services
from vestibule.stores.derivation import with_credential

_SHAPES: Mapping[str, type[Body]] = {
    "password": StoredPasswordConfig,
    "totp": TotpConfig,
    "lookup_secret": StoredLookupConfig,
    "webauthn": KeysConfig,
    "passkey": KeysConfig,
}
"""What the configs look like as they are stored and shown."""

PATCHED = tuple(_SHAPES)
"""Types whose secrets a patch may change. Codes follow from the traits; those of providers are closed."""

NO_PASSWORD: Json = {"hashed_password": ""}
"""Takes a password's place: its identifiers stay, and carry a copy of the hash that has to go."""


def patched(identity: Identity, before: Json, after: Json, svc: Services) -> tuple[Identity, dict[str, Json | None]]:
    """The identity with the credentials of the patched document, and the secrets that change. Raises BadRequest."""
    now = svc.clock.now()
    secrets: dict[str, Json | None] = {}
    configs: dict[str, Json] = {}
    for type_, credential in after.items():
        config = _config(type_, credential)
        configs[type_] = config
        if credential == before.get(type_):
            continue
        if type_ not in _SHAPES:
            raise BadRequest(f"Credentials of the type {type_} cannot be patched")
        secrets[type_] = configs[type_] = _checked(type_, config, svc)
        identity = with_credential(identity, type_, now=now, identifiers=identifiers(identity, type_, config))
    for type_ in before.keys() - after.keys():
        secrets[type_] = NO_PASSWORD if type_ == "password" else None
        identity = replace(identity, credentials=tuple(each for each in identity.credentials if each.type != type_))
    return with_second_factors(identity, configs), secrets


def _config(type_: str, credential: object) -> Json:
    if not is_object(credential) or credential.get("type") != type_:
        raise BadRequest("The type of a credential has to be the key that it stands under")
    config = credential.get("config", {})
    if not is_object(config):
        raise BadRequest("The config of a credential has to be an object")
    return config


def _checked(type_: str, config: Json, svc: Services) -> Json:
    checked = written(shaped(_SHAPES[type_], config))
    if checked.get("hashed_password"):
        svc.hasher.check_importable(checked["hashed_password"])
    return checked
