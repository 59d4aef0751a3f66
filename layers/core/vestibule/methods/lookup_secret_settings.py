"""Make backup codes, look at them, and give them up. Contract 03 §7."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from vestibule.domain.flow import Flow
from vestibule.domain.json import Json
from vestibule.domain.message import Message, Problem
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.methods import factors, lookup_secret
from vestibule.methods.enrolment import APPENDED
from vestibule.methods.lookup_secret import LOOKUP_SECRET
from vestibule.methods.method import Change, Form, Pending, Rejected, SettingsAttempt
from vestibule.services import Services
from vestibule.stores.derivation import with_credential, without_credential
from vestibule.ui import messages
from vestibule.ui.nodes import Node, submit_node, text_node

_REVEAL, _REGENERATE = "lookup_secret_reveal", "lookup_secret_regenerate"
_CONFIRM, _DISABLE = "lookup_secret_confirm", "lookup_secret_disable"
_CODES = "lookup_secret_codes"

_LABELS = {
    _REVEAL: messages.SETTINGS_REVEAL_LOOKUP,
    _REGENERATE: messages.SETTINGS_REGENERATE_LOOKUP,
    _CONFIRM: messages.SETTINGS_LOOKUP_CONFIRM,
    _DISABLE: messages.SETTINGS_DISABLE_LOOKUP,
}

_NEW = "lookup_new"
"""`flow.internal["lookup_new"]`: the seed of codes that were shown and wait to be confirmed."""

_SHOWN = "lookup_shown"
"""`flow.internal["lookup_shown"]`: the codes in force are shown."""


class LookupSecretSettings(Struct, frozen=True):
    id: str = LOOKUP_SECRET
    fields: tuple[str, ...] = ()
    flags: tuple[str, ...] = (_REVEAL, _REGENERATE, _CONFIRM, _DISABLE)
    protected: bool = True

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.lookup_secret.enabled

    def responsible(self, form: Form) -> bool:
        return _asked(form) is not None

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if flow.identity is None:
            return ()
        if seed := flow.internal.get(_NEW):
            shown: list[Json] = [{"code": code} for code in lookup_secret.new_codes(seed, svc)]
            return (_codes_node(shown), _button(_CONFIRM))
        if flow.identity.credential(LOOKUP_SECRET) is None:
            return (_button(_REGENERATE),)
        if not flow.internal.get(_SHOWN):
            return (_button(_REVEAL), _button(_DISABLE))
        stored = svc.credentials.find(flow.identity.id, LOOKUP_SECRET)
        return (_codes_node(lookup_secret.entries(stored)), _button(_DISABLE), _button(_REGENERATE))

    def submit(self, attempt: SettingsAttempt, svc: Services) -> Change | Rejected | Pending:
        has_codes = attempt.identity.credential(LOOKUP_SECRET) is not None
        match _asked(attempt.form):
            case "lookup_secret_regenerate":
                return _shown(attempt.flow, {_NEW: svc.random.uuid4()})
            case "lookup_secret_confirm" if seed := attempt.flow.internal.get(_NEW):
                return _confirmed(attempt, seed, svc)
            case "lookup_secret_reveal" if has_codes:
                return _shown(attempt.flow, {_SHOWN: True})
            case "lookup_secret_disable" if has_codes:
                return _disabled(attempt, svc)
            case "lookup_secret_confirm":
                return _refused("There are no new backup codes to confirm: make some first")
            case _:
                return _refused("There are no backup codes: make some first")


def _asked(form: Form) -> str | None:
    """The button that was pressed."""
    return next((name for name in _LABELS if form.fields.get(name) is True), None)


def _button(name: str) -> Node:
    return submit_node(name, "true", LOOKUP_SECRET, _LABELS[name]())


def _codes_node(codes: Sequence[Json]) -> Node:
    secrets = [_code_message(entry) for entry in codes]
    listed = messages.SETTINGS_LOOKUP_SECRET_LIST(secrets=[message.to_wire() for message in secrets])
    return text_node(_CODES, listed, LOOKUP_SECRET, label=messages.SETTINGS_LOOKUP_SECRET_LABEL())


def _code_message(entry: Json) -> Message:
    used_at = lookup_secret.used_at(entry)
    if used_at is not None:
        return messages.SETTINGS_LOOKUP_SECRET_USED(used_at=used_at)
    return messages.SETTINGS_LOOKUP_SECRET(secret=str(entry.get("code", "")))


def _shown(flow: Flow, internal: Json) -> Pending:
    """The form with codes in it, as recorded behind everything else. Earlier messages are gone."""
    kept = {name: value for name, value in flow.internal.items() if name not in (_NEW, _SHOWN)}
    following = kept | internal | {APPENDED: LOOKUP_SECRET}
    return Pending(replace(flow, internal=following, messages=(), problems=()))


def _confirmed(attempt: SettingsAttempt, seed: str, svc: Services) -> Change:
    identity, now = attempt.identity, svc.clock.now()
    changed = with_credential(replace(identity, updated_at=now), LOOKUP_SECRET, now=now, identifiers=(identity.id,))
    codes = [{"code": code} for code in lookup_secret.new_codes(seed, svc)]
    return Change(
        replace(changed, aal2_possible=True),
        {LOOKUP_SECRET: {"recovery_codes": codes}},
        AuthenticationMethod(LOOKUP_SECRET, Aal.AAL2, now),
    )


def _disabled(attempt: SettingsAttempt, svc: Services) -> Change:
    identity = attempt.identity
    others = [type_ for type_ in factors.SECOND if type_ != LOOKUP_SECRET]
    changed = without_credential(replace(identity, updated_at=svc.clock.now()), LOOKUP_SECRET)
    kept = svc.identities.configs(identity.id, others)
    return Change(factors.with_second_factors(changed, kept), {LOOKUP_SECRET: None})


def _refused(reason: str) -> Rejected:
    return Rejected((Problem(messages.GENERIC(reason=reason)),))
