"""The words of the pages, one file a language: `texts/<language>.json`.

`page` holds the pages' own sentences, `messages` the sentences of contract 04 by number (hardly any for
English: there the flow's own text stands), `titles` the usual names of schema fields in lower case, `reasons` what a
generic message may give as its reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

from msgspec import Struct

FALLBACK = "en"
LANGUAGES = ("en", "de")
_TEXTS = Path(__file__).parent / "texts"
_TIMES = frozenset({"expired_at", "used_at", "added_at", "privileged_session_expires_at"})
_GENERIC = frozenset({4000001, 4000005, 5000001})
_GENERATED = 1070002


class Wording(Struct, frozen=True):
    """One language. Calling it with a key of `page` gives the sentence, with the values in its places."""

    language: str
    direction: str
    months: tuple[str, ...]
    page: Mapping[str, str]
    messages: Mapping[str, str]
    titles: Mapping[str, str]
    reasons: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        return self.page[key].format(**values) if values else self.page[key]

    def get(self, key: str) -> str:
        """The sentence, or nothing where the page has none."""
        return self.page.get(key, "")

    def message(self, wire: Mapping[str, Any]) -> str:
        """The sentence of a message on the wire: by its number, or its own text where the number is not ours."""
        sentence = self.messages.get(str(wire.get("id")))
        text = str(wire.get("text", ""))
        if sentence is None:
            return text
        context = wire.get("context")
        values = {"text": text, **(cast(Mapping[str, Any], context) if isinstance(context, Mapping) else {})}
        try:
            return sentence.format_map({key: self._word(wire.get("id"), key, value) for key, value in values.items()})
        except (KeyError, IndexError, ValueError, AttributeError):  # a hook's message may lack the context
            return text

    def moment(self, value: object, form: str = "moment") -> str:
        """A time (RFC 3339 text or epoch seconds) as people write it, in UTC; other values as they are.

        `form` is `moment`, or `day` without the hour.
        """
        at = _time(value)
        if at is None:
            return str(value)
        return self(
            form,
            day=at.day,
            month=self.months[at.month - 1],
            year=at.year,
            hour=f"{at.hour:02}",
            minute=f"{at.minute:02}",
        )

    def _word(self, number: object, key: str, value: object) -> str:
        if key in _TIMES:
            return self.moment(value)
        if number == _GENERATED and key == "title":
            return self.titles.get(str(value).casefold(), str(value))
        if number in _GENERIC and key == "reason":
            return self.reasons.get(str(value), str(value))
        if isinstance(value, Sequence) and not isinstance(value, str):
            return self("separator").join(self._entry(each) for each in cast(Sequence[object], value))
        return str(value)

    def _entry(self, value: object) -> str:
        return self.message(cast(Mapping[str, Any], value)) if isinstance(value, Mapping) else str(value)


@cache
def wording(language: str) -> Wording:
    """The words of one of LANGUAGES; English for any other."""
    name = language if language in LANGUAGES else FALLBACK
    texts = json.loads((_TEXTS / f"{name}.json").read_text("utf-8"))
    return Wording(
        language=texts["language"],
        direction=texts["direction"],
        months=tuple(texts["months"].split("|")),
        page=texts["page"],
        messages=texts["messages"],
        titles=texts["titles"],
        reasons=texts["reasons"],
    )


def language(accept_language: str, offered: Sequence[str] = LANGUAGES) -> str:
    """The offered language that `Accept-Language` likes best (RFC 9110, 12.5.4); the first offered one otherwise.

    A region falls back to its language: `de-AT` is German.
    """
    wishes: list[tuple[float, str]] = []
    for part in accept_language[:1000].split(","):
        tag, _, parameters = part.strip().partition(";")
        quality = _quality(parameters)
        if tag and quality > 0:
            wishes.append((-quality, tag.strip().lower().split("-")[0]))
    for _, tag in sorted(wishes, key=lambda wish: wish[0]):
        if tag in offered:
            return tag
        if tag == "*":
            break
    return offered[0]


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _time(value: object) -> datetime | None:
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        at = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return at.astimezone(UTC) if at.tzinfo else at
