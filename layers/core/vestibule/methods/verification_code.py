"""Prove an address with a one-time code. Contract 03 §4."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vestibule.domain.flow import Flow, FlowState
from vestibule.methods.codes import prefilled
from vestibule.methods.method import Form, Rejected
from vestibule.methods.verification import (
    ADDRESS,
    LONGEST_ADDRESS,
    RESEND,
    Presented,
    SendTo,
    missing_address,
    not_an_address,
)
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, csrf_node, input_node, submit_node

CODE = "code"


class VerificationCode(Struct, frozen=True):
    id: str = CODE

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.code.enabled

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        token = (csrf_node(""),) if _shows_token(flow) else ()
        submit = submit_node("method", CODE, CODE, messages.LABEL_CONTINUE())
        if flow.state is not FlowState.SENT_EMAIL:
            return (_address_node(svc), submit, *token)
        code = input_node(
            "code",
            "text",
            CODE,
            value=prefilled(flow, svc),
            required=True,
            autocomplete="one-time-code",
            label=messages.LABEL_VERIFICATION_CODE(),
        )
        resend = submit_node(
            flow.internal.get(RESEND, "email"), flow.internal.get(ADDRESS, ""), CODE, messages.LABEL_RESEND_OTP()
        )
        behind = (resend, *token) if flow.is_api else (*token, resend)
        return (input_node("method", "hidden", CODE, value=CODE), code, submit, *behind)

    def asked(self, form: Form) -> SendTo | Presented | Rejected:
        code = form.code("code")
        if code:
            return Presented(code)
        typed = form.text("email") or form.text("sms")
        if not typed.strip():
            return missing_address()
        return SendTo(typed) if len(typed) <= LONGEST_ADDRESS else not_an_address(typed)


def _address_node(svc: Services) -> Node:
    """Where text messages can be sent, a phone number is an address too."""
    if any(channel.id == "sms" for channel in svc.config.courier.channels):
        return input_node("email", "text", CODE, required=True, label=messages.LABEL_EMAIL_OR_PHONE())
    return input_node("email", "email", CODE, required=True, label=messages.LABEL_EMAIL())


def _shows_token(flow: Flow) -> bool:
    """Flows of apps have no token until a browser opened their link, or a form was refused (as recorded)."""
    return not flow.is_api or bool(flow.csrf) or any(problem.pointer != "#/method" for problem in flow.problems)
