"""What signing in and signing up by one-time code have in common. Contract 03 §4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import compress
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vestibule.domain.code import Purpose, SentCode
from vestibule.domain.credential import CredentialType
from vestibule.domain.errors import TooManyRequests
from vestibule.domain.flow import Flow, FlowState
from vestibule.domain.message import Message, Problem
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.methods import codes
from vestibule.methods.method import Form
from vestibule.ports import Put
from vestibule.services import Services
from vestibule.stores.guesses import GuessLimits, Refused, Reserved
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node, submit_node

CODE = str(CredentialType.CODE)

REFUSED = "code_refused"
"""`flow.internal["code_refused"]`: the form that asks for the code was refused once; its identifier is plain since."""

Address = tuple[str, str]
"""(channel, normalised address)."""

_WAITING = (FlowState.SENT_EMAIL, FlowState.PASSED_CHALLENGE)
_HOUR = timedelta(hours=1)
_MAIL = "mail"


class Letter(Struct, frozen=True):
    """What a message with a code says beside the code. `field` is the code's name in it."""

    template: str
    field: str
    purpose: Purpose
    data: Mapping[str, Any]


def channel_of(address: str) -> str:
    return "email" if "@" in address else "sms"


def falls_back(svc: Services) -> bool:
    """Whether accounts without addresses for codes get them at those that can be verified."""
    return svc.config.selfservice.methods.code.config.missing_credential_fallback_enabled


def is_waiting(flow: Flow) -> bool:
    """Whether the form asks for a code that was sent; it goes on doing so when the code was used."""
    return flow.state in _WAITING and flow.active == CODE


def is_responsible(form: Form) -> bool:
    """Buttons that choose an address or ask for a new code may come without the method's own button."""
    return form.method == CODE or (not form.method and bool(form.text("address") or asks_again(form)))


def asks_again(form: Form) -> bool:
    return form.text("resend") == CODE


def waiting_nodes(label: Message) -> Sequence[Node]:
    """The form for a code that was sent."""
    return (
        input_node("method", "hidden", CODE, value=CODE),
        input_node("code", "text", CODE, required=True, autocomplete="one-time-code", label=label),
        submit_node("method", CODE, CODE, messages.LABEL_CONTINUE()),
        submit_node("resend", CODE, CODE, messages.LABEL_RESEND_OTP()),
    )


# --- sending --------------------------------------------------------------------------------------------


def sending(
    flow: Flow,
    addresses: Sequence[Address],
    letter: Letter,
    svc: Services,
    *,
    identity_id: str = "",
    given: str = "",
    allowed: Sequence[bool] | None = None,
) -> tuple[Flow, tuple[Put, ...]]:
    """The flow with a new code for each address in place of all earlier ones, and the messages.

    An address that had enough of them for now gets none, and nobody is told; earlier codes stay good then. `allowed`
    says so of each where that was counted already.
    """
    lifespan = svc.config.selfservice.methods.code.config.lifespan
    sent: list[SentCode] = []
    queued: list[Put] = []
    if allowed is None:
        allowed = svc.parallel(*(partial(may_be_written_to, via, address, svc) for via, address in addresses))
    for via, address in compress(addresses, allowed):
        code = codes.new_code(svc)
        data = {
            **letter.data,
            letter.field: code,
            "to": address,
            "request_url": flow.request_url,
            "expires_in_minutes": max(1, lifespan // timedelta(minutes=1)),
        }
        queued.append(svc.messages.queueing(letter.template, via=via, recipient=address, data=data))
        sent.append(
            codes.sent(
                flow.id,
                code,
                letter.purpose,
                via=via,
                address=address,
                identity_id=identity_id,
                lifespan=lifespan,
                given=given,
                svc=svc,
            )
        )
    told = replace(
        flow,
        state=FlowState.SENT_EMAIL,
        active=CODE,
        codes=tuple(sent) or flow.codes,
        problems=(),
        internal=dict(flow.internal) | _remembered(flow),
    )
    return told, tuple(queued)


def may_be_written_to(via: str, address: str, svc: Services) -> bool:
    """Counts a message to the address, whether anybody has it or not; False where it had enough of them this hour."""
    most = svc.config.vestibule.codes_per_address
    limits = GuessLimits(free=most, cap=most, forgotten_after=_HOUR)
    subject = svc.index.hmac(f"mail:{via}", address)
    return not isinstance(svc.guesses.reserve(_MAIL, subject, limits), Refused)


# --- checking -------------------------------------------------------------------------------------------


def counted_out(flow: Flow, svc: Services) -> bool:
    """Whether the flow had all its attempts when it was read: then nothing more is counted, and no guess reserved."""
    return flow.attempts >= svc.config.selfservice.methods.code.config.max_submissions


def counted(flow: Flow, svc: Services) -> Flow | None:
    """The flow with one more attempt counted; None where there were too many: then nothing is compared."""
    return svc.flows.attempted(flow, svc.config.selfservice.methods.code.config.max_submissions)


def too_often() -> Problem:
    reason = "A code was entered too often in this form. Please start again"
    return Problem(messages.GENERIC(reason=reason))


def guess_subject(identity_id: str, svc: Services) -> str:
    """By account: neither a new flow nor another of its addresses gives more guesses."""
    return svc.index.hmac("guess:code", identity_id)


def reserve_guess(identity_id: str, svc: Services) -> Reserved | Refused:
    return svc.guesses.reserve(CODE, guess_subject(identity_id, svc))


def ensure_reserved(guess: Reserved | Refused) -> int:
    """The number of the guess. Raises TooManyRequests."""
    if isinstance(guess, Refused):
        raise TooManyRequests("Too many wrong codes for this account; wait a little", retry_after=guess.retry_after)
    return guess.count


def forget_guesses(identity_id: str, count: int, svc: Services) -> None:
    """Once the guess of that number was right."""
    for write in svc.guesses.forgetting(CODE, guess_subject(identity_id, svc), count):
        svc.table.write(write)


def passed(flow: Flow) -> Flow:
    """The flow once its code is used."""
    internal = dict(flow.internal) | _remembered(flow)
    return replace(flow, state=FlowState.PASSED_CHALLENGE, active=CODE, codes=(), problems=(), internal=internal)


def factor(svc: Services, *, second: bool = False) -> AuthenticationMethod:
    """As recorded, a code is an entry of aal2 wherever codes are second factors, also when it comes first."""
    at_aal2 = second or svc.config.selfservice.methods.code.mfa_enabled
    return AuthenticationMethod(CODE, Aal.AAL2 if at_aal2 else Aal.AAL1, svc.clock.now())


def was_refused(flow: Flow) -> bool:
    return bool(flow.internal.get(REFUSED)) or (flow.state is FlowState.SENT_EMAIL and bool(flow.problems))


def _remembered(flow: Flow) -> dict[str, bool]:
    return {REFUSED: True} if was_refused(flow) else {}
