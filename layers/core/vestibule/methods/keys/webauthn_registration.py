"""Sign up with traits and a security key. Contract 03 §8."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vestibule.domain.flow import Flow
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.methods import traits
from vestibule.methods.keys import ceremony, held
from vestibule.methods.keys.ceremony import WEBAUTHN
from vestibule.methods.keys.making import made, name_node, register_nodes
from vestibule.methods.keys.passkey_login import unreadable
from vestibule.methods.method import Attempt, Form, Proven, Rejected, Verdict
from vestibule.ports import Key
from vestibule.services import Services
from vestibule.stores.derivation import with_credential
from vestibule.ui import messages
from vestibule.ui.nodes import Node

REGISTER, NAME = "webauthn_register", "webauthn_register_displayname"
HANDLE_BYTES = 32


class WebauthnRegistration(Struct, frozen=True):
    id: str = WEBAUTHN
    fields: tuple[str, ...] = (REGISTER, NAME)

    def enabled(self, svc: Services) -> bool:
        config = svc.config.selfservice.methods.webauthn
        return config.enabled and config.config.passwordless

    def responsible(self, form: Form) -> bool:
        return form.method == WEBAUTHN or bool(form.text(REGISTER))

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if flow.is_api or not traits.asks_for_credentials(flow, svc):
            return ()
        options = ceremony.webauthn_creation(flow, ceremony.handle(WEBAUTHN, flow, HANDLE_BYTES, svc), (), svc)
        return (
            name_node(),
            *register_nodes(options, messages.REGISTRATION_REGISTER_WEBAUTHN),
            ceremony.script(flow, svc),
        )

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        return ()

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        flow, form = attempt.flow, attempt.form
        values = {"traits": form.traits}
        if flow.is_api:
            return Rejected((Problem(messages.REGISTRATION_NO_STRATEGY_FOUND()),))
        if not form.text(REGISTER):
            return Rejected(_missing(), values)
        answer = ceremony.parsed(form.text(REGISTER))
        if answer is None:
            return Rejected((unreadable(),), values)
        identity = traits.proposed(attempt, svc)
        if isinstance(identity, tuple):
            return Rejected(identity, values)
        credential = identity.credential(WEBAUTHN)
        if credential is None or not credential.identifiers:
            return Rejected((Problem(messages.IDENTIFIER_MISSING()),), values)
        new = made(answer, WEBAUTHN, flow, ceremony.security_keys(svc), svc)
        if new is None:
            return Rejected((Problem(messages.WEBAUTHN_VERIFIER_WRONG()),), values)
        now = svc.clock.now()
        key = held.entry(new, form.text(NAME), now, passwordless=True)
        return Proven(
            with_credential(identity, WEBAUTHN, now=now),
            AuthenticationMethod(WEBAUTHN, Aal.AAL1, now),
            writes=(ceremony.spending(WEBAUTHN, flow, svc),),
            secrets={WEBAUTHN: held.with_key({}, key, ceremony.handle(WEBAUTHN, flow, HANDLE_BYTES, svc))},
        )


def _missing() -> tuple[Problem, ...]:
    """As recorded it asks for a field, too, that the form does not have."""
    return tuple(Problem(messages.REQUIRED(property=name), f"#/{name}") for name in ("identifier", REGISTER))
