"""The bodies of the identities API, as Kratos documents them. Contract 03 §11 and 06 §3."""

# No `from __future__ import annotations`: pydantic reads the annotations when the process starts, and real types are
# read faster than text.

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """Every key may be null, which is the same as absent. Values have their own type: `"true"` is no boolean."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True, defer_build=True)


# --- credentials ----------------------------------------------------------------------------------------


class PasswordConfig(Body):
    hashed_password: str | None = Field(default=None, repr=False)
    password: str | None = Field(default=None, repr=False)
    use_password_migration_hook: bool | None = None


class StoredPasswordConfig(Body):
    """Only its hash is stored of a password."""

    hashed_password: str | None = Field(default=None, repr=False)
    use_password_migration_hook: bool | None = None


class Provider(Body):
    subject: str
    provider: str
    organization: str | None = None
    use_auto_link: bool | None = None


class ProvidersConfig(Body):
    providers: list[Provider] | None = None


class TotpConfig(Body):
    totp_url: str | None = Field(default=None, repr=False)


class LookupCode(Body):
    code: str = Field(repr=False)
    used_at: str | None = None


class LookupConfig(Body):
    codes: list[LookupCode] | None = None


class StoredLookupConfig(Body):
    recovery_codes: list[LookupCode] | None = None


class Authenticator(Body):
    aaguid: str | None = None
    sign_count: int | None = Field(default=None, ge=0, lt=2**32)
    clone_warning: bool | None = None


class KeyFlags(Body):
    user_present: bool | None = None
    user_verified: bool | None = None
    backup_eligible: bool | None = None
    backup_state: bool | None = None


class Attestation(Body):
    """Bytes are standard base64 here and below."""

    client_data_json: str | None = Field(default=None, alias="client_dataJSON")
    client_data_hash: str | None = None
    authenticator_data: str | None = None
    public_key_algorithm: int | None = None
    object: str | None = None


class SecurityKey(Body):
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


class KeysConfig(Body):
    credentials: list[SecurityKey] | None = None
    user_handle: str | None = None


class Password(Body):
    config: PasswordConfig | None = None


class Providers(Body):
    config: ProvidersConfig | None = None


class Totp(Body):
    config: TotpConfig | None = None


class Lookup(Body):
    config: LookupConfig | None = None


class Keys(Body):
    config: KeysConfig | None = None


class Credentials(Body):
    password: Password | None = None
    oidc: Providers | None = None
    saml: Providers | None = None
    totp: Totp | None = None
    lookup_secret: Lookup | None = None
    webauthn: Keys | None = None
    passkey: Keys | None = None


# --- identities -----------------------------------------------------------------------------------------


class VerifiableAddressBody(Body):
    """Id and times are taken and not used: an address has them from its identity."""

    value: str
    via: str
    verified: bool | None = None
    status: str | None = None
    verified_at: str | None = None
    id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class RecoveryAddressBody(Body):
    value: str
    via: str
    break_glass_for_organization: str | None = None
    id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class UpdateBody(Body):
    """PUT. What is absent is cleared, but for `schema_id`, `state` and `credentials`. `region` means nothing here."""

    schema_id: str | None = None
    state: str | None = None
    traits: Any = None
    credentials: Credentials | None = None
    metadata_public: Any = None
    metadata_admin: Any = None
    external_id: str | None = None
    region: str | None = None


class CreateBody(UpdateBody):
    """POST, and `create` in a batch."""

    verifiable_addresses: list[VerifiableAddressBody] | None = None
    recovery_addresses: list[RecoveryAddressBody] | None = None
    organization_id: str | None = None


class BatchEntry(Body):
    create: CreateBody | None = None
    patch_id: str | None = None


class BatchBody(Body):
    identities: list[BatchEntry] | None = None


class ManageSessionsBody(Body):
    """POST /sessions: exactly one of the lists; `identities` may be `["*"]`."""

    action: Literal["disable", "delete"]
    identities: list[str] | None = None
    sessions: list[str] | None = None
