"""Writes of the Table port as DynamoDB's requests.

Why marks: when the answer to a write gets lost, the write is sent again, and a conditional one then fails for what it
has itself done, and an `add` counts twice. So such a write leaves a random mark in the item (10 bytes, no capacity of
its own): an `add` is conditional on the mark not standing there, and a failed condition that shows our own mark is a
success. A write by somebody else between the loss and the repetition hides the mark; an `add` then counts twice and
another write reports a failed condition, which for our counters and versions is the safe side. Transactions need no
marks: DynamoDB knows them by their ClientRequestToken. A conditional delete leaves no item to mark, so that it is sent
as a transaction of one (twice the capacity; it is rare).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vestibule.adapters.dynamodb_values import MARK, Document, encode, encode_item, encode_key
from vestibule.ports import (
    Absent,
    AnyOf,
    Check,
    Condition,
    Delete,
    Equals,
    LessThan,
    Present,
    Put,
    TransactWrite,
    Update,
    Write,
)


class _Placeholders:
    """Names and values of one request's expressions; every name is a placeholder, since many words are reserved."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: Document = {}

    def name(self, attribute: str) -> str:
        return self._names.setdefault(attribute, f"#{len(self._names)}")

    def value(self, value: object) -> str:
        placeholder = f":{len(self._values)}"
        self._values[placeholder] = encode(value)
        return placeholder

    def document(self) -> Document:
        document: Document = {}
        if self._names:
            document["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in self._names.items()}
        if self._values:
            document["ExpressionAttributeValues"] = self._values
        return document


def is_repeatable(write: Write) -> bool:
    """Whether applying it twice is the same as once, so that it needs no mark."""
    return not write.conditions and not (isinstance(write, Update) and write.add)


def single_write(table: str, write: Write, mark: bytes) -> tuple[str, Document]:
    """Operation and document of a write on its own."""
    if isinstance(write, Delete) and write.conditions:
        return transaction(table, [write], mark.hex())
    operation, document = _write(table, write, None if is_repeatable(write) else mark)
    if isinstance(write, Update):
        document["ReturnValues"] = "ALL_NEW"  # costs no capacity
    return f"{operation}Item", document


def transaction(table: str, writes: Sequence[TransactWrite], token: str) -> tuple[str, Document]:
    items: list[Document] = []
    for write in writes:
        operation, document = _write(table, write, None)
        items.append({operation: document})
    return "TransactWriteItems", {"TransactItems": items, "ClientRequestToken": token}


def _write(table: str, write: TransactWrite, mark: bytes | None) -> tuple[str, Document]:
    placeholders = _Placeholders()
    conditions = [condition_text(condition, placeholders) for condition in write.conditions]
    document: Document = {"TableName": table}
    match write:
        case Put(item):
            operation = "Put"
            document["Item"] = encode_item(item if mark is None else {**item, MARK: mark})
        case Update():
            operation = "Update"
            document["Key"] = encode_key(write.key)
            if write.add and mark is not None:
                conditions.append(_is_unmarked(mark, placeholders))
            document["UpdateExpression"] = _update_text(write, mark, placeholders)
        case Delete(key):
            operation = "Delete"
            document["Key"] = encode_key(key)
        case Check(key):
            operation = "ConditionCheck"
            document["Key"] = encode_key(key)
    if conditions:
        document["ConditionExpression"] = " AND ".join(conditions)
        document["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"  # costs no capacity
    return operation, document | placeholders.document()


def _is_unmarked(mark: bytes, placeholders: _Placeholders) -> str:
    name = placeholders.name(MARK)
    return f"(attribute_not_exists({name}) OR {name} <> {placeholders.value(mark)})"


def _update_text(update: Update, mark: bytes | None, placeholders: _Placeholders) -> str:
    name, value = placeholders.name, placeholders.value
    to_set: dict[str, Any] = {**update.set} if mark is None else {**update.set, MARK: mark}
    clauses = {
        "SET": [f"{name(attribute)} = {value(new)}" for attribute, new in to_set.items()],
        "ADD": [f"{name(attribute)} {value(amount)}" for attribute, amount in update.add.items()],
        "REMOVE": [name(attribute) for attribute in update.remove],
    }
    return " ".join(f"{word} {', '.join(parts)}" for word, parts in clauses.items() if parts)


def condition_text(condition: Condition, placeholders: _Placeholders) -> str:
    match condition:
        case Absent(attribute):
            return f"attribute_not_exists({placeholders.name(attribute)})"
        case Present(attribute):
            return f"attribute_exists({placeholders.name(attribute)})"
        case Equals(attribute, value):
            return f"{placeholders.name(attribute)} = {placeholders.value(value)}"
        case LessThan(attribute, value):
            return f"{placeholders.name(attribute)} < {placeholders.value(value)}"
        case AnyOf(conditions):
            return f"({' OR '.join(condition_text(inner, placeholders) for inner in conditions)})"
