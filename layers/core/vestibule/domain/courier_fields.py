"""What each type of message is filled with, as templates and the `http` channel see it. Contract 06 §8.

Templates name fields as Kratos's do (`{{ .RecoveryURL }}`), data and the `http` channel by their JSON names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from vestibule.domain.courier import CourierMessage

GO_NAMES: Mapping[str, str] = {
    "To": "to",
    "RecoveryURL": "recovery_url",
    "RecoveryCode": "recovery_code",
    "VerificationURL": "verification_url",
    "VerificationCode": "verification_code",
    "LoginCode": "login_code",
    "RegistrationCode": "registration_code",
    "Identity": "identity",
    "Traits": "traits",
    "RequestURL": "request_url",
    "RequestURLDomain": "request_url_domain",
    "TransientPayload": "transient_payload",
    "ExpiresInMinutes": "expires_in_minutes",
    "OAuth2LoginRequest": "oauth2_login_request",
    "ChangedAt": "changed_at",
    "AddedAt": "added_at",
    "Subject": "subject",
    "Body": "body",
}

_ALWAYS = ("To", "RequestURL", "TransientPayload")
_VALID = ("Identity", "ExpiresInMinutes")

_EMAIL: Mapping[str, tuple[str, ...]] = {
    "recovery_valid": (*_ALWAYS, *_VALID, "RecoveryURL"),
    "recovery_invalid": _ALWAYS,
    "recovery_code_valid": (*_ALWAYS, *_VALID, "RecoveryCode"),
    "recovery_code_invalid": _ALWAYS,
    "verification_valid": (*_ALWAYS, *_VALID, "VerificationURL", "OAuth2LoginRequest"),
    "verification_invalid": _ALWAYS,
    "verification_code_valid": (*_ALWAYS, *_VALID, "VerificationURL", "VerificationCode", "OAuth2LoginRequest"),
    "verification_code_invalid": _ALWAYS,
    "login_code_valid": (*_ALWAYS, *_VALID, "LoginCode", "OAuth2LoginRequest"),
    "registration_code_valid": (*_ALWAYS, "Traits", "ExpiresInMinutes", "RegistrationCode", "OAuth2LoginRequest"),
    "verifiable_address_changed": ("To", "Identity", "ChangedAt", "TransientPayload"),
    "authenticator_key_added": ("To", "Identity", "AddedAt", "TransientPayload"),
    "stub": ("To", "Subject", "Body"),
}

_OF_TEXTS = (*_ALWAYS, *_VALID, "RequestURLDomain")

_SMS: Mapping[str, tuple[str, ...]] = {
    "recovery_code_valid": (*_OF_TEXTS, "RecoveryCode"),
    "verification_code_valid": (*_OF_TEXTS, "VerificationCode"),
    "login_code_valid": (*_OF_TEXTS, "LoginCode"),
    "registration_code_valid": (*_OF_TEXTS, "RegistrationCode"),
    "verifiable_address_changed": ("To", "Identity", "ChangedAt", "TransientPayload"),
    "authenticator_key_added": ("To", "Identity", "AddedAt", "TransientPayload"),
    "stub": ("To", "Body"),
}

FIELDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {"email": _EMAIL, "sms": _SMS}
"""`via` → type of the message → the Go names of its fields."""

_OPTIONAL = frozenset({"oauth2_login_request"})


def template_data(message: CourierMessage) -> dict[str, Any]:
    """The message's data by JSON name: its type's fields and no others, null where the message has none."""
    data: dict[str, Any] = {}
    for field in FIELDS[message.via].get(message.template_type, ()):
        name = GO_NAMES[field]
        value = message.data.get(name)
        if name == "request_url_domain":
            value = domain(message)
        if value is not None or name not in _OPTIONAL:
            data[name] = value
    if message.via == "sms" and "recovery_code" in data:
        data["verification_code"] = data.pop("recovery_code")  # Kratos's own name for it
    return data


def domain(message: CourierMessage) -> str:
    """The host that the flow was started at, nothing where the message does not say."""
    try:
        return urlsplit(str(message.data.get("request_url") or "")).hostname or ""
    except ValueError:
        return ""
