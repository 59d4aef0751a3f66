"""Prove an address by opening the link that was sent to it. Contract 03 §5."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vestibule.domain.flow import Flow
from vestibule.methods.codes import prefilled
from vestibule.methods.method import Form, Rejected
from vestibule.methods.verification import ADDRESS, BY_HOOK, Presented, SendTo, asked_by_mail
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, csrf_node, input_node, submit_node

LINK = "link"


class VerificationLink(Struct, frozen=True):
    id: str = LINK

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.link.enabled

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        submit = submit_node("method", LINK, LINK, messages.LABEL_CONTINUE())
        token = prefilled(flow, svc)
        if token is not None:
            return (csrf_node(""), input_node("token", "hidden", LINK, value=token, required=True), submit)
        address = input_node("email", "email", LINK, required=True, label=messages.LABEL_EMAIL())
        if not flow.internal.get(BY_HOOK):
            return (csrf_node(""), address, submit)
        # As recorded: the button stands twice, and the one to send again is in the group of codes.
        resend = submit_node("email", flow.internal[ADDRESS], "code", messages.LABEL_RESEND_OTP())
        return (csrf_node(""), address, submit, submit, resend)

    def asked(self, form: Form) -> SendTo | Presented | Rejected:
        token = form.text("token")
        return Presented(token) if token else asked_by_mail(form)
