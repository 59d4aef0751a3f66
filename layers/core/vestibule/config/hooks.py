"""What may stand in a `hooks:` list. Where each hook can run is in `points`."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, Strict

from vestibule.config.answers import Parses
from vestibule.config.values import (
    REFERENCES,
    Bool,
    Duration,
    HookUrl,
    Section,
    Source,
    empty,
    parse_duration,
    refusal,
)


class BasicAuthConfig(Section):
    user: str
    password: str = Field(repr=False)


class BasicAuth(Section):
    type: Literal["basic_auth"]
    config: BasicAuthConfig


class ApiKeyConfig(Section):
    name: str
    value: str = Field(repr=False)
    in_: Literal["header", "cookie"] = Field(alias="in")


class ApiKey(Section):
    type: Literal["api_key"]
    config: ApiKeyConfig


Auth = Annotated[BasicAuth | ApiKey, Field(discriminator="type")]


class WebHookResponse(Section):
    ignore: Bool = False
    """Send without waiting; the answer changes nothing. Excludes `parse` and `can_interrupt`."""
    parse: Bool = False
    """Take identity changes from a 200 answer and messages from a 4xx one."""


class Retry(Section):
    """Of calls that were not answered, or with 429 or 5xx. A target's `Retry-After` goes before `wait`."""

    attempts: Annotated[int, Strict(), Field(ge=1, le=10)] = 3
    wait: Duration = parse_duration("1s")
    """Before the second attempt; each further one doubles it, up to 30 s."""


def _secret_reference(value: str) -> str:
    if not value.startswith(REFERENCES[0]):
        raise refusal("expected a reference: secret://ssm/NAME or secret://secretsmanager/NAME")
    return value


SecretReference = Annotated[str, AfterValidator(_secret_reference)]


class WebHookConfig(Parses, Section):
    """Contract 02 §4.1; from `timeout` on it is ours.

    Address, headers and credentials may be `secret://…`, or have `${secret://…}` in them. They are read when the hook
    calls.
    """

    id: str | None = None
    url: HookUrl
    method: str
    body: Source | None = None
    """Jsonnet. Missing: an error when the hook runs, except for TRACE."""
    headers: dict[str, str] = empty()
    auth: Auth | None = None
    can_interrupt: Bool = False
    """Deprecated: only the messages of 4xx answers count."""
    response: WebHookResponse = empty()
    emit_analytics_event: Bool = True
    timeout: Duration = parse_duration("30s")
    """Of one attempt. All hooks of a step share 25 s, whatever it says."""
    retry: Retry = empty()
    on_error: Literal["fail", "allow", "compensate"] = "fail"
    """When the hook fails (a refusal with messages is none): the step fails, or goes on; `compensate` also takes back
    the identity that was just registered."""
    secrets: dict[str, SecretReference] = Field(default_factory=dict, validate_default=True, repr=False)
    """What the template gets as its second argument, `secrets`."""


class WebHook(Section):
    hook: Literal["web_hook"]
    config: WebHookConfig


class NotifyConfig(Section):
    recipients: Literal["removed", "all_verified", "all"] = "removed"


class NotifyPreviousAddresses(Section):
    hook: Literal["notify_previous_addresses"]
    config: NotifyConfig = empty()


class PlainHook(Section):
    """A hook without settings."""

    hook: Literal[
        "session",
        "revoke_active_sessions",
        "require_verified_address",
        "verification",
        "show_verification_ui",
        "verify_new_address",
        "notify_authenticator_added",
        "two_step_registration",
    ]


class B2bHook(Section):
    """Known to Kratos, without effect in its open-source version; its settings are free."""

    hook: Literal["b2b_sso", "organization"]
    config: Any = None


Hook = Annotated[WebHook | NotifyPreviousAddresses | PlainHook | B2bHook, Field(discriminator="hook")]
Hooks = tuple[Hook, ...]
