"""`session` and `cookies`."""

from datetime import timedelta
from typing import Literal

from vestibule.config.flows import RequiredAal
from vestibule.config.values import Bool, Duration, Section, Source, Switch, empty, parse_duration

SameSite = Literal["Strict", "Lax", "None"]


class Cookies(Section):
    """The CSRF cookie's attributes, and what the session cookie takes where it has none of its own."""

    domain: str | None = None
    path: str = "/"
    same_site: SameSite = "Lax"
    secure: Switch
    """`not dev` when it is not set (see `derive`)."""


class SessionCookie(Section):
    """`domain`, `path`, `same_site` and `secure` come from `cookies` when they are not set (see `derive`)."""

    name: str = "ory_kratos_session"
    persistent: Bool = True
    domain: str | None = None
    path: str
    same_site: SameSite
    secure: Switch


class TokenizerTemplate(Section):
    ttl: Duration = timedelta(0)
    """As recorded, tokens of a template that does not say how long they last have expired when they are made."""
    claims_mapper_url: Source | None = None
    jwks_url: Source
    subject_source: Literal["id", "external_id"] = "id"


class Tokenizer(Section):
    templates: dict[str, TokenizerTemplate] = empty()


class Whoami(Section):
    required_aal: RequiredAal = "highest_available"
    tokenizer: Tokenizer = empty()


class Session(Section):
    lifespan: Duration = parse_duration("24h")
    earliest_possible_extend: Duration | None = None
    """How long before it expires a session may be extended; None: at any time."""
    cookie: SessionCookie = empty()
    whoami: Whoami = empty()
