"""The compiled validator of an identity schema (JSON Schema draft-07).

Patterns run on an engine that takes time linear in the text, whatever the pattern: a schema's author cannot, by
accident or on purpose, let one request hold a function for minutes. Patterns that look around or back are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema_rs import Draft7Validator, ReferencingError, RegexOptions, Registry, ValidationError

from vestibule.config.document import pointer
from vestibule.config.formats import CHECKS
from vestibule.config.schema_document import Place, SchemaDocument, SchemaError

PATTERN_BYTES = 1024 * 1024
"""Memory that one compiled pattern may take."""


class SchemaValidator:
    """Raises SchemaError when it is made of something that is no schema."""

    def __init__(self, document: SchemaDocument) -> None:
        self._document = document
        self._parts: dict[tuple[str, str], Draft7Validator] = {}
        self._whole = self._compile(dict(document.root))

    def errors(self, value: Any) -> Iterator[ValidationError]:
        return iter(self._whole.iter_errors(value))

    def holds(self, place: Place, value: Any) -> bool:
        """Whether the value keeps the subschema; compiled when first asked."""
        key = (place.url, place.pointer)
        if key not in self._parts:
            registry = Registry([(place.url, self._document.document(place.url))], retriever=self._document.document)
            self._parts[key] = self._compile({"$ref": f"{place.url}#{place.pointer}"}, registry)
        return self._parts[key].is_valid(value)

    def _compile(self, schema: dict[str, Any], registry: Registry | None = None) -> Draft7Validator:
        try:
            return Draft7Validator(
                schema,
                formats=CHECKS,
                validate_formats=True,
                retriever=self._document.document,
                registry=registry,
                pattern_options=RegexOptions(size_limit=PATTERN_BYTES, dfa_size_limit=PATTERN_BYTES),
            )
        except ValidationError as error:
            raise SchemaError(pointer(error.instance_path), _reason(error)) from error
        except (ReferencingError, ValueError) as error:
            raise SchemaError("", f"the schema cannot be compiled: {error}") from error


def _reason(error: ValidationError) -> str:
    if error.instance_path and error.instance_path[-1] == "pattern":
        return f"the pattern {error.instance} cannot run in linear time, or is none: no look-around, no back references"
    return error.message
