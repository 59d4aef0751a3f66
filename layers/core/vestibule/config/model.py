"""kratos.yml as a model: `config.selfservice.flows.login.lifespan` is what the file says at that path.

Contract 05. Read it with `load.load`, which also checks what stands between keys; `Config.model_validate` takes a
document as parsed and checks each key by itself.
"""

from typing import Annotated, Any, Literal, cast

from pydantic import Field, Strict, model_validator

from vestibule.config.answers import NamesSchemas
from vestibule.config.courier import Courier
from vestibule.config.derive import derived
from vestibule.config.flows import Flows
from vestibule.config.methods import Methods, NodeGroup
from vestibule.config.security import Ciphers, Clients, Hashers, Secrets, Security
from vestibule.config.serve import Log, Serve
from vestibule.config.session import Cookies, Session
from vestibule.config.values import (
    Bool,
    Duration,
    HttpUrl,
    Int,
    Positive,
    Reference,
    Section,
    Source,
    empty,
    parse_duration,
)
from vestibule.config.vestibule import Vestibule


class Selfservice(Section):
    default_browser_return_url: Reference
    allowed_return_urls: tuple[Reference, ...] = ()
    flows: Flows = empty()
    methods: Methods = empty()


class IdentitySchema(Section):
    id: Annotated[str, Field(min_length=1)]
    url: Source
    selfservice_selectable: Bool = False


class Identity(NamesSchemas, Section):
    default_schema_id: str = "default"
    schemas: Annotated[tuple[IdentitySchema, ...], Field(min_length=1)]


class Oauth2Provider(Section):
    url: HttpUrl | None = None
    headers: dict[str, str] = empty()
    override_return_to: Bool = False


class CleanupSleep(Section):
    tables: Duration = parse_duration("1m")


class Cleanup(Section):
    batch_size: Positive = 100
    sleep: CleanupSleep = empty()
    older_than: Duration = parse_duration("0s")


class Database(Section):
    cleanup: Cleanup = empty()


class Preview(Section):
    default_read_consistency_level: Literal["strong", "eventual"] = "strong"


class FeatureFlags(Section):
    cacheable_sessions: Bool = False
    cacheable_sessions_max_age: Duration | None = None
    use_continue_with_transitions: Bool = False
    choose_recovery_address: Bool = False
    legacy_continue_with_verification_ui: Bool = False
    legacy_require_verified_login_error: Bool = False
    faster_session_extend: Bool = False
    password_profile_registration_node_group: NodeGroup = "default"  # noqa: S105 - names a group of nodes
    legacy_oidc_registration_node_group: Bool = False
    legacy_allow_insecure_origins: Bool = False
    refresh_login_choose_address: Bool = False


class Enterprise(Section):
    identity_schema_fallback_url_template: str | None = None


VERSION = r"^(v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?)?$"


class Config(Section):
    dsn: Annotated[str, Field(min_length=1, repr=False)]
    identity: Identity
    selfservice: Selfservice
    dev: Bool = False
    serve: Serve = empty()
    log: Log = empty()
    session: Session = empty()
    cookies: Cookies = empty()
    secrets: Secrets = empty()
    hashers: Hashers = empty()
    ciphers: Ciphers = empty()
    courier: Courier = empty()
    security: Security = empty()
    clients: Clients = empty()
    oauth2_provider: Oauth2Provider = empty()
    feature_flags: FeatureFlags = empty()
    vestibule: Vestibule = empty()
    database: Database = empty()
    preview: Preview = empty()
    version: Annotated[str, Field(pattern=VERSION)] | None = None
    revision: str | None = None
    organizations: tuple[Any, ...] = ()
    enterprise: Enterprise = empty()
    tracing: dict[str, Any] | None = None
    help: Bool = False
    config: tuple[str, ...] = ()
    sqa_opt_out: Bool = Field(default=False, alias="sqa-opt-out")
    watch_courier: Bool = Field(default=False, alias="watch-courier")
    expose_metrics_port: Annotated[Int, Strict(), Field(ge=0, le=65535, alias="expose-metrics-port")] = 0

    @model_validator(mode="before")
    @classmethod
    def _derived(cls, document: object) -> object:
        """Defaults that depend on other keys."""
        return derived(cast("dict[str, Any]", document)) if isinstance(document, dict) else document
