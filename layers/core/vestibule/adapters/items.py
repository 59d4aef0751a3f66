"""What every Table adapter holds items and writes to: DynamoDB's limits, and conditions and updates in plain Python.

The limits are checked before a store is asked, so that all stores refuse the same things with the same errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vestibule.ports import (
    Absent,
    AnyOf,
    Check,
    Condition,
    Equals,
    Item,
    ItemTooLarge,
    Key,
    LessThan,
    Present,
    Put,
    TransactWrite,
    Update,
)

ITEM_BYTES = 400 * 1024
TRANSACTION_BYTES = 4 * 1024 * 1024
TRANSACTION_WRITES = 100
KEYS_PER_READ = 100
NUMBER_DIGITS = 38
NESTING = 32

KEY_BYTES = {"pk": 2048, "sk": 1024, "g1pk": 2048, "g1sk": 1024, "g2pk": 2048, "g2sk": 1024}
"""The longest values of key attributes, in UTF-8 bytes; all are non-empty strings."""


# --- limits ---------------------------------------------------------------------------------------------


def check_key(key: Key) -> None:
    for name, part in zip(("pk", "sk"), key, strict=True):
        _check_key_part(name, part)


def check_reads(keys: Sequence[Key]) -> None:
    """Raises ValueError for more keys than one round trip reads."""
    if len(keys) > KEYS_PER_READ:
        raise ValueError(f"one read takes at most {KEYS_PER_READ} keys, not {len(keys)}")
    for key in keys:
        check_key(key)


def check_write(write: TransactWrite) -> None:
    """Raises ItemTooLarge; ValueError for what no store takes (a programming error)."""
    check_key(write.key)
    for condition in write.conditions:
        _check_condition(condition)
    if isinstance(write, Put):
        check_item(write.item)
    elif isinstance(write, Update):
        _check_update(write)
    elif isinstance(write, Check) and not write.conditions:
        raise ValueError("a check needs a condition")


def check_transaction(writes: Sequence[TransactWrite]) -> None:
    """Raises ItemTooLarge; ValueError for what no store takes (a programming error)."""
    if not 1 <= len(writes) <= TRANSACTION_WRITES:
        raise ValueError(f"a transaction has 1 to {TRANSACTION_WRITES} writes, not {len(writes)}")
    if len({write.key for write in writes}) < len(writes):
        raise ValueError("a transaction writes each key once")
    for write in writes:
        check_write(write)
    check_total(sum(_size_of_write(write) for write in writes))


def check_item(item: Item) -> None:
    """Raises ItemTooLarge; ValueError when a key attribute is no string or has no allowed length."""
    for name in KEY_BYTES:
        if name in item:
            _check_key_part(name, item[name])
    if (size := item_size(item)) > ITEM_BYTES:
        raise ItemTooLarge(f"an item has at most {ITEM_BYTES} bytes, not {size}")


def check_total(size: int) -> None:
    if size > TRANSACTION_BYTES:
        raise ItemTooLarge(f"a transaction has at most {TRANSACTION_BYTES} bytes, not {size}")


def _check_key_part(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{name} is a string, not {type(value).__name__}")  # noqa: TRY004 one error for bad writes
    if not 1 <= len(value.encode()) <= KEY_BYTES[name]:
        raise ValueError(f"{name} has 1 to {KEY_BYTES[name]} bytes")


def _check_condition(condition: Condition) -> None:
    if not isinstance(condition, AnyOf):
        return
    if not condition.conditions:
        raise ValueError("AnyOf needs a condition")
    for inner in condition.conditions:
        _check_condition(inner)


def _check_update(update: Update) -> None:
    named = [*update.set, *update.add, *update.remove]
    if len(set(named)) < len(named):
        raise ValueError("an update names each attribute once")
    if not named:
        raise ValueError("an update changes something")
    if {"pk", "sk"} & set(named):
        raise ValueError("the key of an item does not change")
    check_item({"pk": update.key[0], "sk": update.key[1], **update.set, **update.add})


def _size_of_write(write: TransactWrite) -> int:
    if isinstance(write, Put):
        return item_size(write.item)
    return item_size(write.set) if isinstance(write, Update) else 0


# --- sizes ----------------------------------------------------------------------------------------------


def item_size(item: Mapping[str, Any]) -> int:
    """Bytes as DynamoDB counts them. Raises ValueError for a value that no attribute holds, floats among them."""
    return sum(len(name.encode()) + _value_size(value, NESTING) for name, value in item.items())


def _value_size(value: object, depth: int) -> int:
    match value:
        case str():
            return len(value.encode())
        case None | bool():
            return 1
        case int():
            return _number_size(value)
        case bytes():
            return len(value)
        case _ if depth == 0:
            raise ValueError(f"attributes nest at most {NESTING} levels")
        case Mapping():
            return 3 + sum(_entry_size(name, inner, depth) for name, inner in value.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] the match narrows to Mapping[Unknown]
        case list() | tuple():
            return 3 + sum(1 + _value_size(inner, depth - 1) for inner in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] likewise
        case _:
            raise ValueError(f"no attribute holds a {type(value).__name__}")


def _entry_size(name: object, value: object, depth: int) -> int:
    if not isinstance(name, str) or not name or name.startswith("\0"):
        raise ValueError("the names in an attribute's map are non-empty strings that do not start with NUL")
    return 1 + len(name.encode()) + _value_size(value, depth - 1)


def _number_size(value: int) -> int:
    digits = len(str(abs(value)))
    if digits > NUMBER_DIGITS:
        raise ValueError(f"a number has at most {NUMBER_DIGITS} digits")
    return 1 + (digits + 1) // 2 + (value < 0)


# --- meaning --------------------------------------------------------------------------------------------


def holds(condition: Condition, item: Item | None) -> bool:
    """Whether the condition holds for what stands under the key."""
    here: Item = item or {}
    match condition:
        case Absent(attribute):
            return attribute not in here
        case Present(attribute):
            return attribute in here
        case Equals(attribute, value):
            return attribute in here and _same_type(here[attribute], value) and here[attribute] == value
        case LessThan(attribute, value):
            return attribute in here and _same_type(here[attribute], value) and here[attribute] < value
        case AnyOf(conditions):
            return any(holds(inner, item) for inner in conditions)


def _same_type(left: object, right: object) -> bool:
    """As DynamoDB compares: True is no 1."""
    return type(left) is type(right)


def after_write(write: TransactWrite, item: Item | None) -> Item | None:
    """The item once the write is applied to `item`. Raises ItemTooLarge, and ValueError when `add` meets no number."""
    match write:
        case Put():
            return write.item
        case Check():
            return item
        case Update():
            updated = _updated(write, item)
            check_item(updated)
            return updated
        case _:
            return None


def _updated(update: Update, item: Item | None) -> Item:
    updated: Item = {**(item or {"pk": update.key[0], "sk": update.key[1]}), **update.set}
    for name, amount in update.add.items():
        before = updated.get(name, 0)
        if type(before) is not int:
            raise ValueError(f"add counts integers, and {name} is none")
        updated[name] = before + amount
    for name in update.remove:
        updated.pop(name, None)
    return updated
