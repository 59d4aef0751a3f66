"""The bodies of the identities API, as Kratos documents them. Contract 03 §11 and 06 §3."""

# No `from __future__ import annotations`: real types are read faster than text.

from typing import Annotated, Any

from msgspec import Meta

from vestibule.domain.record import Unprinted


class Body(Unprinted, frozen=True, kw_only=True, omit_defaults=True):
    """Every key may be null, which is the same as absent. Values have their own type: `"true"` is no boolean."""


# --- credentials ----------------------------------------------------------------------------------------


class PasswordConfig(Body, frozen=True):
    hashed_password: str | None = None
    password: str | None = None
    use_password_migration_hook: bool | None = None


class StoredPasswordConfig(Body, frozen=True):
    """Only its hash is stored of a password."""

    hashed_password: str | None = None
    use_password_migration_hook: bool | None = None


class Provider(Body, frozen=True):
    subject: str
    provider: str
    organization: str | None = None
    use_auto_link: bool | None = None


class ProvidersConfig(Body, frozen=True):
    providers: list[Provider] | None = None


class TotpConfig(Body, frozen=True):
    totp_url: str | None = None


class LookupCode(Body, frozen=True):
    code: str
    used_at: str | None = None


class LookupConfig(Body, frozen=True):
    codes: list[LookupCode] | None = None


class StoredLookupConfig(Body, frozen=True):
    recovery_codes: list[LookupCode] | None = None


class Authenticator(Body, frozen=True):
    aaguid: str | None = None
    sign_count: Annotated[int, Meta(ge=0, lt=2**32)] | None = None
    clone_warning: bool | None = None


class KeyFlags(Body, frozen=True):
    user_present: bool | None = None
    user_verified: bool | None = None
    backup_eligible: bool | None = None
    backup_state: bool | None = None


class Attestation(Body, frozen=True, rename={"client_data_json": "client_dataJSON"}):
    """Bytes are standard base64 here and below."""

    client_data_json: str | None = None
    client_data_hash: str | None = None
    authenticator_data: str | None = None
    public_key_algorithm: int | None = None
    object: str | None = None


class SecurityKey(Body, frozen=True):
    id: str
    public_key: str
    attestation_type: str | None = None
    authenticator: Authenticator | None = None
    display_name: str | None = None
    added_at: str | None = None
    is_passwordless: bool | None = None
    flags: KeyFlags | None = None
    transport: list[str] | None = None
    attestation: Attestation | None = None


class KeysConfig(Body, frozen=True):
    credentials: list[SecurityKey] | None = None
    user_handle: str | None = None


class Password(Body, frozen=True):
    config: PasswordConfig | None = None


class Providers(Body, frozen=True):
    config: ProvidersConfig | None = None


class Totp(Body, frozen=True):
    config: TotpConfig | None = None


class Lookup(Body, frozen=True):
    config: LookupConfig | None = None


class Keys(Body, frozen=True):
    config: KeysConfig | None = None


class Credentials(Body, frozen=True):
    password: Password | None = None
    oidc: Providers | None = None
    saml: Providers | None = None
    totp: Totp | None = None
    lookup_secret: Lookup | None = None
    webauthn: Keys | None = None
    passkey: Keys | None = None


# --- identities -----------------------------------------------------------------------------------------


class VerifiableAddressBody(Body, frozen=True):
    """Id and times are taken and not used: an address has them from its identity."""

    value: str
    via: str
    verified: bool | None = None
    status: str | None = None
    verified_at: str | None = None
    id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class RecoveryAddressBody(Body, frozen=True):
    value: str
    via: str
    break_glass_for_organization: str | None = None
    id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class UpdateBody(Body, frozen=True):
    """PUT. What is absent is cleared, but for `schema_id`, `state` and `credentials`. `region` means nothing here."""

    schema_id: str | None = None
    state: str | None = None
    traits: Any = None
    credentials: Credentials | None = None
    metadata_public: Any = None
    metadata_admin: Any = None
    external_id: str | None = None
    region: str | None = None


class CreateBody(UpdateBody, frozen=True):
    """POST, and `create` in a batch."""

    verifiable_addresses: list[VerifiableAddressBody] | None = None
    recovery_addresses: list[RecoveryAddressBody] | None = None
    organization_id: str | None = None


class BatchEntry(Body, frozen=True):
    create: CreateBody | None = None
    patch_id: str | None = None


class BatchBody(Body, frozen=True):
    identities: list[BatchEntry] | None = None


class ManageSessionsBody(Body, frozen=True):
    """POST /sessions: exactly one of the lists; `identities` may be `["*"]`."""

    action: str
    identities: list[str] | None = None
    sessions: list[str] | None = None
