"""An identity schema: what traits look like, and which of them sign in, get verified and recover (contract 06 §9)."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from vestibule.config import normalise, schema_rules
from vestibule.config.document import pointer
from vestibule.config.schema_document import Fetch, SchemaDocument, SchemaError
from vestibule.config.schema_extension import Mark, marks
from vestibule.config.schema_fields import TraitField, trait_fields
from vestibule.config.violation import Violation, violations_of

if TYPE_CHECKING:
    from vestibule.config.schema_validator import SchemaValidator

Address = tuple[str, str]
"""(`email` or `sms`, the normalised address)."""


class IdentitySchema:
    """One schema of the configuration.

    Making one costs nothing; what is asked of it is worked out when first asked and kept, so that a function that
    only draws a form never compiles the validator. `fetch` reads documents that the schema refers to; without it such
    references are refused.
    """

    def __init__(self, id: str, document: Mapping[str, Any], fetch: Fetch | None = None) -> None:  # noqa: A002 - the configuration's word
        self.id = id
        self.document = document
        self._places = SchemaDocument(document, fetch)

    @classmethod
    def load(cls, id: str, source: bytes, fetch: Fetch | None = None) -> IdentitySchema:  # noqa: A002 - the configuration's word
        """From the bytes of a schema file, checked as far as it can be without traits. Raises SchemaError."""
        schema = cls(id, schema_rules.read(source), fetch)
        schema.check()
        return schema

    def check(self) -> None:
        """Whether the schema can be used, its patterns included. Raises SchemaError, which names the place."""
        schema_rules.check(self._places)
        _ = self._validator

    @property
    def url_id(self) -> str:
        """The id as it stands in schema URLs: base64url without padding."""
        return base64.urlsafe_b64encode(self.id.encode()).decode().rstrip("=")

    # --- for forms --------------------------------------------------------------------------------------

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

    def identifier_label(self) -> tuple[str, str] | None:
        """(title, dotted name) of the only trait that names somebody; None when several do, or it has no title."""
        named = [each for each in self.trait_fields if each.identifies]
        return (named[0].title, named[0].name) if len(named) == 1 and named[0].title else None

    @property
    def passkey_names(self) -> tuple[str, ...]:
        """The traits by which a new passkey is called, by their dotted names."""
        return tuple(each.name for each in self.trait_fields if each.names_passkey)

    # --- for traits -------------------------------------------------------------------------------------

    def validate(self, traits: Any) -> list[Violation]:
        """What the traits break; empty when they may be stored. Takes any JSON value.

        An address that the schema allows but that is none (an empty phone number) is reported where nothing else is
        wrong with it, as recorded.
        """
        found = [each for error in self._validator.errors({"traits": traits}) for each in violations_of(error)]
        wrong = {each.pointer for each in found}
        for mark in self._marks(traits):
            at = "#" + pointer(("traits", *mark.path))
            if mark.is_phone and at not in wrong and _phone(mark.value) is None and (mark.rules or mark.value != ""):
                found.append(
                    Violation(at, "address", "This is no phone number. Please write it with its country code.")
                )
        return found

    def normalised_traits(self, traits: Any) -> Any:
        """A copy in which phone numbers are written as E.164; e-mail addresses stay as they were typed."""
        written = copy.deepcopy(traits)
        for mark in self._marks(traits):
            number = _phone(mark.value) if mark.is_phone else None
            if number:
                holder = written
                for part in mark.path[:-1]:
                    holder = holder[part]
                holder[mark.path[-1]] = number
        return written

    def identifiers(self, traits: Any) -> dict[str, tuple[str, ...]]:
        """By method (`password`, `code`, `webauthn`), the normalised identifiers that the traits give."""
        found = list(self._marks(traits))
        return {
            "password": _distinct(
                normalise.identifier(str(mark.value)) for mark in found if mark.identifies("password")
            ),
            "code": tuple(address for _, address in self.code_addresses(traits)),
            "webauthn": _distinct(
                normalise.identifier(str(mark.value)) for mark in found if mark.identifies("webauthn")
            ),
        }

    def code_addresses(self, traits: Any) -> tuple[Address, ...]:
        """Where sign-in codes can be sent."""
        return self._addresses(traits, lambda mark: mark.code_via)

    def verifiable(self, traits: Any) -> tuple[Address, ...]:
        return self._addresses(traits, lambda mark: mark.via("verification"))

    def recovery(self, traits: Any) -> tuple[Address, ...]:
        return self._addresses(traits, lambda mark: mark.via("recovery"))

    def passkey_display_name(self, traits: Any) -> str:
        """What a passkey is called on the person's device, as typed; empty when the traits do not say."""
        return self._first(traits, "passkey", "display_name")

    def totp_account_name(self, traits: Any) -> str:
        """What an authenticator app shows beside the code, as typed; empty when the traits do not say."""
        return self._first(traits, "totp", "account_name")

    # --- inside -----------------------------------------------------------------------------------------

    @cached_property
    def _validator(self) -> SchemaValidator:
        # Imported here because the compiled validator costs a cold start about 25 ms, and drawing a form needs none.
        from vestibule.config.schema_validator import SchemaValidator  # noqa: PLC0415

        return SchemaValidator(self._places)

    def _marks(self, traits: Any) -> list[Mark]:
        return list(marks(self._places, traits, self._validator.holds))

    def _addresses(self, traits: Any, via: Callable[[Mark], str | None]) -> tuple[Address, ...]:
        found = ((channel, _address(channel, mark.value)) for mark in self._marks(traits) if (channel := via(mark)))
        return tuple(dict.fromkeys((channel, address) for channel, address in found if address))

    def _first(self, traits: Any, method: str, key: str) -> str:
        return next(
            (str(mark.value) for mark in self._marks(traits) if mark.says(method, key) and mark.value != ""), ""
        )


def _address(via: str, value: Any) -> str | None:
    return _phone(value) if via == "sms" else normalise.email(str(value))


def _phone(value: Any) -> str | None:
    try:
        return normalise.phone(str(value))
    except normalise.InvalidPhone:
        return None


def _distinct(values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


__all__ = ["Address", "IdentitySchema", "SchemaError", "TraitField", "Violation"]
