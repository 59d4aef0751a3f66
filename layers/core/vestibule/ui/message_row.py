"""One row of the table of messages: how a number, a sentence and its context become a `Message`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from string import Formatter
from typing import Any

from msgspec import Struct

from vestibule.config.json_shapes import is_list
from vestibule.domain.message import Message, MessageType


class Row(Struct, frozen=True):
    """Calling a row with its context makes the message.

    `keys` are the context keys it must be called with: exactly these, since clients read them. A `datetime` (aware)
    stands twice in the context, as RFC 3339 text and as `<key>_unix`, whole epoch seconds. `aliases` are context keys
    that repeat another one under an older spelling. `unsent` are words that the row also takes, for its sentence alone.
    """

    id: int
    type: MessageType
    text: str
    keys: frozenset[str]
    aliases: Mapping[str, str]
    unsent: frozenset[str] = frozenset()

    def __call__(self, **context: Any) -> Message:
        if context.keys() != self.keys | self.unsent:
            raise TypeError(f"message {self.id} takes {sorted(self.keys | self.unsent)}, got {sorted(context)}")
        wire: dict[str, Any] = {}
        for key, value in context.items():
            if key in self.unsent:
                continue
            if isinstance(value, datetime):
                wire[key] = _rfc3339(value)
                wire[f"{key}_unix"] = int(value.timestamp())
            else:
                wire[key] = value
        wire.update({alias: wire[key] for alias, key in self.aliases.items()})
        return Message(self.id, _WORDS.vformat(self.text, (), context), self.type, wire or None)


def info(number: int, text: str, *also: str, **aliases: str) -> Row:
    """`text` names its context keys in braces; `also` are keys that clients get but the sentence does not use.

    `{count:# item|items}` writes a number with its noun in the right form, `{keys:, }` a list with that separator.
    """
    return _row(number, MessageType.INFO, text, also, aliases)


def success(number: int, text: str, *also: str, **aliases: str) -> Row:
    return _row(number, MessageType.SUCCESS, text, also, aliases)


def error(number: int, text: str, *also: str, **aliases: str) -> Row:
    return _row(number, MessageType.ERROR, text, also, aliases)


def _row(number: int, kind: MessageType, text: str, also: tuple[str, ...], aliases: Mapping[str, str]) -> Row:
    named = {name for _, name, _, _ in _WORDS.parse(text) if name}
    return Row(number, kind, text, frozenset(named | set(also)), dict(aliases))


class _Words(Formatter):
    """Writes numbers with their nouns, lists and times as a person would."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, datetime):
            return value.astimezone(UTC).strftime("%-d %B %Y, %H:%M UTC")
        if format_spec.startswith("#"):
            one, many = format_spec.removeprefix("#").strip().split("|")
            return f"{value} {one if value == 1 else many}"
        if is_list(value):
            return (format_spec or ", ").join(map(str, value))
        return str(value)


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


_WORDS = _Words()
