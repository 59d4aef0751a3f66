"""`selfservice.methods`, without OpenID Connect (see `oidc`)."""

from typing import Annotated, Any, Literal

from pydantic import Field, Strict

from vestibule.config.hooks import Auth, Retry, SecretReference
from vestibule.config.oidc import Oidc
from vestibule.config.values import (
    Bool,
    Duration,
    HookUrl,
    HttpUrl,
    Reference,
    Section,
    Source,
    empty,
    parse_duration,
)

_HOUR = parse_duration("1h")


class Toggle(Section):
    """A method that is on or off, and no more."""

    enabled: Bool = False


class Profile(Section):
    enabled: Bool = True


class LinkConfig(Section):
    base_url: Reference | None = None
    """Deprecated, without effect: the address of the request is used."""
    lifespan: Duration = _HOUR


class Link(Section):
    enabled: Bool = False
    config: LinkConfig = empty()


class CodeConfig(Section):
    lifespan: Duration = _HOUR
    max_submissions: Annotated[int, Strict(), Field(ge=1, le=255)] = 5
    """Wrong codes a flow takes."""
    missing_credential_fallback_enabled: Bool = False


class Code(Section):
    enabled: Bool = True
    """For recovery and verification."""
    passwordless_enabled: Bool = False
    """Also for sign-in and sign-up; implies `enabled`, excludes `mfa_enabled`."""
    mfa_enabled: Bool = False
    config: CodeConfig = empty()


class MigrateHookConfig(Section):
    url: HookUrl | None = None
    """Required when the hook is enabled."""
    method: Literal["POST"] = "POST"
    headers: dict[str, str] = empty()
    body: Source | None = None
    auth: Auth | None = None
    emit_analytics_event: Bool = True
    timeout: Duration = parse_duration("30s")
    retry: Retry = empty()
    secrets: dict[str, SecretReference] = Field(default_factory=dict, validate_default=True, repr=False)
    """These three as those of a web hook."""


class MigrateHook(Section):
    """Asks another system about passwords that were not imported. Contract 02 §5."""

    enabled: Bool = False
    config: MigrateHookConfig = empty()


NodeGroup = Literal["default", "password"]


class PasswordConfig(Section):
    haveibeenpwned_host: str = "api.pwnedpasswords.com"
    haveibeenpwned_enabled: Bool = True
    max_breaches: Annotated[int, Strict(), Field(ge=0, le=100)] = 0
    ignore_network_errors: Bool = True
    min_password_length: Annotated[int, Strict(), Field(ge=6)] = 8
    identifier_similarity_check_enabled: Bool = True
    migrate_hook: MigrateHook = empty()
    password_profile_registration_node_group: NodeGroup = "default"  # noqa: S105 - names a group of nodes
    """Where Kratos's code looks for the feature flag of this name (contract 02 §6)."""


class Password(Section):
    enabled: Bool = True
    config: PasswordConfig = empty()


class TotpConfig(Section):
    issuer: str | None = None
    """None: the host of the public address."""


class Totp(Section):
    enabled: Bool = False
    config: TotpConfig = empty()


class WebauthnRp(Section):
    id: str | None = None
    display_name: str | None = None
    origin: HttpUrl | None = None
    """Deprecated for `origins`; not both."""
    origins: tuple[HttpUrl, ...] | None = None
    icon: Reference | None = None
    """Deprecated, without effect."""


class WebauthnConfig(Section):
    passwordless: Bool = False
    """A first factor (aal1) instead of a second one (aal2)."""
    rp: WebauthnRp = empty()


class Webauthn(Section):
    enabled: Bool = False
    config: WebauthnConfig = empty()


class PasskeyRp(Section):
    id: str | None = None
    display_name: str | None = None
    origins: tuple[str, ...] = ()


Demand = Literal["required", "preferred", "discouraged"]


class AuthenticatorSelection(Section):
    attachment: Literal["platform", "cross-platform"] | None = None
    resident_key: Demand = "required"
    user_verification: Demand = "preferred"


class Attestation(Section):
    preference: Literal["none", "indirect", "direct", "enterprise"] = "none"


class PasskeyTimeouts(Section):
    registration: Duration | None = None
    login: Duration | None = None


class PasskeyConfig(Section):
    rp: PasskeyRp = empty()
    authenticator_selection: AuthenticatorSelection = empty()
    attestation: Attestation = empty()
    timeouts: PasskeyTimeouts = empty()


class Passkey(Section):
    enabled: Bool = False
    config: PasskeyConfig = empty()


class Organization(Section):
    id: str | None = None
    label: str | None = None
    domains: tuple[str, ...] = ()
    session_lifespan: Duration | None = None


class B2bConfig(Section):
    organizations: tuple[Organization, ...] = ()


class B2b(Section):
    config: B2bConfig = empty()


class Unpublished(Section):
    """A method that Kratos's source names and its schema does not."""

    enabled: Bool = False
    config: Any = None


class Methods(Section):
    password: Password = empty()
    code: Code = empty()
    link: Link = empty()
    profile: Profile = empty()
    totp: Totp = empty()
    lookup_secret: Toggle = empty()
    webauthn: Webauthn = empty()
    passkey: Passkey = empty()
    oidc: Oidc = empty()
    b2b: B2b = empty()
    saml: Unpublished = empty()
    captcha: Unpublished = empty()
    deviceauthn: Unpublished = empty()
