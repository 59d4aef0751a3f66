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


def label(svc: Services) -> Message:
    """The trait's title when the default schema has one identifier, "ID" else. Contract 03 §1."""
    named = svc.schema(None).identifier_label()
    return messages.LABEL_GENERATED(title=named[0], name=named[1]) if named else messages.LABEL_ID()


def identifier_nodes(flow: Flow, svc: Services) -> Sequence[Node]:
    """The field as methods with a password or code need it.

    Open, or hidden when a refresh knows it; none where the first step's own node carries it.
    """
    known = flow.internal.get(IDENTIFIER)
    if known and flow.refresh:
        return (input_node(IDENTIFIER, "hidden", "default", value=known),)
    if known:
        return ()
    return (input_node(IDENTIFIER, "text", "default", value="", required=True, label=label(svc)),)
