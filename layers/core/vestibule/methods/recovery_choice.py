"""Get back in by choosing one of the account's addresses: they are shown masked, and to be typed. Contract 01 §6."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from vestibule.domain.flow import Flow, FlowState
from vestibule.domain.message import Problem
from vestibule.methods.method import Form, Rejected
from vestibule.methods.recovery import ADDRESS, CHOICE, TO, VIA, Asked, Back, Chosen, Confirmed
from vestibule.methods.verification import LONGEST_ADDRESS, Presented, SendTo
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node, submit_node

_GROUP = "code"
_DIGITS = 6


def digest(address: str) -> str:
    """What the button of an address sends: base64 of its SHA-256."""
    return base64.b64encode(hashlib.sha256(address.encode("utf-8", "surrogatepass")).digest()).decode()


def nodes(flow: Flow) -> Sequence[Node]:
    typed = input_node("recovery_address", "hidden", _GROUP, value=flow.internal.get(ADDRESS, ""))
    submit = submit_node("method", _GROUP, _GROUP, messages.LABEL_CONTINUE())
    method = input_node("method", "hidden", _GROUP, value=_GROUP)
    back = submit_node("screen", "previous", _GROUP, messages.RECOVERY_BACK())
    match flow.state:
        case FlowState.RECOVERY_AWAITING_ADDRESS:
            label = messages.LABEL_RECOVERY_ADDRESS()
            return (input_node("recovery_address", "text", _GROUP, required=True, label=label), submit)
        case FlowState.RECOVERY_AWAITING_ADDRESS_CHOICE:
            choice = [
                submit_node("recovery_select_address", value, _GROUP, messages.LABEL(text=shown))
                for value, shown in flow.internal[CHOICE]
            ]
            return (*choice, method, typed)
        case FlowState.RECOVERY_CONFIRMING_ADDRESS:
            return (_confirmation(flow.internal.get(VIA, "email")), typed, submit, method, back)
        case _:
            again = submit_node(
                "recovery_confirm_address", flow.internal.get(TO, ""), _GROUP, messages.LABEL_RESEND_OTP()
            )
            return (code_node(), submit, method, again, typed, back)


def code_node() -> Node:
    return input_node(
        "code",
        "text",
        _GROUP,
        required=True,
        autocomplete="one-time-code",
        pattern="[0-9]+",
        maxlength=_DIGITS,
        label=messages.LABEL_RECOVERY_CODE(),
    )


def asked(flow: Flow, form: Form) -> Asked:
    typed, to = form.text("recovery_address").strip(), form.text("recovery_confirm_address").strip()
    if form.text("screen") == "previous":
        return Back(typed or flow.internal.get(ADDRESS, ""))
    match flow.state:
        case FlowState.RECOVERY_AWAITING_ADDRESS:
            return _complete(recovery_address=typed) or SendTo(typed)
        case FlowState.RECOVERY_AWAITING_ADDRESS_CHOICE:
            selected = form.text("recovery_select_address")
            missing = _complete(recovery_select_address=selected, recovery_address=typed)
            return missing or Chosen(typed, selected)
        case FlowState.RECOVERY_CONFIRMING_ADDRESS:
            return _complete(recovery_confirm_address=to, recovery_address=typed) or Confirmed(typed, to)
        case _:
            code = form.code("code")
            return Confirmed(typed or flow.internal.get(ADDRESS, ""), to) if to else Presented(code)


def _confirmation(via: str) -> Node:
    type_, label = ("tel", messages.LABEL_PHONE_NUMBER()) if via == "sms" else ("email", messages.LABEL_EMAIL())
    return input_node("recovery_confirm_address", type_, _GROUP, value="", required=True, label=label)


def _complete(**fields: str) -> Rejected | None:
    """What is wrong with the first field that is missing, or too long for an address."""
    for name, value in fields.items():
        if not value:
            return Rejected((Problem(messages.REQUIRED(property=name), f"#/{name}"),))
        if len(value) > LONGEST_ADDRESS:
            return Rejected((Problem(messages.EMAIL(value=value[:LONGEST_ADDRESS]), f"#/{name}"),))
    return None
