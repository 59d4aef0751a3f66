"""Sign in with a passkey, which says itself whose it is. Contract 03 §9."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vestibule.domain.errors import LocationChangeRequired
from vestibule.domain.flow import Flow
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.methods.identifier import identifier_nodes
from vestibule.methods.keys import ceremony, held
from vestibule.methods.keys.ceremony import PASSKEY, WEBAUTHN
from vestibule.methods.keys.known import PASSKEYS
from vestibule.methods.method import Attempt, Form, Proven, Rejected, Verdict
from vestibule.ports import Key
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node

LOGIN = "passkey_login"
_CHALLENGE, _TRIGGER = "passkey_challenge", "passkey_login_trigger"
_WHEN_LOADED = "oryPasskeyLoginAutocompleteInit"


class PasskeyLogin(Struct, frozen=True):
    id: str = PASSKEY
    fields: tuple[str, ...] = (LOGIN,)

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.passkey.enabled

    def responsible(self, form: Form) -> bool:
        return form.method == PASSKEY or bool(form.text(LOGIN))

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        """Browsers get the script, and offer passkeys behind the field for the name too."""
        allowed = flow.internal.get(PASSKEYS, ())
        if flow.requested_aal != Aal.AAL1 or (flow.refresh and not allowed):
            return ()
        options = ceremony.text_of(ceremony.passkey_request(flow, allowed, svc))
        parts = (_answer(flow), input_node(_CHALLENGE, "hidden", PASSKEY, value=options))
        identifier = identifier_nodes(flow, svc) if flow.refresh else ()
        script = () if flow.is_api else (ceremony.script(flow, svc),)
        return (*identifier, *script, *parts, *((_trigger(flow),) if _has_button(flow, svc) else ()))

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        answer = ceremony.parsed(form.text(LOGIN))
        return (svc.identities.key_rows.key(answer.key_id),) if answer else ()

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        """Raises LocationChangeRequired where no passkey answered: the page has to ask for one."""
        text, flow = attempt.form.text(LOGIN), attempt.flow
        if flow.requested_aal != Aal.AAL1:
            return Rejected((Problem(messages.LOGIN_NO_STRATEGY_FOUND()),))
        if not text:
            raise _ask(flow, svc)
        answer = ceremony.parsed(text)
        if answer is None:
            return Rejected((unreadable(),))
        claimed = svc.identities.read_identifier(attempt.found[svc.identities.key_rows.key(answer.key_id)])
        spent = ceremony.spent_key(PASSKEY, flow)
        by = held.owner(claimed.identity_id, (PASSKEY, WEBAUTHN), spent, svc) if claimed else None
        found = _found(by, answer.key_id) if by else None
        if by is None or found is None:
            return Rejected((Problem(messages.SUCH_NO_WEBAUTHN_USER()),))
        type_, key = found
        signature = held.Signature(answer, PASSKEY, type_, key, must_name_owner=not flow.internal.get(PASSKEYS))
        writes = held.proof(signature, by, flow, ceremony.passkeys(svc), svc)
        if writes is None:
            return Rejected((Problem(messages.WEBAUTHN_VERIFIER_WRONG()),))
        return Proven(by.identity, AuthenticationMethod(PASSKEY, Aal.AAL1, svc.clock.now()), writes)


def unreadable() -> Problem:
    return Problem(messages.GENERIC(reason="This is no answer of a security key or passkey"))


def _has_button(flow: Flow, svc: Services) -> bool:
    """Where the identifier is asked for first, only accounts that have a passkey get one."""
    offered = flow.internal.get("methods")
    if flow.refresh or svc.config.selfservice.flows.login.style != "identifier_first":
        return True
    return offered is not None and PASSKEY in offered


def _trigger(flow: Flow) -> Node:
    return ceremony.button(_TRIGGER, PASSKEY, "oryPasskeyLogin", flow, value="", label=messages.LOGIN_PASSKEY())


def _answer(flow: Flow) -> Node:
    """Passkeys are offered behind the field for the name, where there is one to be filled in."""
    if flow.refresh:
        return input_node(LOGIN, "hidden", PASSKEY)
    onload = None if flow.is_api else f"window.{_WHEN_LOADED}()"
    return input_node(LOGIN, "hidden", PASSKEY, onload=onload, onloadTrigger=_WHEN_LOADED)


def _ask(flow: Flow, svc: Services) -> LocationChangeRequired:
    where = svc.urls.ui(flow.kind, flow=flow.id)
    return LocationChangeRequired(
        "A page has to ask for the passkey", beside={"redirect_browser_to": where}, browser_location=where
    )


def _found(by: held.Owner, key_id: str) -> tuple[str, Json] | None:
    """The passkey of that id, or the security key that is a first factor."""
    if key := held.find(held.entries(by.config(PASSKEY)), key_id):
        return PASSKEY, key
    key = held.find(held.entries(by.config(WEBAUTHN), passwordless=True), key_id)
    return (WEBAUTHN, key) if key else None
