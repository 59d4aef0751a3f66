"""What sign-up and settings share: how a new key is asked for, and whether it may be taken."""

from __future__ import annotations

from vestibule.domain.flow import Flow
from vestibule.domain.json import Json
from vestibule.domain.key import NewKey, RelyingParty
from vestibule.methods.keys import ceremony
from vestibule.methods.keys.ceremony import PASSKEY, WEBAUTHN, Answer
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.message_row import Row
from vestibule.ui.nodes import Node, input_node


def made(answer: Answer, type_: str, flow: Flow, party: RelyingParty, svc: Services) -> NewKey | None:
    """The new key; None where the answer is wrong, its challenge was used, or somebody has the key already."""
    spent, taken = svc.table.get([ceremony.spent_key(type_, flow), svc.identities.key_rows.key(answer.key_id)])
    if spent is not None or taken is not None:
        return None
    return svc.key_answers.made(answer.text, ceremony.challenge(type_, flow, svc), party)


def name_node() -> Node:
    label = messages.SETTINGS_REGISTER_WEBAUTHN_DISPLAY_NAME()
    return input_node("webauthn_register_displayname", "text", WEBAUTHN, value="", label=label)


def register_nodes(options: Json, label: Row) -> tuple[Node, ...]:
    """The field for the answer of a security key, and the button that asks for one."""
    text = ceremony.text_of(options)
    trigger = input_node(
        "webauthn_register_trigger",
        "button",
        WEBAUTHN,
        value=text,
        label=label(),
        onclick=f"window.oryWebAuthnRegistration({text})",
        onclickTrigger="oryWebAuthnRegistration",
    )
    return (input_node("webauthn_register", "hidden", WEBAUTHN, value=""), trigger)


def passkey_nodes(options: Json, field: str, trigger: Node) -> tuple[Node, ...]:
    """The button that asks for a passkey, the field for its answer, and what it is asked."""
    data = input_node("passkey_create_data", "hidden", PASSKEY, value=ceremony.text_of(options))
    return (trigger, input_node(field, "hidden", PASSKEY), data)
