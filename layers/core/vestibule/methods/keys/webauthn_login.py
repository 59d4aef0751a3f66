"""Sign in with a security key: as second factor, or instead of a password. Contract 03 §8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vestibule.config.normalise import identifier as normalised
from vestibule.crypto.text import to_base64url
from vestibule.domain.flow import Flow
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.domain.session import NIL_UUID, Aal, AuthenticationMethod
from vestibule.methods import enrolment, second_factor
from vestibule.methods.identifier import IDENTIFIER, identifier_nodes
from vestibule.methods.keys import ceremony, held
from vestibule.methods.keys.ceremony import WEBAUTHN
from vestibule.methods.keys.known import KEYS, is_for
from vestibule.methods.keys.passkey_login import unreadable
from vestibule.methods.method import Attempt, Form, Pending, Proven, Rejected, Verdict
from vestibule.ports import Key
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.message_row import Row
from vestibule.ui.nodes import Node, input_node, submit_node

LOGIN = "webauthn_login"
_TRIGGER = "webauthn_login_trigger"
_PRETENDED_BYTES = 32


class WebauthnLogin(Struct, frozen=True):
    id: str = WEBAUTHN
    fields: tuple[str, ...] = (IDENTIFIER, LOGIN)

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.webauthn.enabled

    def responsible(self, form: Form) -> bool:
        return form.method == WEBAUTHN or bool(form.text(LOGIN))

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if flow.is_api:
            return ()
        if is_for(flow):
            return _known(flow, svc) if flow.internal.get(KEYS) else ()
        if is_waiting(flow):
            return _waiting(flow, svc)
        offered = flow.internal.get("methods")
        first = svc.config.selfservice.flows.login.style == "identifier_first" and offered is None
        if not _is_first_factor(svc) or first or (offered is not None and WEBAUTHN not in offered):
            return ()
        return (*identifier_nodes(flow, svc), submit_node("method", WEBAUTHN, WEBAUTHN, messages.LOGIN_WEBAUTHN()))

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        return (svc.identities.identifier_key(WEBAUTHN, normalised(form.text(IDENTIFIER))),)

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        """By an identifier first, where a key is a first factor; then, and for a second factor, by a signature."""
        flow, form = attempt.flow, attempt.form
        level = Aal(flow.requested_aal)
        if flow.is_api or (level is Aal.AAL1 and not _is_first_factor(svc)):
            return Rejected((Problem(messages.LOGIN_NO_STRATEGY_FOUND()),))
        if not form.text(IDENTIFIER):
            return _refused(flow, Problem(messages.REQUIRED(property=IDENTIFIER), f"#/{IDENTIFIER}"))
        if not form.text(LOGIN) and not is_for(flow):
            return _asked(attempt, svc)
        answer = ceremony.parsed(form.text(LOGIN))
        if answer is None:
            return _refused(flow, unreadable())
        by = held.owner(_claimed(attempt, svc), (WEBAUTHN,), ceremony.spent_key(WEBAUTHN, flow), svc)
        keys = held.entries(by.config(WEBAUTHN), passwordless=level is Aal.AAL1) if by else []
        if by is None or not keys:
            return _refused(flow, Problem(_no_key(level, svc)()))
        key = held.find(keys, answer.key_id)
        party = ceremony.security_keys(svc)
        writes = held.proof(held.Signature(answer, WEBAUTHN, WEBAUTHN, key), by, flow, party, svc) if key else None
        if writes is None:
            return _refused(flow, Problem(messages.WEBAUTHN_VERIFIER_WRONG()))
        return Proven(by.identity, AuthenticationMethod(WEBAUTHN, level, svc.clock.now()), writes)


def is_waiting(flow: Flow) -> bool:
    """Whether the form asks for the key of an identifier that was given, and for nothing else."""
    return KEYS in flow.internal and not is_for(flow)


# --- nodes ----------------------------------------------------------------------------------------------


def _known(flow: Flow, svc: Services) -> tuple[Node, ...]:
    """Of somebody who is signed in: who they are is carried along."""
    identifier = input_node(IDENTIFIER, "hidden", "default", value=flow.internal.get(IDENTIFIER))
    answer = input_node(LOGIN, "hidden", WEBAUTHN, value=second_factor.blank(LOGIN, flow))
    return (identifier, answer, ceremony.script(flow, svc), _trigger(flow, messages.LOGIN_WEBAUTHN, svc))


def _waiting(flow: Flow, svc: Services) -> tuple[Node, ...]:
    """As recorded, in the order in which the step adds them, until a refusal sorts them."""
    identifier = input_node(IDENTIFIER, "hidden", "default", value=flow.internal.get(IDENTIFIER), required=True)
    answer = input_node(LOGIN, "hidden", WEBAUTHN, value=second_factor.blank(LOGIN, flow))
    script, trigger = ceremony.script(flow, svc), _trigger(flow, messages.LOGIN_CONTINUE, svc)
    return (identifier, answer, script, trigger) if flow.problems else (identifier, script, trigger, answer)


def _trigger(flow: Flow, label: Row, svc: Services) -> Node:
    options = ceremony.text_of(ceremony.webauthn_request(flow, flow.internal.get(KEYS, ()), svc))
    return input_node(
        _TRIGGER,
        "button",
        WEBAUTHN,
        value=options,
        label=label(),
        onclick=f"window.oryWebAuthnLogin({options})",
        onclickTrigger="oryWebAuthnLogin",
    )


# --- steps ----------------------------------------------------------------------------------------------


def _asked(attempt: Attempt, svc: Services) -> Pending | Rejected:
    """On to the key of whoever was named. Where accounts are not to be told, everybody seems to have one."""
    identifier = attempt.form.text(IDENTIFIER)
    spent = ceremony.spent_key(WEBAUTHN, attempt.flow)
    by = held.owner(_claimed(attempt, svc), (WEBAUTHN,), spent, svc)
    keys = held.ids(held.entries(by.config(WEBAUTHN), passwordless=True)) if by else []
    if not keys and not svc.config.security.account_enumeration.mitigate:
        return Rejected((Problem(messages.SUCH_NO_WEBAUTHN_USER()),))
    internal: Json = {**attempt.flow.internal, IDENTIFIER: identifier, KEYS: keys or [_pretended(identifier, svc)]}
    told = (messages.LOGIN_WEBAUTHN_PASSWORDLESS(),)
    values = {name: value for name, value in attempt.flow.values.items() if name != LOGIN}
    following = replace(attempt.flow, internal=internal, messages=told, problems=(), values=values)
    return Pending(following, in_browser=True)


def _claimed(attempt: Attempt, svc: Services) -> str:
    """Whose key it has to be: that of whoever is signed in, or of whoever has the identifier; nobody's id else.

    Nobody is looked for like somebody, which takes the same time.
    """
    if is_for(attempt.flow):
        return second_factor.owner(attempt).id
    row = svc.identities.identifier_key(WEBAUTHN, normalised(attempt.form.text(IDENTIFIER)))
    entry = svc.identities.read_identifier(attempt.found[row])
    return entry.identity_id if entry else NIL_UUID


def _pretended(identifier: str, svc: Services) -> str:
    """The id of a key that does not exist; always the same one."""
    return to_base64url(enrolment.derived_bytes("no-key", normalised(identifier), _PRETENDED_BYTES, svc))


def _no_key(level: Aal, svc: Services) -> Row:
    if level is Aal.AAL2:
        return messages.NO_WEBAUTHN_DEVICE
    mitigated = svc.config.security.account_enumeration.mitigate
    return messages.WEBAUTHN_VERIFIER_WRONG if mitigated else messages.SUCH_NO_WEBAUTHN_USER


def _refused(flow: Flow, problem: Problem) -> Rejected:
    """The answer is gone from the form; as recorded its node has no value then."""
    values: dict[str, Any] = {LOGIN: None} if is_for(flow) or is_waiting(flow) else {}
    return Rejected((problem,), values)


def _is_first_factor(svc: Services) -> bool:
    return svc.config.selfservice.methods.webauthn.config.passwordless
