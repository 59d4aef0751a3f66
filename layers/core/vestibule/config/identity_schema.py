"""An identity schema: what traits look like, and which of them sign in, get verified and recover (contract 06 §9)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from vestibule.config.schema_document import Fetch, SchemaDocument
from vestibule.config.schema_fields import TraitField, trait_fields


class IdentitySchema:
    """One schema of the configuration.

    Making one costs nothing; what is asked of it is worked out when first asked and kept, so that a function that
    only draws a form never compiles the validator.
    """

    def __init__(self, id: str, document: Mapping[str, Any], fetch: Fetch | None = None) -> None:  # noqa: A002 - the configuration's word
        self.id = id
        self.document = document
        self._places = SchemaDocument(document, fetch)

    @property
    def url_id(self) -> str:
        """The id as it stands in schema URLs: base64url without padding."""
        return base64.urlsafe_b64encode(self.id.encode()).decode().rstrip("=")

    @cached_property
    def trait_fields(self) -> tuple[TraitField, ...]:
        """The leaves of the traits, in the schema's order."""
        return trait_fields(self._places)

    @property
    def keys(self) -> tuple[str, ...]:
        """The dotted names of the trait fields, which order the nodes of a form."""
        return tuple(each.name for each in self.trait_fields)

    @property
    def first_key(self) -> str:
        """The first trait of a form: the password stands behind it. Empty when there are none."""
        return self.keys[0] if self.trait_fields else ""
