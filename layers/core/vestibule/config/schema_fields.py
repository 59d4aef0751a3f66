"""The fields of a form that an identity schema describes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from vestibule.config.document import dig
from vestibule.config.json_shapes import is_list, is_object
from vestibule.config.schema_document import Place, SchemaDocument
from vestibule.config.schema_extension import KEYWORD, names_somebody


class TraitField(Struct, frozen=True):
    """One value that a person fills in: a leaf of the traits.

    `name` is dotted and starts with `traits`; `type` is the JSON type, empty when the schema names none; `items` is the
    type of an array's entries. `required` speaks of the object it stands in. `identifies`: people know
    themselves by it. `names_passkey`: it is what their passkeys are called.
    """

    name: str
    type: str
    format: str = ""
    title: str = ""
    required: bool = False
    enum: tuple[Any, ...] = ()
    pattern: str = ""
    disabled: bool = False
    items: str = ""
    identifies: bool = False
    names_passkey: bool = False

    @property
    def key(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]


def trait_fields(document: SchemaDocument) -> tuple[TraitField, ...]:
    """The leaves in the order in which the schema lists them; a name that alternatives repeat stands once."""
    found: dict[str, TraitField] = {}
    top = document.resolve(document.top)
    traits = dict(top.children("properties")).get("traits")
    if traits:
        for each in _fields(document, traits, "traits", required=True, above=frozenset()):
            found.setdefault(each.name, each)
    return tuple(found.values())


_COMPOSED = ("allOf", "anyOf", "oneOf")


def _fields(
    document: SchemaDocument, place: Place, name: str, *, required: bool, above: frozenset[tuple[str, str]]
) -> Iterator[TraitField]:
    """`above` are the places on the way here: a schema that contains itself gives the fields of its first round."""
    place = document.resolve(place)
    if (place.url, place.pointer) in above:
        return
    above |= {(place.url, place.pointer)}
    composed = [each for keyword in _COMPOSED for _, each in place.children(keyword)]
    required_here = place.object.get("required")
    needed = required_here if is_list(required_here) else []
    for key, each in place.children("properties"):
        yield from _fields(document, each, f"{name}.{key}", required=key in needed, above=above)
    if "properties" not in place.object and (not composed or _type(place) not in ("", "object")):
        yield _leaf(document, place, name, required=required)
    for each in composed:
        yield from _fields(document, each, name, required=required, above=above)


def _leaf(document: SchemaDocument, place: Place, name: str, *, required: bool) -> TraitField:
    node = place.object
    items = document.resolve(place.at("items")) if is_object(node.get("items")) else None
    enum = node.get("enum")
    return TraitField(
        name=name,
        type=_type(place),
        format=_text(node.get("format")),
        title=_text(node.get("title")),
        required=required,
        enum=tuple(enum) if is_list(enum) else (),
        pattern=_text(node.get("pattern")),
        disabled=node.get("disableFormField") is True,
        items=_type(items) if items else "",
        identifies=names_somebody(node.get(KEYWORD)),
        names_passkey=dig(node.get(KEYWORD), "credentials", "passkey", "display_name") is True,
    )


def _type(place: Place) -> str:
    """The type; of several the first that is not null."""
    named = place.object.get("type")
    if is_list(named):
        named = next((each for each in named if each != "null"), "null")  # pyright: ignore[reportUnknownVariableType] # JSON is open
    return _text(named)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
