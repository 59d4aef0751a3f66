"""Get back in by opening a link that is sent to an address. Contract 03 §5."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vestibule.domain.flow import Flow, FlowState
from vestibule.methods.codes import prefilled
from vestibule.methods.method import Form
from vestibule.methods.recovery import ADDRESS, USE, Asked
from vestibule.methods.verification import Presented, asked_by_mail
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node, submit_node

LINK = "link"


class RecoveryLink(Struct, frozen=True):
    id: str = LINK

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.link.enabled

    def responsible(self, flow: Flow, form: Form) -> bool:
        return form.method == LINK or bool(form.text("token"))

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        token = prefilled(flow, svc)
        if token is not None:
            submit = submit_node("method", LINK, LINK, messages.LABEL_CONTINUE())
            return (input_node("token", "hidden", LINK, value=token, required=True), submit)
        # As recorded: where the flow was started for another method, the button stays that method's.
        use = flow.internal.get(USE, LINK)
        sent = flow.state is not FlowState.CHOOSE_METHOD
        typed = flow.internal.get(ADDRESS) if sent else None
        address = input_node("email", "email", LINK, value=typed, required=True, label=messages.LABEL_EMAIL())
        return (address, submit_node("method", use, use, messages.LABEL_CONTINUE()))

    def asked(self, flow: Flow, form: Form) -> Asked:
        token = form.text("token")
        return Presented(token) if token else asked_by_mail(form)
