"""From an identity schema to the inputs of a form: contract 03 §1, “Trait → input”."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vestibule.config.identity_schema import IdentitySchema
from vestibule.config.json_shapes import is_object
from vestibule.config.schema_fields import TraitField
from vestibule.domain.message import Message
from vestibule.ui import messages
from vestibule.ui.container import with_values
from vestibule.ui.nodes import Node, input_node

BY_NAME = {"password": "password", "csrf_token": "hidden"}
"""Input types that a trait's own name decides."""

BY_FORMAT = {"date-time": "datetime-local", "date": "date", "email": "email", "tel": "tel", "uri": "url"}

BY_TYPE = {"number": "number", "integer": "number", "boolean": "checkbox", "string": "text"}

AUTOCOMPLETE = {"email": "email", "tel": "tel", "uri": "url"}
"""By format."""


def trait_nodes(
    schema: IdentitySchema,
    *,
    group: str = "default",
    values: Mapping[str, Any] | None = None,
    hidden: bool = False,
    unknown: bool = False,
) -> list[Node]:
    """One input for each trait that a form can ask for, in the schema's order.

    `values` fills them: a document with `traits` in it. `hidden` carries the traits along unseen through a step that is
    about something else. `unknown` appends an input for each value that the schema does not name, as settings do.
    """
    nodes = [_trait_node(each, group) for each in schema.trait_fields if each.type in BY_TYPE]
    if unknown and values:
        named = set(schema.keys)
        nodes += [_unknown_node(name, value, group) for name, value in _leaves("traits", values.get("traits"), named)]
    filled = with_values(nodes, values or {})
    return [node.hidden() for node in filled] if hidden else list(filled)


def _unknown_node(name: str, value: object, group: str) -> Node:
    kind = "checkbox" if isinstance(value, bool) else "number" if isinstance(value, (int, float)) else "text"
    return input_node(name, kind, group)


def _leaves(name: str, value: object, named: set[str]) -> Iterator[tuple[str, object]]:
    if is_object(value):
        for key, each in value.items():
            yield from _leaves(f"{name}.{key}", each, named)
    elif name not in named and isinstance(value, (str, int, float)):
        yield name, value


def identifier_label(schema: IdentitySchema) -> Message:
    """What the login form calls the identifier: the trait by its title where there is one only, else just “ID”."""
    named = schema.identifier_label()
    return messages.LABEL_GENERATED(title=named[0], name=named[1]) if named else messages.LABEL_ID()


def _trait_node(field: TraitField, group: str) -> Node:
    label = messages.LABEL_GENERATED(title=field.title, name=field.name) if field.title else None
    return input_node(
        field.name,
        _input_type(field),
        group,
        label=label,
        required=field.required,
        disabled=field.disabled,
        autocomplete=AUTOCOMPLETE.get(field.format),
        pattern=field.pattern or None,
        options=[{"value": value} for value in field.enum] or None,
    )


def _input_type(field: TraitField) -> str:
    if field.type != "string":
        return BY_TYPE[field.type]
    return BY_NAME.get(field.key) or BY_FORMAT.get(field.format) or BY_TYPE[field.type]
