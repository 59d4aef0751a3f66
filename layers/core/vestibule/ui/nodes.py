"""The parts of a form as clients draw them: contract 03 §1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vestibule.domain.message import Message


class Node(Struct, frozen=True):
    """One field, button, text, image, link, script or box of a form.

    `attributes` as on the wire, without `node_type`; messages inside them (`text`, `title`) are `Message`s.
    """

    type: str
    group: str
    attributes: Mapping[str, Any]
    messages: tuple[Message, ...] = ()
    label: Message | None = None

    @property
    def name(self) -> str:
        """How problems and sorting find it: an input's name, any other node's id."""
        return self.attributes.get("name") or self.attributes.get("id") or ""

    @property
    def value(self) -> Any:
        return self.attributes.get("value")

    def with_value(self, value: Any) -> Node:
        """The same node showing `value`; None shows none."""
        attributes = {key: each for key, each in self.attributes.items() if key != "value"}
        if value is not None:
            attributes["value"] = value
        return replace(self, attributes=attributes)

    def hidden(self) -> Node:
        """The same input, carried along unseen: what a later step of the form sends back."""
        return replace(self, attributes={**self.attributes, "type": "hidden"})

    def with_message(self, message: Message) -> Node:
        return replace(self, messages=(*self.messages, message))

    def to_wire(self) -> dict[str, Any]:
        attributes = {
            key: value.to_wire() if isinstance(value, Message) else value
            for key, value in self.attributes.items()
            if value is not None
        }
        return {
            "type": self.type,
            "group": self.group,
            "attributes": {**attributes, "node_type": self.type},
            "messages": [message.to_wire() for message in self.messages],
            "meta": {"label": self.label.to_wire()} if self.label else {},
        }


def input_node(
    name: str,
    type: str,  # noqa: A002 - the protocol's word
    group: str,
    *,
    value: Any = None,
    label: Message | None = None,
    required: bool = False,
    disabled: bool = False,
    **attributes: Any,
) -> Node:
    """An input. Further attributes as on the wire (`autocomplete`, `pattern`, `maxlength`, `onclickTrigger`, …).

    `disabled` always stands on the wire, `required` only when it holds, nothing that is None.
    """
    given = {"required": True if required else None, **attributes, "value": value}
    optional = {key: each for key, each in given.items() if each is not None}
    return Node("input", group, {"name": name, "type": type, **optional, "disabled": disabled}, label=label)


def submit_node(name: str, value: str, group: str, label: Message | None = None, *, disabled: bool = False) -> Node:
    """A button that sends the form with `name=value`; the method of a form is chosen by one named `method`."""
    return input_node(name, "submit", group, value=value, label=label, disabled=disabled)


def csrf_node(token: str) -> Node:
    """The token against forged posts; empty in forms of native apps."""
    return input_node("csrf_token", "hidden", "default", value=token, required=True)


def text_node(id: str, text: Message, group: str, *, label: Message | None = None) -> Node:  # noqa: A002 - the wire's word
    return Node("text", group, {"text": text, "id": id}, label=label)


def img_node(
    id: str,  # noqa: A002 - the wire's word
    src: str,
    group: str,
    *,
    width: int,
    height: int,
    label: Message | None = None,
) -> Node:
    return Node("img", group, {"src": src, "id": id, "width": width, "height": height}, label=label)


def a_node(id: str, href: str, title: Message, group: str, *, label: Message | None = None) -> Node:  # noqa: A002 - the wire's word
    return Node("a", group, {"href": href, "title": title, "id": id}, label=label)


def script_node(id: str, src: str, group: str, *, integrity: str, nonce: str) -> Node:  # noqa: A002 - the wire's word
    return Node(
        "script",
        group,
        {
            "src": src,
            "async": True,
            "referrerpolicy": "no-referrer",
            "crossorigin": "anonymous",
            "integrity": integrity,
            "type": "text/javascript",
            "id": id,
            "nonce": nonce,
        },
    )


def div_node(
    id: str,  # noqa: A002 - the wire's word
    group: str,
    *,
    css_class: str | None = None,
    data: Mapping[str, str] | None = None,
) -> Node:
    optional = {"class": css_class, "data": data}
    return Node("div", group, {"id": id, **{key: each for key, each in optional.items() if each is not None}})
