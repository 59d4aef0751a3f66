"""Every method, by the kind of flow it takes part in: one line a method.

A function serves one kind of flow or two, so that each kind imports its own methods: with those of all kinds a cold
start pays for twenty modules more than it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from vestibule.domain.flow import Kind
from vestibule.domain.session import Aal

if TYPE_CHECKING:
    from vestibule.methods.method import Method, SettingsMethod
    from vestibule.methods.recovery import RecoveryMethod
    from vestibule.methods.verification import VerificationMethod


@cache
def methods(kind: Kind) -> tuple[Method, ...]:
    """Ways to prove who one is; none for kinds that have methods of another form."""
    return _METHODS[kind]() if kind in _METHODS else ()


def _login() -> tuple[Method, ...]:
    from vestibule.methods.code_login import CodeLogin
    from vestibule.methods.identifier_first import IdentifierFirst
    from vestibule.methods.keys.passkey_login import PasskeyLogin
    from vestibule.methods.keys.webauthn_login import WebauthnLogin
    from vestibule.methods.lookup_secret_login import LookupSecretLogin
    from vestibule.methods.oidc_login import OidcLogin
    from vestibule.methods.password_login import PasswordLogin
    from vestibule.methods.totp_login import TotpLogin

    return (
        PasswordLogin(),
        OidcLogin(),
        CodeLogin(),
        TotpLogin(),
        PasskeyLogin(),
        WebauthnLogin(),
        LookupSecretLogin(),
        IdentifierFirst(),
    )


def _registration() -> tuple[Method, ...]:
    from vestibule.methods.code_registration import CodeRegistration
    from vestibule.methods.keys.passkey_registration import PasskeyRegistration
    from vestibule.methods.keys.webauthn_registration import WebauthnRegistration
    from vestibule.methods.oidc_registration import OidcRegistration
    from vestibule.methods.password_registration import PasswordRegistration
    from vestibule.methods.profile_registration import ProfileRegistration

    return (
        ProfileRegistration(),
        PasswordRegistration(),
        OidcRegistration(),
        CodeRegistration(),
        PasskeyRegistration(),
        WebauthnRegistration(),
    )


_METHODS: Mapping[Kind, Callable[[], tuple[Method, ...]]] = {Kind.LOGIN: _login, Kind.REGISTRATION: _registration}


@cache
def verification_methods() -> tuple[VerificationMethod, ...]:
    from vestibule.methods.verification_code import VerificationCode
    from vestibule.methods.verification_link import VerificationLink

    return (VerificationCode(), VerificationLink())


@cache
def recovery_methods() -> tuple[RecoveryMethod, ...]:
    """A token goes before whatever else a form holds."""
    from vestibule.methods.recovery_code import RecoveryCode
    from vestibule.methods.recovery_link import RecoveryLink

    return (RecoveryLink(), RecoveryCode())


@cache
def settings_methods() -> tuple[SettingsMethod, ...]:
    from vestibule.methods.keys.passkey_settings import PasskeySettings
    from vestibule.methods.keys.webauthn_settings import WebauthnSettings
    from vestibule.methods.lookup_secret_settings import LookupSecretSettings
    from vestibule.methods.oidc_settings import OidcSettings
    from vestibule.methods.password_settings import PasswordSettings
    from vestibule.methods.profile_settings import ProfileSettings
    from vestibule.methods.totp_settings import TotpSettings

    return (
        ProfileSettings(),
        PasswordSettings(),
        OidcSettings(),
        TotpSettings(),
        PasskeySettings(),
        WebauthnSettings(),
        LookupSecretSettings(),
    )


KNOWN: Mapping[Kind, frozenset[str]] = {
    Kind.LOGIN: frozenset({"password", "code", "oidc", "totp", "passkey", "webauthn", "lookup_secret"}),
    Kind.REGISTRATION: frozenset({"password", "code", "oidc", "passkey", "webauthn"}),
    Kind.SETTINGS: frozenset({"password", "profile", "oidc", "totp", "lookup_secret", "webauthn", "passkey"}),
    Kind.RECOVERY: frozenset({"code", "link"}),
    Kind.VERIFICATION: frozenset({"code", "link"}),
}
"""Names that the wire knows: asking for one that is off is a 404, for any other name a message of the form."""

LEVELS: Mapping[str, frozenset[str]] = {
    "password": frozenset({Aal.AAL1}),
    "oidc": frozenset({Aal.AAL1}),
    "identifier_first": frozenset({Aal.AAL1}),
    "passkey": frozenset({Aal.AAL1}),
    "totp": frozenset({Aal.AAL2}),
    "lookup_secret": frozenset({Aal.AAL2}),
}
"""Which levels a sign-in can be asked for with a method; those that are not listed decide by themselves."""


def proves(method: Method, level: str) -> bool:
    return level in LEVELS.get(method.id, {level})
