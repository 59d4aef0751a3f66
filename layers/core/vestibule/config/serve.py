"""`serve` and `log`: where the two APIs listen and what they write down."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from vestibule.config.values import Bool, HttpUrl, Natural, Port, Section, empty, refusal


class Socket(Section):
    owner: str = ""
    group: str = ""
    mode: Annotated[int, Strict(), Field(ge=0, le=0o777)] = 0o755


class TlsSource(Section):
    path: str | None = None
    base64: str | None = Field(default=None, repr=False)


class Tls(Section):
    key: TlsSource = empty()
    cert: TlsSource = empty()


class RequestLog(Section):
    disable_for_health: Bool = False


def _origin(value: str) -> str:
    if value != "*" and ("://" not in value or value.count("*") > 1):
        raise refusal("an origin is *, https://example.org or https://*.example.org")
    return value


Verb = Literal["POST", "GET", "PUT", "PATCH", "DELETE", "CONNECT", "HEAD", "OPTIONS", "TRACE"]


class Cors(Section):
    enabled: Bool = False
    allowed_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ("*",)
    allowed_methods: tuple[Verb, ...] = ("POST", "GET", "PUT", "PATCH", "DELETE")
    allowed_headers: tuple[str, ...] = (
        "Authorization",
        "Content-Type",
        "Max-Age",
        "X-Session-Token",
        "X-XSRF-TOKEN",
        "X-CSRF-TOKEN",
    )
    exposed_headers: tuple[str, ...] = ("Content-Type",)
    allow_credentials: Bool = True
    options_passthrough: Bool = False
    max_age: Natural = 0
    """Seconds."""
    debug: Bool = False


class Public(Section):
    base_url: HttpUrl
    """From host and port when it is not set (see `derive`)."""
    host: str = "0.0.0.0"  # noqa: S104 - Kratos's default
    port: Port = 4433
    cors: Cors = empty()
    request_log: RequestLog = empty()
    socket: Socket = empty()
    tls: Tls = empty()


class Admin(Section):
    base_url: HttpUrl
    host: str = "0.0.0.0"  # noqa: S104 - Kratos's default
    port: Port = 4434
    request_log: RequestLog = empty()
    socket: Socket = empty()
    tls: Tls = empty()


class Serve(Section):
    public: Public = empty()
    admin: Admin = empty()


class Log(Section):
    level: Literal["trace", "debug", "info", "warning", "error", "fatal", "panic"] = "info"
    leak_sensitive_values: Bool = False
    redaction_text: str | None = None
    format: Literal["json", "text"] | None = None
