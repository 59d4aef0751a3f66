"""The form of settings: a part for each thing that can be changed. Contract 03 §1."""

from __future__ import annotations

from vestibule.domain.flow import Flow
from vestibule.methods.enrolment import APPENDED
from vestibule.methods.registry import SETTINGS
from vestibule.services import Services
from vestibule.ui import ordering
from vestibule.ui.nodes import Node, csrf_node


def nodes(flow: Flow, token: str, svc: Services) -> tuple[Node, ...]:
    drawn = [node for method in SETTINGS if method.enabled(svc) for node in method.nodes(flow, svc)]
    return (csrf_node(token), *drawn)


def ordered(drawn: tuple[Node, ...], flow: Flow, svc: Services) -> tuple[Node, ...]:
    """In the order of the wire. New codes are as recorded put behind everything else, in the order they were drawn."""
    order = ordering.settings(svc.schema(flow.identity.schema_id if flow.identity else None).keys)
    last = flow.internal.get(APPENDED)
    placed = ordering.sorted_nodes([node for node in drawn if node.group != last], order)
    return (*placed, *(node for node in drawn if node.group == last))
