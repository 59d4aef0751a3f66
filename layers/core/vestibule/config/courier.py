"""`courier`: how mails and text messages leave."""

from typing import Annotated, Literal

from pydantic import Field

from vestibule.config.hooks import Auth
from vestibule.config.values import Duration, HttpUrl, Natural, Positive, Section, Source, empty, parse_duration


class RequestConfig(Section):
    url: HttpUrl | None = None
    method: str = "POST"
    headers: dict[str, str] = empty()
    body: Source | None = None
    """Jsonnet. None: Kratos's built-in one, with recipient, template_type, template_data, subject and body."""
    auth: Auth | None = None


class Smtp(Section):
    connection_uri: str | None = Field(default=None, pattern="^(smtps?|secret|env)://", repr=False)
    client_cert_path: str = ""
    client_key_path: str = ""
    from_address: Annotated[str, Field(pattern="^[^@\\s]+@[^@\\s]+$")] = "no-reply@ory.kratos.sh"
    from_name: str | None = None
    headers: dict[str, str] = empty()
    local_name: str = "localhost"


class Http(Section):
    request_config: RequestConfig = empty()


class Channel(Section):
    id: Literal["sms"]
    type: Literal["http"] = "http"
    request_config: RequestConfig


class Worker(Section):
    pull_count: Positive = 10
    pull_wait: Duration = parse_duration("1s")


class Body(Section):
    plaintext: Source | None = None


class EmailBody(Body):
    html: Source | None = None


class Email(Section):
    subject: Source | None = None
    body: EmailBody = empty()


class Sms(Section):
    body: Body = empty()


class Template(Section):
    """What one message is made of. Sources are Go templates."""

    email: Email = empty()
    sms: Sms = empty()


class Templates(Section):
    """A message for an address that is known (`valid`) and for one that is not (`invalid`)."""

    valid: Template = empty()
    invalid: Template = empty()


class ValidTemplate(Section):
    valid: Template = empty()


class TemplateTypes(Section):
    recovery: Templates = empty()
    recovery_code: Templates = empty()
    verification: Templates = empty()
    verification_code: Templates = empty()
    registration_code: ValidTemplate = empty()
    login_code: ValidTemplate = empty()
    verifiable_address_changed: Template = empty()


class Courier(Section):
    delivery_strategy: Literal["smtp", "http"] = "smtp"
    message_retries: Natural = 5
    worker: Worker = empty()
    template_override_path: str | None = None
    templates: TemplateTypes = empty()
    smtp: Smtp = empty()
    http: Http = empty()
    channels: tuple[Channel, ...] = ()
