"""Sentences for people, numbered so that clients act on them and translate them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct


class MessageType(StrEnum):
    INFO = "info"
    ERROR = "error"
    SUCCESS = "success"


class Message(Struct, frozen=True):
    """One UI text: contract 04. `context` is omitted on the wire when it is None."""

    id: int
    text: str
    type: MessageType = MessageType.INFO
    context: Mapping[str, Any] | None = None

    def to_wire(self) -> dict[str, Any]:
        wire: dict[str, Any] = {"id": self.id, "text": self.text, "type": str(self.type)}
        if self.context is not None:
            wire["context"] = dict(self.context)
        return wire

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Message:
        return cls(wire["id"], wire["text"], MessageType(wire["type"]), wire.get("context"))


class Problem(Struct, frozen=True):
    """What is wrong with a submitted form.

    `pointer` is a JSON pointer as hooks and schemas write it (`#/traits/name/first`, `#/password`); `#/` is the
    whole form. The node it belongs to is the pointer with dots for slashes.
    """

    message: Message
    pointer: str = "#/"

    @property
    def node_name(self) -> str:
        """`traits.name.first`; empty for the form itself."""
        parts = self.pointer.removeprefix("#").strip("/").split("/")
        return ".".join(part.replace("~1", "/").replace("~0", "~") for part in parts if part)
