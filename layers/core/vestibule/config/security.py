"""`secrets`, `hashers`, `ciphers`, `security`, `clients`: what protects, and with what."""

from typing import Annotated, Literal

from pydantic import Field, Strict

from vestibule.config.values import (
    Bool,
    CipherSecret,
    Duration,
    Positive,
    Secret,
    Section,
    Size,
    empty,
    parse_duration,
    parse_size,
)

_HALF_A_SECOND = parse_duration("500ms")


class Secrets(Section):
    """The first of each signs or encrypts, all of them are accepted. Values may be references (`secret://…`)."""

    default: tuple[Secret, ...] = Field(default=(), repr=False)
    cookie: tuple[Secret, ...] = Field(default=(), repr=False)
    """Those of `default` when it is not set; empty when neither is."""
    cipher: tuple[CipherSecret, ...] = Field(default=(), repr=False)
    pagination: tuple[Secret, ...] = Field(default=(), repr=False)


class Bcrypt(Section):
    cost: Annotated[int, Strict(), Field(ge=4, le=31)] = 12
    """At least 12 unless `dev` is set (see `derive`)."""


class Argon2(Section):
    memory: Size = parse_size("128MB")
    """Bytes."""
    iterations: Positive = 1
    parallelism: Positive = 4
    """Kratos takes twice the processors of the machine. Functions differ in those: hashes would differ with them, and
    every sign-in would look like a change of parameters."""
    salt_length: Annotated[int, Strict(), Field(ge=16)] = 16
    key_length: Annotated[int, Strict(), Field(ge=16)] = 32
    expected_duration: Duration = _HALF_A_SECOND
    expected_deviation: Duration = _HALF_A_SECOND
    dedicated_memory: Size = parse_size("1GB")


class Hashers(Section):
    algorithm: Literal["argon2", "bcrypt"] = "bcrypt"
    argon2: Argon2 = empty()
    bcrypt: Bcrypt = empty()


class Ciphers(Section):
    algorithm: Literal["noop", "aes", "xchacha20-poly1305"] = "noop"


class AccountEnumeration(Section):
    mitigate: Bool = False


class Security(Section):
    account_enumeration: AccountEnumeration = empty()
    disallow_ref_in_identity_schemas: Bool = False


class HttpClient(Section):
    disallow_private_ip_ranges: Bool = False
    private_ip_exception_urls: tuple[str, ...] = ()
    """Globs on the address without its query."""


class SmtpClient(Section):
    disallow_private_ip_ranges: Bool = False


class WebHookClient(Section):
    header_allowlist: tuple[str, ...] = (
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Content-Length",
        "Content-Type",
        "Origin",
        "Priority",
        "Referer",
        "Sec-Ch-Ua",
        "Sec-Ch-Ua-Mobile",
        "Sec-Ch-Ua-Platform",
        "Sec-Fetch-Dest",
        "Sec-Fetch-Mode",
        "Sec-Fetch-Site",
        "Sec-Fetch-User",
        "True-Client-Ip",
        "User-Agent",
    )
    """The request headers that templates see."""


class Clients(Section):
    http: HttpClient = empty()
    smtp: SmtpClient = empty()
    web_hook: WebHookClient = empty()
