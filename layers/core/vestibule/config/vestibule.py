"""`vestibule`: our own settings, which Kratos does not have."""

from typing import Annotated, Literal

from pydantic import Field

from vestibule.config.oauth2 import Oauth2
from vestibule.config.values import (
    Bool,
    Duration,
    Positive,
    Reference,
    Secret,
    Section,
    Source,
    empty,
    parse_duration,
)
from vestibule.config.webhooks import Webhooks

Colour = Annotated[str, Field(pattern="^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")]
Length = Annotated[str, Field(pattern="^(0|[0-9]{1,3}(\\.[0-9]{1,3})?(px|rem|em))$")]


class Guesses(Section):
    """How many wrong passwords one identifier takes, whether an account has it or not."""

    free: Positive = 10
    """Attempts without waiting."""
    first_wait: Duration = parse_duration("1s")
    """After the last free attempt; each further one doubles it."""
    max_wait: Duration = parse_duration("15m")
    cap: Positive = 100
    """Attempts that are compared at all without a success in between."""


class BreachedPasswords(Section):
    timeout: Duration = parse_duration("1s")
    """How long the look-up in the list of breached passwords may take."""


class Colours(Section):
    """Of one theme; what is not set is the built-in one. `#rgb` or `#rrggbb`."""

    accent: Colour | None = None
    """Buttons and links."""
    on_accent: Colour | None = None
    """Text on the accent."""
    background: Colour | None = None
    surface: Colour | None = None
    """The card."""
    text: Colour | None = None


class PageLink(Section):
    label: Annotated[str, Field(min_length=1)]
    url: Reference


class Pages(Section):
    """The built-in account pages and mails."""

    name: Annotated[str, Field(min_length=1, max_length=100)] = "Vestibule"
    """Of the product or organisation, in titles, headers and mails."""
    logo: Source | None = None
    """An image beside the name, drawn from the pages' own origin."""
    light: Colours = empty()
    dark: Colours = empty()
    radius: Length = "10px"
    """Of corners."""
    links: tuple[PageLink, ...] = ()
    """Below the card: help, home."""
    legal: tuple[PageLink, ...] = ()
    """The last line: terms, privacy, imprint."""
    languages: tuple[Literal["en", "de"], ...] = ("en", "de")
    """Offered, chosen by Accept-Language; the first is the fallback."""


class SesSender(Section):
    """Mails through Amazon SES; `courier.smtp.from_address` has to be an identity that it knows."""

    enabled: Bool | None = None
    """None: on AWS."""
    configuration_set: str | None = None
    """What reports bounces and complaints."""
    region: str | None = None


class SmsSender(Section):
    """Text messages through AWS End User Messaging, or SNS where it has no number."""

    enabled: Bool | None = None
    """None: on AWS."""
    origination_identity: str | None = None
    """The number, sender id or pool that they come from; its ARN or id. None: the service chooses."""
    configuration_set: str | None = None
    region: str | None = None


class Senders(Section):
    """How messages leave where `courier` names no relay or gateway."""

    ses: SesSender = empty()
    sms: SmsSender = empty()


class Deliveries(Section):
    """The log of what became of every call of a web hook."""

    kept: Duration = parse_duration("336h")


class Vestibule(Section):
    guesses: Guesses = empty()
    codes_per_address: Positive = 5
    """Messages with a code that one address gets within an hour. Whoever asks for more is told the same, and none
    leaves."""
    breached_passwords: BreachedPasswords = empty()
    webhooks: Webhooks = empty()
    oauth2: Oauth2 = empty()
    pages: Pages = empty()
    courier: Senders = empty()
    deliveries: Deliveries = empty()
    trusted_proxy: Bool
    """Whether forwarded headers count. `dev` when it is not set (see `derive`)."""
    proxy_key: Secret | None = Field(default=None, repr=False, min_length=32)
    """What the proxy in front of the public API sends as `X-Vestibule-Proxy-Key`. Requests without it are refused."""
    admin_keys: tuple[Secret, ...] = Field(default=(), repr=False)
    """Any of these opens the admin API when it is guarded by bearer keys; the first is the current one."""
