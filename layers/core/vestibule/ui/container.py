"""A form as clients get it: where to send it, its nodes, and what is wrong with it as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vestibule.config.json_shapes import is_object
from vestibule.domain.message import Message, Problem
from vestibule.ui.nodes import Node, input_node
from vestibule.ui.ordering import LOGIN, Order, registration, settings, sorted_nodes

__all__ = [
    "LOGIN",
    "Container",
    "Order",
    "registration",
    "settings",
    "sorted_nodes",
    "value_at",
    "with_problems",
    "with_values",
]


class Container(Struct, frozen=True):
    """The `ui` of a flow. `action` is the absolute URL that takes the form."""

    action: str
    nodes: tuple[Node, ...]
    messages: tuple[Message, ...] = ()
    method: str = "POST"

    def to_wire(self) -> dict[str, Any]:
        wire: dict[str, Any] = {
            "action": self.action,
            "method": self.method,
            # A form with nothing in it says null, as clients have seen it so far.
            "nodes": [node.to_wire() for node in self.nodes] or None,
        }
        if self.messages:
            wire["messages"] = [message.to_wire() for message in self.messages]
        return wire


def with_problems(container: Container, problems: Iterable[Problem]) -> Container:
    """Each problem at the node it points to, or over the form.

    A pointer to no node appends a text input of that name (group default) to carry the message: sort afterwards.
    """
    nodes = list(container.nodes)
    messages = list(container.messages)
    for problem in problems:
        name = problem.node_name
        if not name:
            messages.append(problem.message)
            continue
        at = next((index for index, node in enumerate(nodes) if node.name == name), None)
        if at is None:
            nodes.append(input_node(name, "text", "default").with_message(problem.message))
        else:
            nodes[at] = nodes[at].with_message(problem.message)
    return replace(container, nodes=tuple(nodes), messages=tuple(messages))


def with_values(nodes: Iterable[Node], values: Mapping[str, Any]) -> tuple[Node, ...]:
    """The inputs showing what `values` holds under their dotted names, typed as it is there. Never passwords or tokens.

    `values` is a decoded body or a document like `{"traits": {"name": {"first": "Ann"}}}`; buttons keep their values.
    """
    return tuple(_filled(node, values) for node in nodes)


_NEVER_FILLED = frozenset({"password", "submit", "button"})


def _filled(node: Node, values: Mapping[str, Any]) -> Node:
    if node.type != "input" or node.attributes["type"] in _NEVER_FILLED or node.name in ("csrf_token", "method"):
        return node
    value = value_at(values, node.name)
    return node if value is None or isinstance(value, (dict, list)) else node.with_value(value)


def value_at(values: Mapping[str, Any], name: str) -> Any:
    """What stands under a dotted name; None when a part of the way is missing."""
    found: Any = dict(values)
    for part in name.split("."):
        if not is_object(found) or part not in found:
            return None
        found = found[part]
    return found
