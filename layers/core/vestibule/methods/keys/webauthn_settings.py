"""Add security keys to one's account, and remove them. Contract 03 §8."""

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
from vestibule.methods.keys.ceremony import WEBAUTHN
from vestibule.methods.keys.making import made, name_node, register_nodes
from vestibule.methods.keys.passkey_login import unreadable
from vestibule.methods.keys.webauthn_registration import HANDLE_BYTES
from vestibule.methods.method import Change, Form, Pending, Rejected, SettingsAttempt
from vestibule.services import Services
from vestibule.stores.derivation import with_credential, without_credential
from vestibule.stores.key_rows import MOST_KEYS
from vestibule.ui import messages
from vestibule.ui.nodes import Node

_REGISTER, _NAME, _REMOVE = "webauthn_register", "webauthn_register_displayname", "webauthn_remove"

LAST = "This is the last way to sign in: add another one first"
NO_SUCH_KEY = "There is no such key"
TOO_MANY = f"There are {MOST_KEYS} of them already: remove one first"


class WebauthnSettings(Struct, frozen=True):
    id: str = WEBAUTHN
    fields: tuple[str, ...] = (_REGISTER, _NAME, _REMOVE)
    flags: tuple[str, ...] = ()
    protected: bool = True

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.webauthn.enabled

    def responsible(self, form: Form) -> bool:
        return form.method == WEBAUTHN or bool(form.text(_REGISTER) or form.text(_REMOVE))

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if flow.identity is None or flow.is_api:
            return ()
        configs = _configs(flow.identity, svc)
        config = configs.get(WEBAUTHN, {})
        keys, last = held.entries(config), _last(flow.identity, configs, svc)
        options = ceremony.webauthn_creation(flow, _handle(config, flow, svc), held.ids(keys), svc)
        return (
            *held.removal_nodes(_REMOVE, WEBAUTHN, keys, messages.SETTINGS_REMOVE_WEBAUTHN, last),
            name_node(),
            *register_nodes(options, messages.SETTINGS_REGISTER_WEBAUTHN),
            ceremony.script(flow, svc),
        )

    def submit(self, attempt: SettingsAttempt, svc: Services) -> Change | Rejected | Pending:
        if attempt.flow.is_api:
            return Rejected((Problem(messages.SETTINGS_NO_STRATEGY_FOUND()),))
        if attempt.form.text(_REMOVE):
            return _removed(attempt, svc)
        if attempt.form.text(_REGISTER):
            return _added(attempt, svc)
        return Rejected((Problem(messages.SETTINGS_NO_STRATEGY_FOUND()),))


def _configs(identity: Identity, svc: Services) -> Mapping[str, Json]:
    """What counts as a factor, in one read; nothing for whoever cannot have a key yet."""
    credential = identity.credential(WEBAUTHN)
    if credential is None or not credential.held:
        return {}
    return svc.identities.configs(identity.id, (*factors.FIRST, *factors.SECOND))


def _last(identity: Identity, configs: Mapping[str, Json], svc: Services) -> list[Json]:
    """The key without which the person could not sign in any more, if there is one."""
    first = held.entries(configs.get(WEBAUTHN, {}), passwordless=True)
    return first if first and factors.first_factors(identity, configs, svc) < 2 else []


def _handle(config: Json, flow: Flow, svc: Services) -> bytes:
    return held.handle_of(config) or ceremony.handle(WEBAUTHN, flow, HANDLE_BYTES, svc)


def _added(attempt: SettingsAttempt, svc: Services) -> Change | Rejected:
    flow, form, identity = attempt.flow, attempt.form, attempt.identity
    if not form.text(_NAME).strip():
        return Rejected((Problem(messages.REQUIRED(property=_NAME), f"#/{_NAME}"),))
    answer = ceremony.parsed(form.text(_REGISTER))
    if answer is None:
        return Rejected((unreadable(),))
    configs = svc.identities.configs(identity.id, factors.SECOND)
    config = configs.get(WEBAUTHN, {})
    if len(held.entries(config)) >= MOST_KEYS:
        return Rejected((Problem(messages.GENERIC(reason=TOO_MANY)),))
    new = made(answer, WEBAUTHN, flow, ceremony.security_keys(svc), svc)
    if new is None:
        return Rejected((Problem(messages.WEBAUTHN_VERIFIER_WRONG()),))
    now, passwordless = svc.clock.now(), svc.config.selfservice.methods.webauthn.config.passwordless
    key = held.entry(new, form.text(_NAME), now, passwordless=passwordless)
    following = held.with_key(config, key, _handle(config, flow, svc))
    changed = with_credential(replace(identity, updated_at=now), WEBAUTHN, now=now)
    return Change(
        factors.with_second_factors(changed, {**configs, WEBAUTHN: following}),
        {WEBAUTHN: following},
        AuthenticationMethod(WEBAUTHN, Aal.AAL1 if passwordless else Aal.AAL2, now),
        (ceremony.spending(WEBAUTHN, flow, svc),),
    )


def _removed(attempt: SettingsAttempt, svc: Services) -> Change | Rejected:
    identity, named = attempt.identity, attempt.form.text(_REMOVE)
    configs = _configs(identity, svc)
    config = configs.get(WEBAUTHN, {})
    kept, key = held.without_key(config, named), held.named(config, named)
    if kept is None or key is None:
        return Rejected((Problem(messages.GENERIC(reason=NO_SUCH_KEY)),))
    if key in _last(identity, configs, svc):
        return Rejected((Problem(messages.GENERIC(reason=LAST), f"#/{_REMOVE}"),))
    now = svc.clock.now()
    changed = with_credential(replace(identity, updated_at=now), WEBAUTHN, now=now)
    if not held.entries(kept) and not _by_traits(identity):
        changed = without_credential(changed, WEBAUTHN)
    changed = factors.with_second_factors(changed, {**configs, WEBAUTHN: kept})
    return Change(changed, {WEBAUTHN: kept if held.entries(kept) else None})


def _by_traits(identity: Identity) -> bool:
    """Whether the traits give the credential its identifiers: then it stays without keys, as it began."""
    credential = identity.credential(WEBAUTHN)
    return credential is not None and bool(credential.identifiers)
