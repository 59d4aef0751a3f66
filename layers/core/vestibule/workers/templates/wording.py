"""The words of messages, one file a language: `en.json`, `de.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from msgspec import Struct

LANGUAGES = ("en", "de")


class Wording(Struct, frozen=True):
    """`email` and `sms`: type of the message → its parts, with `{name}`, `{to}`, `{code}`, `{span}`, `{at}` in them."""

    language: str
    months: Sequence[str]
    words: Mapping[str, str]
    email: Mapping[str, Mapping[str, str]]
    sms: Mapping[str, str]

    def span(self, minutes: int) -> str:
        """A time to go, in words: `1 hour`, `90 minutes`."""
        whole = minutes % 60 == 0 and minutes > 0
        count, unit = (minutes // 60, "hour") if whole else (minutes, "minute")
        return f"{count} {self.words[unit if count == 1 else unit + 's']}"

    def moment(self, text: str) -> str:
        """An RFC 3339 time as people write it, in UTC; any other text as it is."""
        try:
            at = datetime.fromisoformat(text).astimezone(UTC)
        except ValueError:
            return text
        values = {"day": at.day, "month": self.months[at.month - 1], "year": at.year, "time": f"{at:%H:%M}"}
        return self.words["moment"].format(**values)


@cache
def wording(language: str) -> Wording:
    """Raises KeyError for a language that there is none of."""
    if language not in LANGUAGES:
        raise KeyError(language)
    document = json.loads(Path(__file__).with_name(f"{language}.json").read_text(encoding="utf-8"))
    return Wording(language, **document)
