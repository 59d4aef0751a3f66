"""Sign up with traits and a one-time code that is sent to the addresses in them. Contract 03 §4."""

from __future__ import annotations

import json
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from vestibule.domain.addresses import as_verified
from vestibule.domain.code import Purpose
from vestibule.domain.flow import Flow, FlowState
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.methods import code, codes, traits
from vestibule.methods.code import CODE, Address
from vestibule.methods.method import Attempt, Form, Pending, Proven, Rejected, Verdict
from vestibule.methods.profile_registration import FORWARD, PROFILE
from vestibule.ports import Key
from vestibule.services import Services
from vestibule.stores.derivation import with_credential
from vestibule.ui import messages
from vestibule.ui.nodes import Node, submit_node

"""Characters of a code that are looked at."""


class CodeRegistration(Struct, frozen=True):
    id: str = CODE
    fields: tuple[str, ...] = ("code", "resend", "address")

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.code.passwordless_enabled

    def responsible(self, form: Form) -> bool:
        return code.is_responsible(form)

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if not traits.asks_for_credentials(flow, svc):
            return ()
        if not code.is_waiting(flow):
            return (submit_node("method", CODE, CODE, messages.REGISTRATION_REGISTER_CODE()),)
        two_steps = svc.config.selfservice.flows.registration.style == "profile_first"
        back = (submit_node("screen", FORWARD, PROFILE, messages.REGISTRATION_BACK()),) if two_steps else ()
        return (*code.waiting_nodes(messages.LABEL_REGISTRATION_CODE()), *back)

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        return ()

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        flow, form = attempt.flow, attempt.form
        values: Json = {"traits": form.traits}
        again = code.asks_again(form)
        if flow.state is FlowState.PASSED_CHALLENGE and not again:
            return Rejected((Problem(messages.REGISTRATION_NO_STRATEGY_FOUND()),), values)
        identity = traits.proposed(attempt, svc)
        if isinstance(identity, tuple):
            return Rejected(identity, values)
        addresses = svc.schema(flow.identity_schema).code_addresses(identity.traits)
        if not addresses:
            return Rejected((Problem(messages.IDENTIFIER_MISSING()),), values)
        if flow.state is FlowState.SENT_EMAIL and not again:
            return _checked(attempt, identity, addresses, svc)
        return _sent(attempt, identity, addresses, svc)


def _sent(attempt: Attempt, identity: Identity, addresses: Sequence[Address], svc: Services) -> Pending:
    form = attempt.form
    data = {"traits": identity.traits, "transient_payload": dict(form.transient_payload)}
    letter = code.Letter("registration_code_valid", "registration_code", Purpose.REGISTRATION, data)
    given = _digest(identity, svc)
    flow, mails = code.sending(attempt.flow, addresses, letter, svc, given=given)
    waiting = replace(
        flow,
        messages=(messages.REGISTRATION_EMAIL_WITH_CODE_SENT(),),
        internal=dict(flow.internal) | {traits.STEP: traits.CREDENTIALS},
        values={"traits": form.traits},
    )
    return Pending(waiting, mails)


def _checked(attempt: Attempt, identity: Identity, addresses: Sequence[Address], svc: Services) -> Verdict:
    """Count the attempt, then compare. What was sent stands for the traits that it was sent for."""
    values: Json = {"traits": attempt.form.traits}
    secret = attempt.form.code("code")
    if not secret:
        return Rejected((Problem(messages.REQUIRED(property="code"), "#/code"),), values)
    if any(sent.given != _digest(identity, svc) for sent in attempt.flow.codes):
        return Rejected((Problem(messages.TRAITS_MISMATCH()),), values)
    flow = None if code.counted_out(attempt.flow, svc) else code.counted(attempt.flow, svc)
    if flow is None:
        return Rejected((code.too_often(),), values)
    found = codes.matching(flow, secret, Purpose.REGISTRATION, svc)
    if found is None or found.given != _digest(identity, svc):
        return Rejected((Problem(messages.REGISTRATION_CODE_INVALID_OR_ALREADY_USED()),), values, flow)
    now, done = svc.clock.now(), code.passed(flow)
    config = {"addresses": [{"channel": via, "address": address} for via, address in addresses]}
    return Proven(
        with_credential(as_verified(identity, found.via, found.address, now), CODE, now=now),
        code.factor(svc),
        writes=(svc.flows.using(flow, done),),
        secrets={CODE: config},
        flow=done,
    )


def _digest(identity: Identity, svc: Services) -> str:
    """Of the traits, whatever the order of their keys."""
    return svc.index.hmac("traits", json.dumps(identity.traits, sort_keys=True))
