"""What every sign-in by one-time code does, at either level: it sends a code, and it checks one. Contract 03 §4."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from vestibule.domain.code import Purpose
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal
from vestibule.methods import code, codes
from vestibule.methods.code import Address
from vestibule.methods.identifier import IDENTIFIER
from vestibule.methods.method import Attempt, Pending, Proven, Rejected, Verdict
from vestibule.services import Services
from vestibule.ui import messages


def sent(
    flow: Flow,
    identity: Identity,
    address: Address,
    svc: Services,
    *,
    known: bool,
    payload: Json,
    allowed: bool | None = None,
) -> Pending:
    """A code on its way to an address of the identity, `known` that of somebody who is signed in.

    `allowed` where the message was counted already.
    """
    data: dict[str, Any] = {"identity": identity.to_wire(svc.urls.public), "transient_payload": payload}
    letter = code.Letter("login_code_valid", "login_code", Purpose.LOGIN, data)
    counted = [allowed] if allowed is not None else None
    told, mails = code.sending(flow, [address], letter, svc, identity_id=identity.id, allowed=counted)
    message = messages.LOGIN_CODE_SENT_FOR_AUTHENTICATED_USER() if known else messages.LOGIN_CODE_SENT()
    return Pending(replace(told, messages=(message,), values=_values(told, address)), mails)


def checked(attempt: Attempt, owner: str, values: Json, svc: Services) -> Verdict:
    """Count the attempt, reserve a guess of the account and read it side by side; then compare.

    `owner` is the id of the identity that the code has to be of. Raises TooManyRequests.
    """
    secret = attempt.form.code("code")
    if not secret:
        return Rejected((Problem(messages.REQUIRED(property="code"), "#/code"),), values)
    if code.counted_out(attempt.flow, svc):
        return Rejected((code.too_often(),), values)
    flow, guess, identity = svc.parallel(
        lambda: code.counted(attempt.flow, svc),
        lambda: code.reserve_guess(owner, svc),
        lambda: svc.identities.find(owner),
    )
    if flow is None:
        return Rejected((code.too_often(),), values)
    count = code.ensure_reserved(guess)
    found = codes.matching(flow, secret, Purpose.LOGIN, svc)
    if found is None or identity is None or found.identity_id != identity.id:
        return Rejected((Problem(messages.LOGIN_CODE_INVALID_OR_ALREADY_USED()),), values, flow)
    done = code.passed(flow)
    return Proven(
        identity,
        code.factor(svc, second=flow.requested_aal == Aal.AAL2),
        writes=(svc.flows.using(flow, done),),
        beside=(lambda: code.forget_guesses(identity.id, count, svc),),
        address=(found.via, found.address),
        flow=done,
    )


def _values(flow: Flow, address: Address) -> Json:
    """The one identifier of the form; as recorded a second factor's form names every address until it was refused."""
    lists_all = flow.requested_aal == Aal.AAL2 and not code.was_refused(flow)
    return {} if lists_all else {IDENTIFIER: address[1]}
