"""What providers say of a person, under the names that claims mappers know. Contract 03 §10."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vestibule.config.json_shapes import is_list, is_object
from vestibule.domain.json import Json

_TEXTS = (
    *("iss", "sub", "oid", "name", "given_name", "family_name", "last_name", "middle_name", "nickname"),
    *("preferred_username", "profile", "picture", "website", "email", "gender", "birthdate", "zoneinfo"),
    *("phone_number", "hd", "team", "nonce", "acr"),
)
_SWITCHES = ("email_verified", "phone_number_verified", "nonce_supported")

LONGEST = 2048
"""Characters of a claim; a subject has 255."""


def claims(said: Mapping[str, Any], raw: Json, *, issuer: str) -> Json:
    """What was said, as templates see it: known names of the right type, without what is empty or false.

    `raw` is everything, as it came.
    """
    known: Json = {name: _text(said.get(name)) for name in _TEXTS}
    known["locale"] = _locale(said.get("locale"))
    known |= {name: True for name in _SWITCHES if _is_true(said.get(name))}
    known["updated_at"] = _seconds(said.get("updated_at"))
    amr: Any = said.get("amr")
    known["amr"] = [each for each in amr if isinstance(each, str)] if is_list(amr) else []
    known["iss"] = known["iss"] or issuer
    return {name: value for name, value in known.items() if value} | {"raw_claims": raw}


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= LONGEST else ""


def _locale(value: Any) -> str:
    """LinkedIn writes it as `{language, country}`."""
    if not is_object(value):
        return _text(value)
    return "-".join(filter(None, (_text(value.get("language")), _text(value.get("country")))))


def _is_true(value: Any) -> bool:
    """Some providers write it as text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _seconds(value: Any) -> int:
    """Since the epoch; some providers write RFC 3339."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int | float):
        return int(value)
    try:
        return int(datetime.fromisoformat(value).timestamp()) if isinstance(value, str) else 0
    except ValueError:
        return 0
