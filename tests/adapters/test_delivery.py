"""Which channel a message leaves by: the table of `adapters.delivery`, row by row."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.adapters.smtp_server import Relay
from tests.config.documents import MINIMAL

from vestibule.adapters import aws
from vestibule.adapters.delivery import ConfiguredDelivery
from vestibule.adapters.system import SystemClock
from vestibule.config.document import merged
from vestibule.config.fetch import fetch
from vestibule.config.model import Config
from vestibule.domain.courier import CourierMessage, Letter
from vestibule.ports import ChannelUnavailable, WebResponse

MAIL, TEXT = "ann@example.org", "+4915112345678"
GATEWAY = {"request_config": {"url": "https://gateway.example.org/send", "method": "POST"}}
SMS_CHANNEL = {"courier": {"channels": [{"id": "sms", "type": "http", **GATEWAY}]}}
HTTP_MAILS = {"courier": {"delivery_strategy": "http", "http": GATEWAY}}


@dataclass
class Outside:
    """Ports Web and AwsService at once: what is called, and by whom."""

    calls: list[str] = field(default_factory=list[str])

    def request(self, method: str, url: str, **_: Any) -> WebResponse:
        self.calls.append(f"{method} {url}")
        return WebResponse(200, {}, b"")

    def service(self, name: str, region: str | None = None) -> Outside.Service:
        return Outside.Service(self, name)

    @dataclass
    class Service:
        outside: Outside
        name: str

        def call(self, operation: str, **_: Any) -> dict[str, Any]:
            self.outside.calls.append(f"{self.name}.{operation}")
            return {}


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    found = Outside()
    monkeypatch.setattr(aws, "AwsService", found.service)
    return found


def send(changes: dict[str, Any], to: str, outside: Outside | None = None, *, local: bool = False) -> None:
    config = Config.model_validate(merged(MINIMAL, changes))
    via = "email" if "@" in to else "sms"
    message = CourierMessage(
        id="01970000-0000-7000-8000-000000000000",
        via=via,
        channel=via,
        recipient=to,
        template_type="login_code_valid",
        data={"login_code": "123456", "to": to},
        created_at=datetime.now(UTC),
        updated_at=datetime.now(UTC),
    )
    web: Any = outside
    deliver = ConfiguredDelivery(config, web, SystemClock(), fetch, local=local)
    deliver(message, Letter("Hello", "Text") if via == "email" else Letter("", "Text"))


def senders(*, ses: bool | None = None, sms: bool | None = None) -> dict[str, Any]:
    return {"vestibule": {"courier": {"ses": {"enabled": ses}, "sms": {"enabled": sms}}}}


@pytest.mark.parametrize(
    ("changes", "to", "local", "called"),
    [
        (SMS_CHANNEL, TEXT, False, ["POST https://gateway.example.org/send"]),
        (SMS_CHANNEL, TEXT, True, ["POST https://gateway.example.org/send"]),
        (SMS_CHANNEL, MAIL, False, ["sesv2.send_email"]),
        (HTTP_MAILS, MAIL, False, ["POST https://gateway.example.org/send"]),
        (HTTP_MAILS, TEXT, False, ["pinpoint-sms-voice-v2.send_text_message"]),
        ({}, MAIL, False, ["sesv2.send_email"]),
        ({}, TEXT, False, ["pinpoint-sms-voice-v2.send_text_message"]),
        ({}, MAIL, True, []),
        ({}, TEXT, True, []),
        (senders(ses=True, sms=True), MAIL, True, ["sesv2.send_email"]),
        (senders(ses=True, sms=True), TEXT, True, ["pinpoint-sms-voice-v2.send_text_message"]),
        (senders(ses=False, sms=False), MAIL, False, []),
        (senders(ses=False, sms=False), TEXT, False, []),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_the_configuration_chooses(
    outside: Outside, changes: dict[str, Any], to: str, local: bool, called: list[str]
) -> None:
    send(changes, to, outside, local=local)
    assert outside.calls == called


@pytest.mark.parametrize("guarded", [False, True])
def test_a_relay_at_a_private_address_is_used_unless_that_is_forbidden(outside: Outside, guarded: bool) -> None:
    with Relay().running() as relay:
        uri = f"smtp://127.0.0.1:{relay.port}/?disable_starttls=true"
        changes = {
            "courier": {"smtp": {"connection_uri": uri, "from_address": "no-reply@example.org"}},
            "clients": {"smtp": {"disallow_private_ip_ranges": guarded}},
        }
        if guarded:
            with pytest.raises(ChannelUnavailable):
                send(changes, MAIL, outside)
        else:
            send(changes, MAIL, outside)
    assert (len(relay.mails), outside.calls) == (0 if guarded else 1, [])
