"""The field that says who signs in; several methods share it."""

from __future__ import annotations

from collections.abc import Sequence

from vestibule.domain.flow import Flow
from vestibule.domain.message import Message
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node

IDENTIFIER = "identifier"
"""`flow.internal["identifier"]`: known already, from the first step or from the session that is refreshed."""

LINK = "link"
"""`flow.internal["link"]`: the account at a provider that waits for the sign-in of whom it shall belong to."""

FIRST = "identifier_first"
"""The method, and the group of its nodes, that asks for the identifier alone."""


def label(svc: Services) -> Message:
    """The trait's title when the default schema has one identifier, "ID" else. Contract 03 §1."""
    named = svc.schema(None).identifier_label()
    return messages.LABEL_GENERATED(title=named[0], name=named[1]) if named else messages.LABEL_ID()


def identifier_nodes(flow: Flow, svc: Services) -> Sequence[Node]:
    """The field as methods with a password or code need it.

    Open, or hidden when a refresh knows it; none where the first step's own node carries it.
    """
    known = flow.internal.get(IDENTIFIER)
    if LINK in flow.internal:
        return (input_node(IDENTIFIER, "hidden", "default", value=known, required=True, label=label(svc)),)
    if known and flow.refresh:
        return (input_node(IDENTIFIER, "hidden", "default", value=known),)
    if not flow.refresh and (known or "methods" in flow.internal):
        return ()
    named = "username webauthn" if _offers_keys(flow, svc) else None
    return (input_node(IDENTIFIER, "text", "default", value="", required=True, autocomplete=named, label=label(svc)),)


def _offers_keys(flow: Flow, svc: Services) -> bool:
    """Whether browsers may offer passkeys behind the field. Security keys are nothing for apps."""
    methods = svc.config.selfservice.methods
    by_key = methods.webauthn.enabled and methods.webauthn.config.passwordless and not flow.is_api
    return methods.passkey.enabled or by_key


def first_node(flow: Flow, svc: Services) -> Node:
    """The field of the step that asks for nothing else; carried along unseen once it is known."""
    known = flow.internal.get(IDENTIFIER)
    return input_node(
        IDENTIFIER,
        "hidden" if known else "text",
        FIRST,
        value=known or "",
        required=True,
        autocomplete="username webauthn",
        label=label(svc),
    )


def waiting_identifier(flow: Flow, svc: Services, *, refused: bool) -> Node:
    """Carried along unseen while a code is awaited. As recorded it is drawn anew once that form was `refused`."""
    if refused:
        return input_node(IDENTIFIER, "hidden", "default")
    if flow.internal.get(IDENTIFIER) and not flow.refresh:
        return first_node(flow, svc)
    return input_node(IDENTIFIER, "hidden", "default", value="", required=True, label=label(svc))
