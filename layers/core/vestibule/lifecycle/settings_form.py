"""The form of settings: a part for each thing that can be changed. Contract 03 §1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vestibule.domain.flow import Flow
from vestibule.methods.enrolment import APPENDED
from vestibule.methods.registry import settings_methods
from vestibule.services import Services
from vestibule.ui import ordering
from vestibule.ui.nodes import Node, csrf_node


def nodes(flow: Flow, token: str, svc: Services) -> tuple[Node, ...]:
    drawn = [node for method in settings_methods() if method.enabled(svc) for node in method.nodes(flow, svc)]
    return (csrf_node(token), *_with_scripts_once(drawn))


def _with_scripts_once(drawn: Iterable[Node]) -> Iterator[Node]:
    """Methods with keys ask for the same script."""
    seen: set[str] = set()
    for node in drawn:
        if node.type != "script" or node.name not in seen:
            yield node
        if node.type == "script":
            seen.add(node.name)


def ordered(drawn: tuple[Node, ...], flow: Flow, svc: Services) -> tuple[Node, ...]:
    """In the order of the wire. New codes are as recorded put behind everything else, in the order they were drawn."""
    order = ordering.settings(svc.schema(flow.identity.schema_id if flow.identity else None).keys)
    last = flow.internal.get(APPENDED)
    placed = ordering.sorted_nodes([node for node in drawn if node.group != last], order)
    return (*placed, *(node for node in drawn if node.group == last))
