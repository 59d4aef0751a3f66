"""`selfservice.flows`."""

from typing import Literal

from vestibule.config.answers import ByMethod
from vestibule.config.hooks import Hooks
from vestibule.config.values import Bool, Duration, Reference, Section, empty, parse_duration

RequiredAal = Literal["aal1", "highest_available"]

_HOUR = parse_duration("1h")


class Before(Section):
    hooks: Hooks = ()


class AfterFlow(Section):
    """`after` of a flow whose hooks do not depend on the method."""

    default_browser_return_url: Reference | None = None
    hooks: Hooks = ()


class AfterMethod(AfterFlow):
    """`after.<method>`: takes the place of what stands at `after` itself."""


class After(ByMethod, AfterFlow):
    """`after` of a flow that also has lists by method. `hooks` are the global ones."""


class LoginAfter(After):
    password: AfterMethod = empty()
    webauthn: AfterMethod = empty()
    passkey: AfterMethod = empty()
    oidc: AfterMethod = empty()
    code: AfterMethod = empty()
    totp: AfterMethod = empty()
    lookup_secret: AfterMethod = empty()


class RegistrationAfter(After):
    password: AfterMethod = empty()
    webauthn: AfterMethod = empty()
    passkey: AfterMethod = empty()
    oidc: AfterMethod = empty()
    code: AfterMethod = empty()


class SettingsAfter(After):
    password: AfterMethod = empty()
    profile: AfterMethod = empty()
    totp: AfterMethod = empty()
    oidc: AfterMethod = empty()
    webauthn: AfterMethod = empty()
    passkey: AfterMethod = empty()
    lookup_secret: AfterMethod = empty()


class Login(Section):
    ui_url: Reference | None = None
    """None: the built-in page. So for every `ui_url`."""
    lifespan: Duration = _HOUR
    style: Literal["unified", "identifier_first"] = "unified"
    before: Before = empty()
    after: LoginAfter = empty()


class Registration(Section):
    enabled: Bool = True
    login_hints: Bool = False
    ui_url: Reference | None = None
    lifespan: Duration = _HOUR
    style: Literal["profile_first", "unified"] = "profile_first"
    """`unified` whenever `enable_legacy_one_step` is set (see `derive`)."""
    enable_legacy_one_step: Bool = False
    before: Before = empty()
    after: RegistrationAfter = empty()


class Settings(Section):
    ui_url: Reference | None = None
    lifespan: Duration = _HOUR
    privileged_session_max_age: Duration = _HOUR
    required_aal: RequiredAal = "highest_available"
    before: Before = empty()
    after: SettingsAfter = empty()


class Recovery(Section):
    enabled: Bool = False
    ui_url: Reference | None = None
    lifespan: Duration = _HOUR
    use: Literal["code", "link"] = "code"
    notify_unknown_recipients: Bool = False
    before: Before = empty()
    after: AfterFlow = empty()


class Verification(Section):
    enabled: Bool = False
    ui_url: Reference | None = None
    lifespan: Duration = _HOUR
    use: Literal["code", "link"] = "code"
    notify_unknown_recipients: Bool = False
    before: Before = empty()
    after: AfterFlow = empty()


class LogoutAfter(Section):
    default_browser_return_url: Reference | None = None


class Logout(Section):
    clear_browser_data: Bool = False
    after: LogoutAfter = empty()


class Error(Section):
    ui_url: Reference | None = None


class Flows(Section):
    login: Login = empty()
    registration: Registration = empty()
    settings: Settings = empty()
    recovery: Recovery = empty()
    verification: Verification = empty()
    logout: Logout = empty()
    error: Error = empty()
