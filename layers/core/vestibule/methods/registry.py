"""Every method, by the kind of flow it takes part in: one row a method."""

from __future__ import annotations

from collections.abc import Mapping

from vestibule.domain.flow import Kind
from vestibule.domain.session import Aal
from vestibule.methods.code_login import CodeLogin
from vestibule.methods.code_registration import CodeRegistration
from vestibule.methods.identifier_first import IdentifierFirst
from vestibule.methods.keys.passkey_login import PasskeyLogin
from vestibule.methods.keys.passkey_registration import PasskeyRegistration
from vestibule.methods.keys.passkey_settings import PasskeySettings
from vestibule.methods.keys.webauthn_login import WebauthnLogin
from vestibule.methods.keys.webauthn_registration import WebauthnRegistration
from vestibule.methods.keys.webauthn_settings import WebauthnSettings
from vestibule.methods.lookup_secret_login import LookupSecretLogin
from vestibule.methods.lookup_secret_settings import LookupSecretSettings
from vestibule.methods.method import Method, SettingsMethod
from vestibule.methods.oidc_login import OidcLogin
from vestibule.methods.oidc_registration import OidcRegistration
from vestibule.methods.oidc_settings import OidcSettings
from vestibule.methods.password_login import PasswordLogin
from vestibule.methods.password_registration import PasswordRegistration
from vestibule.methods.password_settings import PasswordSettings
from vestibule.methods.profile_registration import ProfileRegistration
from vestibule.methods.profile_settings import ProfileSettings
from vestibule.methods.recovery import RecoveryMethod
from vestibule.methods.recovery_code import RecoveryCode
from vestibule.methods.recovery_link import RecoveryLink
from vestibule.methods.totp_login import TotpLogin
from vestibule.methods.totp_settings import TotpSettings
from vestibule.methods.verification import VerificationMethod
from vestibule.methods.verification_code import VerificationCode
from vestibule.methods.verification_link import VerificationLink

METHODS: Mapping[Kind, tuple[Method, ...]] = {
    Kind.LOGIN: (
        PasswordLogin(),
        OidcLogin(),
        CodeLogin(),
        TotpLogin(),
        PasskeyLogin(),
        WebauthnLogin(),
        LookupSecretLogin(),
        IdentifierFirst(),
    ),
    Kind.REGISTRATION: (
        ProfileRegistration(),
        PasswordRegistration(),
        OidcRegistration(),
        CodeRegistration(),
        PasskeyRegistration(),
        WebauthnRegistration(),
    ),
    Kind.SETTINGS: (),
    Kind.RECOVERY: (),
    Kind.VERIFICATION: (),
}

VERIFICATION: tuple[VerificationMethod, ...] = (VerificationCode(), VerificationLink())

RECOVERY: tuple[RecoveryMethod, ...] = (RecoveryLink(), RecoveryCode())
"""A token goes before whatever else a form holds."""

SETTINGS: tuple[SettingsMethod, ...] = (
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
