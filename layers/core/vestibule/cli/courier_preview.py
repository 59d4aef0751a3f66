"""`vestibule courier preview TYPE`: a message as its recipient would read it, with sample data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from vestibule.config.fetch import fetch
from vestibule.config.findings import ConfigError
from vestibule.config.load import load
from vestibule.config.message_templates import Overrides, load_overrides
from vestibule.config.vestibule import Pages
from vestibule.domain.courier import CourierMessage
from vestibule.domain.courier_fields import FIELDS, GO_NAMES
from vestibule.workers.templates.compose import Composer

_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_BASE = "https://id.example.org/self-service"
_FLOW = "5a0d2b0c-64f1-4b0e-9d56-0d0f5e0c8a11"

SAMPLE: dict[str, Any] = {
    "to": "ann@example.org",
    "recovery_url": f"{_BASE}/recovery?flow={_FLOW}&token=sample",
    "recovery_code": "482915",
    "verification_url": f"{_BASE}/verification?flow={_FLOW}&token=sample",
    "verification_code": "482915",
    "login_code": "482915",
    "registration_code": "482915",
    "identity": {"id": _FLOW, "traits": {"email": "ann@example.org"}},
    "traits": {"email": "ann@example.org"},
    "request_url": f"{_BASE}/login/browser",
    "transient_payload": {},
    "expires_in_minutes": 60,
    "changed_at": "2026-03-01T12:00:00Z",
    "added_at": "2026-03-01T12:00:00Z",
    "subject": "A subject",
    "body": "A body",
}


def run(type_: str, files: Sequence[Path], *, sms: bool, language: str, html: bool) -> int:
    """Print the message. Returns the exit status, after saying on stderr why when it is not 0."""
    via = "sms" if sms else "email"
    if type_ not in FIELDS[via]:
        click.echo(f"vestibule: there is no {via} {type_!r}; there are {', '.join(FIELDS[via])}", err=True)
        return 2
    try:
        pages, overrides = _configured(files)
    except ConfigError as error:
        for line in str(error).splitlines():
            click.echo(f"vestibule: {line}", err=True)
        return 2
    letter = Composer(pages, overrides)(_message(type_, via, language))
    if html:
        click.echo(letter.html)
        return 0
    if letter.subject:
        click.echo(f"Subject: {letter.subject}\n")
    click.echo(letter.plain)
    return 0


def _configured(files: Sequence[Path]) -> tuple[Pages, Overrides]:
    """The look and the overrides of the configuration; without files, the built-in ones. Raises ConfigError."""
    if not files:
        return Pages(), {}
    config = load(files, {}, overrides={"dsn": "memory"}).config
    return config.vestibule.pages, load_overrides(config.courier, fetch)


def _message(type_: str, via: str, language: str) -> CourierMessage:
    recipient = "+4915112345678" if via == "sms" else "ann@example.org"
    data = {name: SAMPLE[name] for name in (GO_NAMES[field] for field in FIELDS[via][type_]) if name in SAMPLE}
    if "verification_code" in data:
        data["verification_url"] = f"{_BASE}/verification?flow={_FLOW}&code={data['verification_code']}"
    return CourierMessage(
        id="01970000-0000-7000-8000-000000000000",
        via=via,
        channel=via,
        recipient=recipient,
        template_type=type_,
        data={**data, "to": recipient, "language": language},
        created_at=_AT,
        updated_at=_AT,
    )
