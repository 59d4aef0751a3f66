"""Sign up with traits and a passkey. Contract 03 §9."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vestibule.crypto.text import to_base64url
from vestibule.domain.flow import Flow
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.methods import traits
from vestibule.methods.keys import ceremony, held
from vestibule.methods.keys.ceremony import PASSKEY, User
from vestibule.methods.keys.making import made, passkey_nodes
from vestibule.methods.keys.passkey_login import unreadable
from vestibule.methods.method import Attempt, Form, Proven, Rejected, Verdict
from vestibule.ports import Key
from vestibule.services import Services
from vestibule.stores.derivation import with_credential
from vestibule.ui import messages
from vestibule.ui.nodes import Node

REGISTER, TRIGGER = "passkey_register", "passkey_register_trigger"
_NOTHING = ("", "true")
"""What the field holds before a passkey answered."""

_HANDLE_BYTES = 48


class PasskeyRegistration(Struct, frozen=True):
    id: str = PASSKEY
    fields: tuple[str, ...] = (REGISTER,)

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.passkey.enabled

    def responsible(self, form: Form) -> bool:
        return form.method == PASSKEY or form.text(REGISTER) not in _NOTHING

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        """None where no trait says what the passkey is to be called."""
        names = svc.schema(flow.identity_schema).passkey_names
        if not names or not traits.asks_for_credentials(flow, svc):
            return ()
        user = User(new_handle(flow, svc).encode(), ceremony.passkeys(svc).name)
        data: Json = {
            "credentialOptions": ceremony.passkey_creation(flow, user, (), svc),
            "displayNameFieldName": names[0],
            "displayNameFieldNames": list(names),
        }
        label = messages.REGISTRATION_REGISTER_PASSKEY()
        trigger = ceremony.button(TRIGGER, PASSKEY, "oryPasskeyRegistration", flow, label=label)
        script = () if flow.is_api else (ceremony.script(flow, svc),)
        return (*script, *passkey_nodes(data, REGISTER, trigger))

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        return ()

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        flow, text = attempt.flow, attempt.form.text(REGISTER)
        values = {"traits": attempt.form.traits}
        if text in _NOTHING:
            return Rejected((Problem(messages.REGISTRATION_NO_STRATEGY_FOUND()),))
        answer = ceremony.parsed(text)
        if answer is None:
            return Rejected((unreadable(),), values)
        identity = traits.proposed(attempt, svc)
        if isinstance(identity, tuple):
            return Rejected(identity, values)
        new = made(answer, PASSKEY, flow, ceremony.passkeys(svc), svc)
        if new is None:
            return Rejected((Problem(messages.WEBAUTHN_VERIFIER_WRONG()),), values)
        now, handle = svc.clock.now(), new_handle(flow, svc)
        key = held.entry(new, "", now, passwordless=True)
        return Proven(
            with_credential(identity, PASSKEY, now=now, identifiers=(handle,)),
            AuthenticationMethod(PASSKEY, Aal.AAL1, now),
            writes=(ceremony.spending(PASSKEY, flow, svc),),
            secrets={PASSKEY: held.with_key({}, key, handle.encode())},
        )


def new_handle(flow: Flow, svc: Services) -> str:
    """64 characters that say nothing: what a passkey will name its owner by, and what the credential is found by."""
    return to_base64url(ceremony.handle(PASSKEY, flow, _HANDLE_BYTES, svc))
