"""Add passkeys to one's account, and remove them. Contract 03 §9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.methods import factors
from vestibule.methods.keys import ceremony, held
from vestibule.methods.keys.ceremony import PASSKEY, User
from vestibule.methods.keys.making import made, passkey_nodes
from vestibule.methods.keys.passkey_login import unreadable
from vestibule.methods.keys.passkey_registration import TRIGGER, new_handle
from vestibule.methods.keys.webauthn_settings import LAST, NO_SUCH_KEY, TOO_MANY
from vestibule.methods.method import Change, Form, Pending, Rejected, SettingsAttempt
from vestibule.methods.profile_settings import schema_of
from vestibule.services import Services
from vestibule.stores.derivation import with_credential, without_credential
from vestibule.stores.key_rows import MOST_KEYS
from vestibule.ui import messages
from vestibule.ui.nodes import Node

_REGISTER, _REMOVE = "passkey_settings_register", "passkey_remove"
_AT_LAST = "#/webauthn_remove"
"""Where it is said that a passkey is the last way to sign in: as recorded, at the field for security keys."""


class PasskeySettings(Struct, frozen=True):
    id: str = PASSKEY
    fields: tuple[str, ...] = (_REGISTER, _REMOVE)
    flags: tuple[str, ...] = ()
    protected: bool = True

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.passkey.enabled

    def responsible(self, form: Form) -> bool:
        return form.method == PASSKEY or bool(form.text(_REGISTER) or form.text(_REMOVE))

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        identity = flow.identity
        if identity is None:
            return ()
        configs = _configs(identity, svc)
        config = configs.get(PASSKEY, {})
        keys = held.entries(config)
        kept = keys if keys and factors.first_factors(identity, configs, svc) < 2 else []
        removals = held.removal_nodes(_REMOVE, PASSKEY, keys, messages.SETTINGS_REMOVE_PASSKEY, kept)
        script = () if flow.is_api else (ceremony.script(flow, svc),)
        name = _name(identity, svc)
        if not name:
            return (*removals, *(script if removals else ()))
        user = User(_handle(config, flow, svc), name)
        options = ceremony.passkey_creation(flow, user, held.ids(keys), svc)
        label = messages.SETTINGS_REGISTER_PASSKEY()
        trigger = ceremony.button(TRIGGER, PASSKEY, "oryPasskeySettingsRegistration", flow, value="", label=label)
        return (*script, *removals, *passkey_nodes(options, _REGISTER, trigger))

    def submit(self, attempt: SettingsAttempt, svc: Services) -> Change | Rejected | Pending:
        if attempt.form.text(_REMOVE):
            return _removed(attempt, svc)
        if attempt.form.text(_REGISTER):
            return _added(attempt, svc)
        return Rejected((Problem(messages.SETTINGS_NO_STRATEGY_FOUND()),))


def _configs(identity: Identity, svc: Services) -> Mapping[str, Json]:
    credential = identity.credential(PASSKEY)
    return svc.identities.configs(identity.id, factors.FIRST) if credential and credential.held else {}


def _name(identity: Identity, svc: Services) -> str:
    return schema_of(identity, svc).passkey_display_name(identity.traits)


def _handle(config: Json, flow: Flow, svc: Services) -> bytes:
    return held.handle_of(config) or new_handle(flow, svc).encode()


def _added(attempt: SettingsAttempt, svc: Services) -> Change | Rejected:
    flow, identity = attempt.flow, attempt.identity
    answer = ceremony.parsed(attempt.form.text(_REGISTER))
    if answer is None:
        return Rejected((unreadable(),))
    if not _name(identity, svc):
        return Rejected((Problem(messages.IDENTIFIER_MISSING()),))
    config = _configs(identity, svc).get(PASSKEY, {})
    if len(held.entries(config)) >= MOST_KEYS:
        return Rejected((Problem(messages.GENERIC(reason=TOO_MANY)),))
    new = made(answer, PASSKEY, flow, ceremony.passkeys(svc), svc)
    if new is None:
        return Rejected((Problem(messages.WEBAUTHN_VERIFIER_WRONG()),))
    now, present = svc.clock.now(), identity.credential(PASSKEY)
    key = held.entry(new, "", now, passwordless=True)
    identifiers = present.identifiers if present and config else (new_handle(flow, svc),)
    return Change(
        with_credential(replace(identity, updated_at=now), PASSKEY, now=now, identifiers=identifiers),
        {PASSKEY: held.with_key(config, key, _handle(config, flow, svc))},
        AuthenticationMethod(PASSKEY, Aal.AAL1, now),
        (ceremony.spending(PASSKEY, flow, svc),),
    )


def _removed(attempt: SettingsAttempt, svc: Services) -> Change | Rejected:
    identity = attempt.identity
    configs = _configs(identity, svc)
    kept = held.without_key(configs.get(PASSKEY, {}), attempt.form.text(_REMOVE))
    if kept is None:
        return Rejected((Problem(messages.GENERIC(reason=NO_SUCH_KEY)),))
    if factors.first_factors(identity, configs, svc) < 2:
        return Rejected((Problem(messages.GENERIC(reason=LAST), _AT_LAST),))
    now = svc.clock.now()
    touched = replace(identity, updated_at=now)
    if not held.entries(kept):
        return Change(without_credential(touched, PASSKEY), {PASSKEY: None})
    return Change(with_credential(touched, PASSKEY, now=now), {PASSKEY: kept})
