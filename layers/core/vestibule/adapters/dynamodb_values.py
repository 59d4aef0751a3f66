"""Items as DynamoDB's AttributeValue documents, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.ports import Item, Key

Document = dict[str, Any]
"""A DynamoDB request or answer, or a part. Binary values are `bytes`: a transport that speaks JSON encodes them."""

MARK = "~"
"""The attribute that holds the mark of the last marked write (see dynamodb_writes). No caller ever sees it."""


def encode(value: object) -> Document:
    """One AttributeValue. Raises ValueError for a value that no attribute holds, floats among them."""
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case None:
            return {"NULL": True}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": {name: encode(inner) for name, inner in value.items()}}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] the match narrows to Mapping[Unknown]
        case list() | tuple():
            return {"L": [encode(inner) for inner in value]}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] likewise
        case _:
            raise ValueError(f"no attribute holds a {type(value).__name__}")


def decode(value: Document) -> Any:
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "N":
            return int(content)
        case "NULL":
            return None
        case "B":
            return bytes(content)
        case "M":
            return {name: decode(inner) for name, inner in content.items()}
        case "L":
            return [decode(inner) for inner in content]
        case _:
            raise ValueError(f"our items have no {kind} attributes")


def encode_item(item: Mapping[str, Any]) -> Document:
    return {name: encode(value) for name, value in item.items()}


def decode_item(document: Document) -> Item:
    return {name: decode(value) for name, value in document.items() if name != MARK}


def encode_key(key: Key) -> Document:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def decode_key(document: Document) -> Key:
    return (document["pk"]["S"], document["sk"]["S"])
