"""An identity schema as a document: its places, and where their references lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from msgspec import Struct, field

from vestibule.config.json_shapes import is_list, is_object

Fetch = Callable[[str], Any]
"""Reads the JSON document under an absolute URL. Raises OSError or ValueError."""

NAMELESS = "urn:vestibule:identity-schema"
"""The base of references in a schema without `$id`."""


class SchemaError(Exception):
    """The identity schema cannot be used. Names the place as a JSON pointer into it."""

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(f"#{pointer}: {reason}")
        self.pointer = pointer
        self.reason = reason


class Place(Struct, frozen=True):
    """A subschema: the document it stands in (by URL), the pointer to it there, and itself (a JSON value)."""

    url: str
    pointer: str
    node: Any

    @property
    def object(self) -> dict[str, Any]:
        """Its keywords; none when it is `true` or `false`."""
        return self.node if is_object(self.node) else {}

    def at(self, *keys: str | int) -> Place:
        """The place below; the caller knows that it is there."""
        node, pointer = self.node, self.pointer
        for key in keys:
            node = node[key]
            pointer += "/" + str(key).replace("~", "~0").replace("/", "~1")
        return Place(self.url, pointer, node)

    def children(self, keyword: str) -> Iterator[tuple[str, Place]]:
        """The places under a keyword that holds an object of schemas (`properties`) or a list of them (`allOf`)."""
        held = self.object.get(keyword)
        if is_object(held):
            yield from ((key, self.at(keyword, key)) for key in held)
        elif is_list(held):
            yield from ((str(index), self.at(keyword, index)) for index in range(len(held)))


class SchemaDocument(Struct):
    """The schema and the documents it refers to, which are fetched when a reference is first followed.

    Without `fetch`, references out of the document are refused (`security.disallow_ref_in_identity_schemas`).
    """

    root: Mapping[str, Any]
    fetch: Fetch | None = None
    others: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def url(self) -> str:
        name = self.root.get("$id")
        return urldefrag(name).url if isinstance(name, str) and name else NAMELESS

    @property
    def top(self) -> Place:
        return Place(self.url, "", self.root)

    def resolve(self, place: Place) -> Place:
        """Where the place's `$ref` leads, through any number of them; the place itself when it has none.

        Draft-07: whatever stands beside `$ref` does not count. Raises SchemaError.
        """
        seen: set[tuple[str, str]] = set()
        while isinstance(reference := place.object.get("$ref"), str):
            if (place.url, place.pointer) in seen:
                raise SchemaError(place.pointer, "the reference leads back to itself")
            seen.add((place.url, place.pointer))
            place = self._follow(place, reference)
        return place

    def document(self, url: str, *, needed_at: str = "") -> Any:
        """The document under the URL: this one, or one that is fetched once. Raises SchemaError."""
        if url == self.url:
            return self.root
        if url not in self.others:
            if self.fetch is None:
                raise SchemaError(needed_at, f"references to other documents are not allowed: {url}")
            try:
                self.others[url] = self.fetch(url)
            except (OSError, ValueError) as error:
                raise SchemaError(needed_at, f"the referred document cannot be read: {url}") from error
        return self.others[url]

    def _follow(self, place: Place, reference: str) -> Place:
        url, fragment = urldefrag(urljoin(place.url, reference) if not reference.startswith("#") else reference)
        target = Place(url or place.url, "", self.document(url or place.url, needed_at=place.pointer))
        for part in unquote(fragment).split("/")[1:] if fragment else ():
            key = part.replace("~1", "/").replace("~0", "~")
            node = target.node
            if is_list(node) and key.isdigit() and int(key) < len(node):
                target = target.at(int(key))
            elif is_object(node) and key in node:
                target = target.at(key)
            else:
                raise SchemaError(place.pointer, f"the reference {reference} leads nowhere")
        if fragment and not fragment.startswith("/"):
            raise SchemaError(place.pointer, f"the reference {reference} is no pointer: named anchors are not followed")
        return target
