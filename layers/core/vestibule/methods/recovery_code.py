"""Get back in with a one-time code that is sent to an address. Contract 03 §4.

Where people choose among their addresses, the form is another one: see `recovery_choice`.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vestibule.domain.flow import Flow, FlowState
from vestibule.methods import recovery_choice
from vestibule.methods.method import Form
from vestibule.methods.recovery import ADDRESS, Asked, choosing
from vestibule.methods.verification import Presented, asked_by_mail
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node, submit_node

CODE = "code"


class RecoveryCode(Struct, frozen=True):
    id: str = CODE

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.code.enabled

    def responsible(self, flow: Flow, form: Form) -> bool:
        """A form that was sent without its method once is for nobody any more (as recorded)."""
        if flow.active != CODE:
            return False
        return choosing(flow) or form.method == CODE or _has_code(flow, form)

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if choosing(flow):
            return recovery_choice.nodes(flow)
        submit = submit_node("method", CODE, CODE, messages.LABEL_CONTINUE())
        if flow.state is FlowState.CHOOSE_METHOD:
            return (input_node("email", "email", CODE, required=True, label=messages.LABEL_EMAIL()), submit)
        if flow.unguarded:
            return (recovery_choice.code_node(), submit)
        again = submit_node("email", flow.internal.get(ADDRESS, ""), CODE, messages.LABEL_RESEND_OTP())
        return (recovery_choice.code_node(), input_node("method", "hidden", CODE, value=CODE), submit, again)

    def asked(self, flow: Flow, form: Form) -> Asked:
        if choosing(flow):
            return recovery_choice.asked(flow, form)
        return Presented(form.code("code")) if _has_code(flow, form) else asked_by_mail(form)


def _has_code(flow: Flow, form: Form) -> bool:
    """With an address in it, the form asks for another code; but not of what an administrator made."""
    return flow.unguarded or (flow.state is not FlowState.CHOOSE_METHOD and not form.text("email"))
