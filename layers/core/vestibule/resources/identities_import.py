"""Credentials that administrators bring along, as they are stored. Contract 03 §11."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from vestibule.domain.errors import BadRequest
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.record import Unprinted
from vestibule.methods.factors import entries
from vestibule.ports import PasswordTooLong
from vestibule.resources.admin_body import written
from vestibule.resources.identities_bodies import Credentials, KeysConfig, PasswordConfig, ProvidersConfig
from vestibule.services import Services
from vestibule.stores.derivation import with_credential


class Imported(Unprinted, frozen=True):
    """Credential type to its config as it is stored: passwords are hashed, hashes checked."""

    configs: Mapping[str, Json]

    def onto(self, identity: Identity, present: Mapping[str, Json], now: datetime) -> tuple[Identity, dict[str, Json]]:
        """The identity with these credentials, and their configs merged with the `present` ones."""
        secrets: dict[str, Json] = {}
        for type_, config in self.configs.items():
            merged = _MERGED.get(type_, _replaced)(present.get(type_, {}), config)
            secrets[type_] = merged
            identity = with_credential(identity, type_, now=now, identifiers=identifiers(identity, type_, merged))
        return identity, secrets


def imported(credentials: Credentials | None, svc: Services) -> Imported:
    """Plain passwords are hashed; the policy is not asked. Raises BadRequest."""
    configs: dict[str, Json] = {}
    if credentials is None:
        return Imported(configs)
    if (password := credentials.password) and password.config:
        configs["password"] = _password(password.config, svc)
    for type_, providers in (("oidc", credentials.oidc), ("saml", credentials.saml)):
        if providers and providers.config and providers.config.providers:
            configs[type_] = _providers(providers.config)
    if (totp := credentials.totp) and totp.config and totp.config.totp_url:
        configs["totp"] = {"totp_url": totp.config.totp_url}
    if (lookup := credentials.lookup_secret) and lookup.config and lookup.config.codes:
        codes = [written(code) for code in lookup.config.codes]
        configs["lookup_secret"] = {"recovery_codes": codes}
    if (webauthn := credentials.webauthn) and webauthn.config:
        configs["webauthn"] = _keys(webauthn.config)
    if (passkey := credentials.passkey) and passkey.config:
        if not passkey.config.credentials or not passkey.config.user_handle:
            raise BadRequest("credentials.passkey.config needs both credentials and user_handle")
        configs["passkey"] = _keys(passkey.config)
    return Imported(configs)


def has_plain_password(credentials: Credentials | None) -> bool:
    """Whether hashing has to be done for them, which takes its time."""
    config = credentials.password.config if credentials and credentials.password else None
    return config is not None and bool(config.password)


def identifiers(identity: Identity, type_: str, config: Json) -> list[str]:
    """What finds a credential of this type; empty where the traits say it. Contract 03 §2."""
    match type_:
        case "oidc" | "saml":
            return [provider_identifier(provider) for provider in entries(config, "providers")]
        case "totp" | "lookup_secret":
            return [identity.id]
        case "passkey":
            return [_user_handle(str(config.get("user_handle", "")))]
        case _:
            return []


def provider_identifier(provider: Json) -> str:
    return f"{provider.get('provider', '')}:{provider.get('subject', '')}"


def _password(config: PasswordConfig, svc: Services) -> Json:
    if config.use_password_migration_hook:
        return {"hashed_password": "", "use_password_migration_hook": True}
    if config.password:
        try:
            return {"hashed_password": svc.hasher.hash(config.password)}
        except PasswordTooLong as too_long:
            raise BadRequest(f"The password has more than {too_long.maximum} bytes") from None
    hashed = config.hashed_password or ""
    svc.hasher.check_importable(hashed)
    return {"hashed_password": hashed}


def _providers(config: ProvidersConfig) -> Json:
    providers = config.providers or []
    if not all(provider.subject and provider.provider for provider in providers):
        raise BadRequest("Each of the providers needs a provider and a subject")
    return {"providers": [written(provider) for provider in providers]}


def _keys(config: KeysConfig) -> Json:
    keys = [written(key) for key in config.credentials or ()]
    for key in keys:
        _decoded(key["id"], "id")
        _decoded(key["public_key"], "public_key")
    _decoded(config.user_handle or "", "user_handle")
    return {"credentials": keys, "user_handle": config.user_handle or ""}


def _user_handle(encoded: str) -> str:
    """A handle of ours is text; one from elsewhere may be any bytes, and then its base64 stands for it."""
    try:
        return _decoded(encoded, "user_handle").decode()
    except UnicodeDecodeError:
        return encoded


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise BadRequest(f"A security key's {name} has to be standard base64") from None


# --- merging: PUT adds to what is there, but for passwords and TOTP --------------------------------------

_Merge = Callable[[Json, Json], Json]


def _replaced(_present: Json, config: Json) -> Json:
    return config


def _appended(name: str, identity_of: Callable[[Json], Any]) -> _Merge:
    def merge(present: Json, config: Json) -> Json:
        new = entries(config, name)
        known = {identity_of(entry) for entry in new}
        kept = [entry for entry in entries(present, name) if identity_of(entry) not in known]
        given = {key: value for key, value in config.items() if value}
        return {**present, **given, name: [*kept, *new]}

    return merge


_MERGED: Mapping[str, _Merge] = {
    "oidc": _appended("providers", provider_identifier),
    "saml": _appended("providers", provider_identifier),
    "webauthn": _appended("credentials", lambda key: key.get("id")),
    "passkey": _appended("credentials", lambda key: key.get("id")),
    "lookup_secret": _appended("recovery_codes", lambda code: code.get("code")),
}
