"""What an identity schema must keep to be used: checked when a configuration is loaded, not at every start."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from vestibule.config.json_shapes import is_list, is_object
from vestibule.config.schema_document import Place, SchemaDocument, SchemaError
from vestibule.config.schema_extension import KEYWORD

LARGEST = 1024 * 1024
"""Bytes of a schema document."""

MOST_CHOICES = 500
"""Entries of an `enum`."""

DEEPEST = 100

_BOOLEAN: tuple[Any, ...] = (True, False)
_VIA: tuple[Any, ...] = ("email", "sms")

EXTENSION: Mapping[str, Any] = {
    "credentials": {
        "password": {"identifier": _BOOLEAN},
        "webauthn": {"identifier": _BOOLEAN},
        "passkey": {"display_name": _BOOLEAN},
        "totp": {"account_name": _BOOLEAN},
        "code": {"identifier": _BOOLEAN, "via": _VIA},
    },
    "verification": {"via": _VIA},
    "recovery": {"via": _VIA},
    "organizations": {"matcher": ("email_domain",)},
}
"""Every key that may stand under `ory.sh/kratos`, and the values it takes."""

VERIFIED_FORMATS = ("email", "tel", "date", "time", "date-time", "no-validate")


def read(source: bytes) -> dict[str, Any]:
    """The document of a schema file. Raises SchemaError."""
    if len(source) > LARGEST:
        raise SchemaError("", f"the schema has {len(source)} bytes, at most {LARGEST} are read")
    try:
        document = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise SchemaError("", "the schema is no JSON document") from error
    if not is_object(document):
        raise SchemaError("", "the schema is no JSON object")
    return document


def check(document: SchemaDocument) -> None:
    """Whether the schema has traits and keeps the extension's rules. Raises SchemaError at the first place that fails.

    Whether it is a JSON schema at all, the validator says when it is built.
    """
    properties = document.resolve(document.top).object.get("properties")
    if not is_object(properties) or not is_object(properties.get("traits")):
        raise SchemaError("/properties/traits", "the schema describes no traits")
    for place in _places(document.top):
        if isinstance(place.object.get("$ref"), str):
            document.resolve(place)
        choices = place.object.get("enum")
        if is_list(choices) and len(choices) > MOST_CHOICES:
            raise SchemaError(f"{place.pointer}/enum", f"{len(choices)} choices, at most {MOST_CHOICES} are allowed")
        if KEYWORD in place.object:
            _check_extension(place.at(KEYWORD), EXTENSION)
            _check_verified_format(place)


_DATA = frozenset({"enum", "const", "default", "examples", KEYWORD})
"""Keywords whose values are data: what stands there is no schema."""


def _places(top: Place) -> Iterator[Place]:
    """Every object that may be a subschema."""
    waiting = [(top, 0)]
    while waiting:
        place, depth = waiting.pop()
        if depth > DEEPEST:
            raise SchemaError(place.pointer, f"nested deeper than {DEEPEST} levels")
        if is_list(place.node):
            waiting += [(place.at(index), depth + 1) for index in reversed(range(len(place.node)))]
        if is_object(place.node):
            yield place
            waiting += [(place.at(key), depth + 1) for key in reversed(place.object) if key not in _DATA]


def _check_extension(place: Place, rules: Mapping[str, Any]) -> None:
    if not is_object(place.node):
        raise SchemaError(place.pointer, "an object belongs here")
    for key, value in place.object.items():
        allowed = rules.get(key)
        if allowed is None:
            raise SchemaError(place.at(key).pointer, f"unknown; known here: {', '.join(rules)}")
        if is_object(allowed):
            _check_extension(place.at(key), allowed)
        elif not any(value is each or (value == each and isinstance(value, str)) for each in allowed):
            raise SchemaError(place.at(key).pointer, f"takes one of {', '.join(map(json.dumps, allowed))}")


def _check_verified_format(place: Place) -> None:
    kind = place.object.get("format")
    if "verification" in place.object[KEYWORD] and kind is not None and kind not in VERIFIED_FORMATS:
        raise SchemaError(f"{place.pointer}/format", f"an address to verify is one of {', '.join(VERIFIED_FORMATS)}")
