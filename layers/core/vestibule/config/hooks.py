"""What may stand in a `hooks:` list: the entries, and where each hook can run."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from vestibule.config.values import Bool, HttpUrl, Section, Source, empty


class Point(StrEnum):
    """A moment of a flow at which hooks run. Pre-persist is before, post-persist after, the identity is stored."""

    LOGIN_BEFORE = "login.before"
    LOGIN_AFTER = "login.after"
    REGISTRATION_BEFORE = "registration.before"
    REGISTRATION_PRE_PERSIST = "registration.pre_persist"
    REGISTRATION_POST_PERSIST = "registration.post_persist"
    SETTINGS_BEFORE = "settings.before"
    SETTINGS_PRE_PERSIST = "settings.pre_persist"
    SETTINGS_POST_PERSIST = "settings.post_persist"
    RECOVERY_BEFORE = "recovery.before"
    RECOVERY_AFTER = "recovery.after"
    VERIFICATION_BEFORE = "verification.before"
    VERIFICATION_AFTER = "verification.after"


CAPABILITIES: dict[str, frozenset[Point]] = {
    "session": frozenset({Point.REGISTRATION_POST_PERSIST}),
    "revoke_active_sessions": frozenset({Point.LOGIN_AFTER, Point.SETTINGS_POST_PERSIST, Point.RECOVERY_AFTER}),
    "require_verified_address": frozenset({Point.LOGIN_AFTER}),
    "verification": frozenset({Point.LOGIN_AFTER, Point.REGISTRATION_POST_PERSIST, Point.SETTINGS_POST_PERSIST}),
    "show_verification_ui": frozenset(
        {Point.LOGIN_AFTER, Point.REGISTRATION_POST_PERSIST, Point.SETTINGS_POST_PERSIST}
    ),
    "verify_new_address": frozenset({Point.SETTINGS_PRE_PERSIST}),
    "notify_previous_addresses": frozenset({Point.SETTINGS_POST_PERSIST}),
    "web_hook": frozenset(Point),
    "b2b_sso": frozenset(Point),
    "organization": frozenset(Point),
    "two_step_registration": frozenset({Point.REGISTRATION_BEFORE, Point.REGISTRATION_POST_PERSIST}),
}
"""Hook name to the points at which its implementation can run (contract 02 §2). The registry of hooks is tested
against this table."""

ONLY_METHODS: dict[str, frozenset[str]] = {
    "verify_new_address": frozenset({"profile"}),
    "notify_previous_addresses": frozenset({"profile"}),
}
"""Hooks that act for some settings methods only."""

WITHOUT_IMPLEMENTATION = frozenset({"b2b_sso", "organization", "two_step_registration"})
"""Names that Kratos knows and its open-source version does nothing for, nor do we."""


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


class WebHookConfig(Section):
    """Contract 02 §4.1."""

    id: str | None = None
    url: HttpUrl
    method: str
    body: Source | None = None
    """Jsonnet. Missing: an error when the hook runs, except for TRACE."""
    headers: dict[str, str] = empty()
    auth: Auth | None = None
    can_interrupt: Bool = False
    """Deprecated: only the messages of 4xx answers count."""
    response: WebHookResponse = empty()
    emit_analytics_event: Bool = True

    @property
    def parses(self) -> bool:
        """Whether the answer can stop the flow, so that registration and settings call it before they store."""
        return self.response.parse or self.can_interrupt


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
        "two_step_registration",
    ]


class B2bHook(Section):
    """Known to Kratos, without effect in its open-source version; its settings are free."""

    hook: Literal["b2b_sso", "organization"]
    config: Any = None


Hook = Annotated[WebHook | NotifyPreviousAddresses | PlainHook | B2bHook, Field(discriminator="hook")]
Hooks = tuple[Hook, ...]
