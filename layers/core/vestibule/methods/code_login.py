"""Sign in with a one-time code that is sent to an address of the account; as second factor too. Contract 03 §4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from vestibule.config.normalise import identifier as normalised
from vestibule.domain.addresses import verifiable
from vestibule.domain.flow import Flow, FlowState
from vestibule.domain.identity import Identity
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal
from vestibule.methods import code, code_proof, code_step_up
from vestibule.methods.code import CODE
from vestibule.methods.identifier import IDENTIFIER, identifier_nodes, waiting_identifier
from vestibule.methods.method import Attempt, Form, Pending, Rejected, Verdict
from vestibule.ports import Item, Key
from vestibule.services import Services
from vestibule.stores.addresses import address_key, verifiable_owner
from vestibule.ui import messages
from vestibule.ui.nodes import Node, submit_node


class CodeLogin(Struct, frozen=True):
    id: str = CODE
    fields: tuple[str, ...] = ("identifier", "code", "resend", "address")

    def enabled(self, svc: Services) -> bool:
        config = svc.config.selfservice.methods.code
        return config.passwordless_enabled or config.mfa_enabled

    def responsible(self, form: Form) -> bool:
        return code.is_responsible(form)

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if code_step_up.is_for(flow, svc):
            return code_step_up.nodes(flow, svc)
        if not _is_for(flow, svc):
            return ()
        if code.is_waiting(flow):
            carried = waiting_identifier(flow, svc, refused=code.was_refused(flow))
            return (carried, *code.waiting_nodes(messages.LABEL_LOGIN_CODE()))
        offered = flow.internal.get("methods")
        if offered is not None and CODE not in offered:
            return ()
        if svc.config.selfservice.flows.login.style == "identifier_first" and offered is None and not flow.refresh:
            return ()
        return (*identifier_nodes(flow, svc), submit_node("method", CODE, CODE, messages.LOGIN_CODE()))

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        return account_keys(form.text(IDENTIFIER), svc) if _passwordless(svc) else ()

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        flow, form = attempt.flow, attempt.form
        if code_step_up.is_for(flow, svc):
            return code_step_up.submit(attempt, svc)
        again = code.asks_again(form)
        if not _is_for(flow, svc) or (flow.state is FlowState.PASSED_CHALLENGE and not again):
            return Rejected((Problem(messages.LOGIN_NO_STRATEGY_FOUND()),))
        typed = form.text(IDENTIFIER)
        values: dict[str, Any] = {IDENTIFIER: typed}
        if not typed:
            return Rejected((Problem(messages.REQUIRED(property=IDENTIFIER), f"#/{IDENTIFIER}"),), values)
        owner = account(typed, attempt.found, svc)
        somebody_else = flow.refresh and attempt.session is not None and attempt.session.identity_id != owner
        if owner is None or somebody_else:
            return Rejected((Problem(messages.NO_CODE_USER()),), values)
        if flow.state is FlowState.SENT_EMAIL and not again:
            return code_proof.checked(attempt, owner, values, svc)
        return sent(attempt, owner, typed, svc) or Rejected((Problem(messages.NO_CODE_USER()),), values)


# --- the account ----------------------------------------------------------------------------------------


def account_keys(typed: str, svc: Services) -> tuple[Key, ...]:
    """What says whose an identifier is: as one for codes and, where accounts without such get codes too, as address."""
    identifier = normalised(typed)
    keys = (svc.identities.identifier_key(CODE, identifier),)
    if not code.falls_back(svc):
        return keys
    return (*keys, address_key(svc.index, code.channel_of(identifier), identifier))


def account(typed: str, found: Mapping[Key, Item | None], svc: Services) -> str | None:
    """The id of the identity that gets codes under this identifier. `found` has the items of `account_keys`."""
    first, *fallback = (found[key] for key in account_keys(typed, svc))
    entry = svc.identities.read_identifier(first)
    if entry is not None:
        return entry.identity_id
    return next((owner for item in fallback if (owner := verifiable_owner(item))), None)


def _may_receive(identity: Identity, address: str, svc: Services) -> bool:
    """Whether the address is one of the identity's for codes: of its credential, or in place of a missing one."""
    credential = identity.credential(CODE)
    if credential is not None and credential.identifiers:
        return address in credential.identifiers
    return code.falls_back(svc) and verifiable(identity, code.channel_of(address), address) is not None


def sent(attempt: Attempt, owner: str, typed: str, svc: Services) -> Pending | None:
    """A code on its way to an address of the identity, counted beside reading it; None where it is none of its own."""
    address = normalised(typed)
    to = (code.channel_of(address), address)
    identity, allowed = svc.parallel(lambda: svc.identities.find(owner), lambda: code.may_be_written_to(*to, svc))
    if identity is None or not _may_receive(identity, address, svc):
        return None
    known, payload = attempt.session is not None, dict(attempt.form.transient_payload)
    return code_proof.sent(attempt.flow, identity, to, svc, known=known, payload=payload, allowed=allowed)


def _is_for(flow: Flow, svc: Services) -> bool:
    return _passwordless(svc) and flow.requested_aal == Aal.AAL1


def _passwordless(svc: Services) -> bool:
    return svc.config.selfservice.methods.code.passwordless_enabled
