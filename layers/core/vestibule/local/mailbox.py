"""/mailbox at the admin port, in development: every message that was sent or waits, newest first, with its code."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from vestibule.domain.courier import CourierMessage
from vestibule.domain.courier_fields import template_data
from vestibule.local.event import HttpRequest, HttpResponse
from vestibule.local.routes import Api
from vestibule.services import Services

SHOWN = 50

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'"
)

Page = Callable[[HttpRequest], HttpResponse]


def pages(svc: Services) -> Mapping[tuple[Api, str], Page]:
    """Path → the page. Nothing of it is stored: it shows what the store has."""
    environment = Environment(
        loader=PackageLoader("vestibule.local", "static"), autoescape=True, undefined=StrictUndefined
    )

    def shown(_: HttpRequest) -> HttpResponse:
        messages = [_row(message, svc) for message in svc.messages.page(limit=SHOWN)]
        text = environment.get_template("mailbox.html").render(messages=messages, name=svc.config.vestibule.pages.name)
        return _response("text/html; charset=utf-8", text)

    def asset(name: str, kind: str) -> Page:
        text = environment.loader.get_source(environment, name)[0] if environment.loader else ""
        return lambda _: _response(kind, text)

    return {
        ("admin", "/mailbox"): shown,
        ("admin", "/mailbox/style.css"): asset("mailbox.css", "text/css; charset=utf-8"),
        ("admin", "/mailbox/live.js"): asset("mailbox.js", "text/javascript; charset=utf-8"),
    }


def _row(message: CourierMessage, svc: Services) -> dict[str, object]:
    letter = svc.compose(message)
    filled = template_data(message)
    return {
        "id": message.id,
        "to": message.recipient,
        "via": message.via,
        "type": message.template_type,
        "status": str(message.status),
        "tries": message.send_count,
        "at": f"{message.created_at:%Y-%m-%d %H:%M:%S} UTC",
        "subject": letter.subject,
        "body": letter.plain,
        "code": next((value for key, value in filled.items() if key.endswith("_code") and value), ""),
        "link": next((value for key, value in filled.items() if key.endswith(("cation_url", "covery_url"))), ""),
    }


def _response(kind: str, text: str) -> HttpResponse:
    headers = (
        ("content-type", kind),
        ("cache-control", "no-store"),
        ("content-security-policy", _POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    )
    return HttpResponse(200, headers, text.encode())
