"""What the keyword `ory.sh/kratos` says of the traits: who signs in, gets verified, recovers (contract 06 §9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from vestibule.config.document import dig
from vestibule.config.json_shapes import is_list, is_object
from vestibule.config.schema_document import Place, SchemaDocument

KEYWORD = "ory.sh/kratos"

Holds = Callable[[Place, Any], bool]
"""Whether a value keeps the subschema at a place."""


class Mark(Struct, frozen=True):
    """A value of the traits that the extension speaks of, or a phone number.

    `path` leads to it from the traits; `rules` is the extension's object, empty for a mere phone number.
    """

    path: tuple[str | int, ...]
    value: Any
    format: str
    rules: Mapping[str, Any]

    @property
    def is_phone(self) -> bool:
        return self.format == "tel" or "sms" in (
            self.via("verification"),
            self.via("recovery"),
            self.via("credentials", "code"),
        )

    def via(self, *path: str) -> str | None:
        """`email` or `sms`, where the rule at the path names one."""
        return dig(self.rules, *path, "via")

    def identifies(self, method: str) -> bool:
        return self.says(method, "identifier")

    def says(self, method: str, key: str) -> bool:
        return dig(self.rules, "credentials", method, key) is True

    @property
    def code_via(self) -> str | None:
        """How sign-in codes reach this value; None when they do not. Without `via` the format says it."""
        if not self.identifies("code"):
            return None
        return self.via("credentials", "code") or ("sms" if self.format == "tel" else "email")


_NAMES = (
    ("password", "identifier"),
    ("webauthn", "identifier"),
    ("code", "identifier"),
    ("passkey", "display_name"),
    ("totp", "account_name"),
)


def names_somebody(rules: object) -> bool:
    """Whether a trait with these rules is one that people know themselves by: the login form is labelled with it."""
    return any(dig(rules, "credentials", method, key) is True for method, key in _NAMES)


def marks(document: SchemaDocument, traits: Any, holds: Holds) -> Iterator[Mark]:
    """The marked values in the schema's order. Of alternatives only those that the value keeps are followed."""
    top = document.resolve(document.top)
    place = dict(top.children("properties")).get("traits")
    if place:
        yield from _Walk(document, holds).of(place, traits, ())


class _Walk(Struct, frozen=True):
    document: SchemaDocument
    holds: Holds

    def of(
        self, place: Place, value: Any, path: tuple[str | int, ...], above: frozenset[tuple[str, str]] = frozenset()
    ) -> Iterator[Mark]:
        """`above` are the places that speak of this same value already: a schema may contain itself."""
        place = self.document.resolve(place)
        if (place.url, place.pointer) in above:
            return
        rules = place.object.get(KEYWORD)
        kind = place.object.get("format")
        if isinstance(value, (str, int)) and (is_object(rules) or kind == "tel"):
            yield Mark(path, value, kind if isinstance(kind, str) else "", rules if is_object(rules) else {})
        for key, each in place.children("properties"):
            if is_object(value) and key in value:
                yield from self.of(each, value[key], (*path, key))
        if is_list(value):
            for index, each in enumerate(self._items(place, len(value))):
                yield from self.of(each, value[index], (*path, index))
        for each in self._same_value(place, value):
            yield from self.of(each, value, path, above | {(place.url, place.pointer)})

    def _items(self, place: Place, count: int) -> list[Place]:
        items = place.object.get("items")
        if is_object(items):
            return [place.at("items")] * count
        return [each for _, each in place.children("items")][:count]

    def _same_value(self, place: Place, value: Any) -> Iterator[Place]:
        yield from (each for _, each in place.children("allOf"))
        for keyword in ("anyOf", "oneOf"):
            yield from (each for _, each in place.children(keyword) if self.holds(each, value))
        if "if" in place.object:
            branch = "then" if self.holds(place.at("if"), value) else "else"
            if branch in place.object:
                yield place.at(branch)
