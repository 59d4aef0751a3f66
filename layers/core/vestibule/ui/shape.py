"""Which fields a form may send, and of what type."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from vestibule.config.schema_fields import TraitField


class Kind(StrEnum):
    TEXT = "text"
    BOOLEAN = "boolean"
    OBJECT = "object"
    """Any JSON object; an empty one where nothing is sent."""


@dataclass(frozen=True)
class Shape:
    """The fields by name; with `traits`, also `traits` as the schema describes it (`schema.trait_fields`)."""

    fields: dict[str, Kind]
    traits: tuple[TraitField, ...] | None = None

    @cached_property
    def trait_by_name(self) -> dict[str, TraitField]:
        return {each.name: each for each in self.traits or ()}

    @cached_property
    def objects(self) -> tuple[tuple[str, ...], ...]:
        """The ways to the objects that are there even when nothing is sent, outermost first."""
        found: dict[tuple[str, ...], None] = {
            (name,): None for name, kind in self.fields.items() if kind is Kind.OBJECT
        }
        if self.traits is None:
            return tuple(found)
        found["traits",] = None
        for field in self.traits:
            parts = field.name.split(".")
            whole = len(parts) + 1 if field.type == "object" else len(parts)
            found.update({tuple(parts[:length]): None for length in range(1, whole)})
        return tuple(found)


def shape(*names: str, traits: tuple[TraitField, ...] | None = None, **kinds: Kind) -> Shape:
    """`shape("method", "password", transient_payload=Kind.OBJECT)`: what is only named is text."""
    return Shape({**dict.fromkeys(names, Kind.TEXT), **kinds}, traits)
