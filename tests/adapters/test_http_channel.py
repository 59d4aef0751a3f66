"""Messages to a gateway by HTTP."""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from vestibule.adapters.http_channel import HttpChannel
from vestibule.adapters.jsonnet import Jsonnet
from vestibule.config.courier import RequestConfig
from vestibule.config.fetch import fetch
from vestibule.domain.courier import CourierMessage, Letter
from vestibule.ports import ChannelUnavailable, MessageRefused, WebResponse, WebTimeout

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DATA = {
    "to": "+4915112345678", "recovery_code": "123456", "expires_in_minutes": 15, "identity": {"id": "i"},
    "request_url": "https://id.example.org/x", "transient_payload": {}, "language": "de",
}  # fmt: skip


@dataclass
class Gateway:
    """Port Web, as far as the channel uses it."""

    status: int = 200
    failure: Exception | None = None
    calls: list[tuple] = field(default_factory=list)

    def request(self, method, url, *, headers=None, body=None, timeout=30.0, limit=0):
        self.calls.append((method, url, headers, body))
        if self.failure is not None:
            raise self.failure
        return WebResponse(self.status, {}, b"")


@pytest.fixture(scope="module")
def jsonnet():
    made = Jsonnet()
    yield made
    made.close()


@pytest.fixture
def send(jsonnet):
    def sent(gateway, template=None, via="sms", type_="recovery_code_valid", **settings):
        body = {"body": f"base64://{base64.b64encode(template.encode()).decode()}"} if template is not None else {}
        config = RequestConfig.model_validate({"url": "https://sms.example.org/send", **body, **settings})
        letter = Letter("", "Text") if via == "sms" else Letter("Subject", "Text", "<p>Text</p>")
        message = CourierMessage(
            id="01970000-0000-7000-8000-000000000000", via=via, channel=via, recipient="+4915112345678",
            template_type=type_, data=DATA, created_at=AT, updated_at=AT,
        )  # fmt: skip
        HttpChannel(config, gateway, fetch, jsonnet)(message, letter)
        return gateway.calls[-1]

    return sent


def test_the_template_sees_what_kratos_shows_it(send):
    _, _, _, body = send(Gateway(), "function(ctx) ctx")
    assert json.loads(body) == {
        "recipient": "+4915112345678",
        "subject": "",
        "body": "Text",
        "template_type": "recovery_code_valid",
        "message_type": "sms",
        "request_headers": {},
        "template_data": {
            "to": "+4915112345678",
            "verification_code": "123456",
            "expires_in_minutes": 15,
            "identity": {"id": "i"},
            "request_url": "https://id.example.org/x",
            "request_url_domain": "id.example.org",
            "transient_payload": {},
        },
    }


def test_mails_show_their_html_and_keep_the_name_of_their_code(send):
    _, _, _, body = send(Gateway(), "function(ctx) ctx", via="email")
    context = json.loads(body)
    assert (context["html_body"], context["subject"]) == ("<p>Text</p>", "Subject")
    assert context["template_data"]["recovery_code"] == "123456"
    assert "language" not in context["template_data"]


def test_without_a_template_the_body_has_what_gateways_need(send):
    method, url, headers, body = send(Gateway())
    assert (method, url, headers["Content-Type"]) == ("POST", "https://sms.example.org/send", "application/json")
    assert headers["Idempotency-Key"] == "01970000-0000-7000-8000-000000000000"
    document = json.loads(body)
    assert (document["recipient"], document["body"], document["verification_code"]) == (
        "+4915112345678",
        "Text",
        "123456",
    )
    assert document["login_code"] is None


def test_a_form_is_sent_where_the_content_type_says_so(send):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    _, _, sent, body = send(Gateway(), "function(ctx) {To: ctx.recipient, N: 1}", headers=headers)
    assert parse_qs(body.decode()) == {"To": ["+4915112345678"], "N": ["1"]}
    assert [name.lower() for name in sent].count("content-type") == 1


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"type": "basic_auth", "config": {"user": "u", "password": "p"}}, "Authorization", "Basic dTpw"),
        ({"type": "api_key", "config": {"name": "X-Key", "value": "k", "in": "header"}}, "X-Key", "k"),
        ({"type": "api_key", "config": {"name": "key", "value": "k", "in": "cookie"}}, "Cookie", "key=k"),
    ],
)
def test_the_gateway_learns_who_calls(send, auth, header, value):
    _, _, headers, _ = send(Gateway(), auth=auth)
    assert headers[header] == value


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_success_takes_the_message_over(send, status):
    assert send(Gateway(status))


@pytest.mark.parametrize("status", [301, 400, 401, 404, 422, 500])
def test_other_answers_refuse_the_message(send, status):
    with pytest.raises(MessageRefused, match=str(status)):
        send(Gateway(status))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_gateway_is_unavailable(send, status):
    with pytest.raises(ChannelUnavailable, match=str(status)):
        send(Gateway(status))


def test_no_answer_is_unavailable(send):
    with pytest.raises(ChannelUnavailable, match="did not answer"):
        send(Gateway(failure=WebTimeout("sms.example.org took too long")))


def test_a_template_that_fails_sends_nothing_and_quotes_nothing(send):
    gateway = Gateway()
    with pytest.raises(MessageRefused) as refused:
        send(gateway, "function(ctx) error ctx.template_data.verification_code")
    assert "123456" not in str(refused.value)
    with pytest.raises(ChannelUnavailable):
        send(gateway, body="file:///nowhere.jsonnet")
    assert gateway.calls == []
