"""`selfservice.methods.oidc`."""

from typing import Any, Literal

from pydantic import Field

from vestibule.config.values import Bool, HttpUrl, Section, Source, empty

ProviderName = Literal[
    "generic",
    "amazon",
    "apple",
    "auth0",
    "dingtalk",
    "discord",
    "facebook",
    "fedcm-test",
    "github",
    "github-app",
    "gitlab",
    "google",
    "jackson",
    "lark",
    "line",
    "linkedin",
    "linkedin_v2",
    "microsoft",
    "netid",
    "patreon",
    "salesforce",
    "slack",
    "spotify",
    "uaepass",
    "vk",
    "x",
    "yandex",
]


class ClaimRequest(Section):
    essential: Bool | None = None
    value: Any = None
    values: tuple[Any, ...] | None = None


class Provider(Section):
    """One provider. Rules between the fields (microsoft, apple) are in `rules`."""

    id: str
    provider: ProviderName
    label: str | None = None
    client_id: str
    client_secret: str | None = Field(default=None, repr=False)
    issuer_url: HttpUrl | None = None
    auth_url: HttpUrl | None = None
    token_url: HttpUrl | None = None
    mapper_url: Source
    """Jsonnet that makes traits of claims."""
    scope: tuple[str, ...] = ()
    microsoft_tenant: str | None = None
    subject_source: Literal["userinfo", "me", "oid"] = "userinfo"
    apple_team_id: str | None = None
    apple_private_key_id: str | None = None
    apple_private_key: str | None = Field(default=None, repr=False)
    requested_claims: dict[str, dict[str, ClaimRequest | None]] | None = None
    """The `claims` parameter of OpenID Connect: `id_token` and `userinfo`, claim to what is asked of it."""
    organization_id: str | None = None
    additional_id_token_audiences: tuple[str, ...] = ()
    aal2_acr_values: tuple[str, ...] = ()
    aal2_amr_values: tuple[str, ...] = ()
    claims_source: Literal["id_token", "userinfo"] = "id_token"
    pkce: Literal["auto", "never", "force"] | None = None
    """None: as `auto`, or as the kind of provider needs it."""
    fedcm_config_url: HttpUrl | None = None
    net_id_token_origin_header: str | None = None
    account_linking_mode: Literal["confirm_with_existing_credential", "automatic"] = "confirm_with_existing_credential"
    update_identity_on_login: Literal["never", "automatic"] = "never"


class OidcConfig(Section):
    base_redirect_uri: HttpUrl | None = None
    """None: the public address."""
    providers: tuple[Provider, ...] = ()


class Oidc(Section):
    enabled: Bool = False
    config: OidcConfig = empty()
