"""Mails to a relay: what it hears, and what its answers come to."""

import email
import ssl
from datetime import UTC, datetime
from email.policy import default

import pytest
from tests.adapters.smtp_server import Relay, certificate

from vestibule.adapters import smtp
from vestibule.adapters.smtp import SmtpRelay
from vestibule.config.courier import Smtp
from vestibule.domain.courier import CourierMessage, Letter
from vestibule.ports import ChannelUnavailable, MessageRefused

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LETTER = Letter("Grüße", "Your code: 123456\nÜ\n", "<p>123456</p>")


class Clock:
    def now(self):
        return AT


def message(recipient="ann@example.org"):
    return CourierMessage(
        id="01970000-0000-7000-8000-000000000000", via="email", channel="email", recipient=recipient,
        template_type="login_code_valid", data={"language": "de"}, created_at=AT, updated_at=AT,
    )  # fmt: skip


def sender(relay, scheme="smtp", query="?disable_starttls=true", user="", **settings):
    uri = f"{scheme}://{user}127.0.0.1:{relay.port}/{query}"
    keys = {"connection_uri": uri, "from_address": "no-reply@example.org", **settings}
    return SmtpRelay(Smtp.model_validate(keys), Clock())


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """A relay's certificate that is trusted here, for the name relay.example.org."""
    cert, key = certificate(tmp_path, "relay.example.org")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    monkeypatch.setattr(smtp.certifi, "where", lambda: str(cert))
    return context


def test_a_mail_arrives_as_text_and_html_with_its_headers():
    with Relay().running() as relay:
        sender(relay, from_name="Acme, Inc.", headers={"X-A": "b", "Reply-To": "help@example.org"})(message(), LETTER)
    mail = email.message_from_bytes(relay.mails[0], policy=default)
    assert (mail["From"], mail["To"]) == ('"Acme, Inc." <no-reply@example.org>', "ann@example.org")
    assert (mail["Subject"], mail["X-A"], mail["Reply-To"]) == ("Grüße", "b", "help@example.org")
    assert mail["Message-ID"] == "<01970000-0000-7000-8000-000000000000@example.org>"
    assert mail["Date"].datetime == AT
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "de")
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert plain.get_content().splitlines() == ["Your code: 123456", "Ü"]
    assert html.get_content().strip() == "<p>123456</p>"
    heard = [line.lower() for line in relay.heard]  # verbs have no case (RFC 5321 2.4), and Pythons differ
    assert "rcpt to:<ann@example.org>" in heard


def test_without_html_it_is_plain_text():
    with Relay().running() as relay:
        sender(relay)(message(), Letter("Hello", "Text"))
    assert email.message_from_bytes(relay.mails[0], policy=default).get_content_type() == "text/plain"


@pytest.mark.parametrize(
    "recipient",
    [
        "a@example.org\r\nBcc: eve@example.org",
        "a@example.org, eve@example.org",
        "nobody",
        "",
        "a@b@c",
        "<a@example.org>",
    ],
)
def test_an_address_is_one_recipient_and_no_header(recipient):
    with Relay().running() as relay, pytest.raises(MessageRefused):
        sender(relay)(message(recipient), LETTER)
    assert relay.mails == []


def test_a_subject_and_configured_headers_are_one_line_each():
    with Relay().running() as relay:
        sender(relay, headers={"X-A": "b\r\nBcc: eve@example.org", "Bad Name": "x", "From": "eve@example.org"})(
            message(), Letter("Hello\r\nBcc: eve@example.org", "Text")
        )
    mail = email.message_from_bytes(relay.mails[0], policy=default)
    assert mail["Bcc"] is None
    assert mail["From"] == "no-reply@example.org"


def test_credentials_are_sent_decoded(trusted):
    with Relay(tls=trusted, extensions=("STARTTLS", "AUTH PLAIN")).running() as relay:
        sender(relay, query="?server_name=relay.example.org", user="us%40er:p%2Fw@")(message(), LETTER)
    assert "TLSv1.3" in relay.heard
    assert "AUTH PLAIN AHVzQGVyAHAvdw==" in relay.heard
    assert relay.heard.index("TLSv1.3") < relay.heard.index("AUTH PLAIN AHVzQGVyAHAvdw==")
    assert len(relay.mails) == 1


def test_smtps_is_encrypted_from_the_first_byte(trusted):
    with Relay(tls=trusted, implicit=True).running() as relay:
        sender(relay, "smtps", "?server_name=relay.example.org")(message(), LETTER)
    assert len(relay.mails) == 1


def test_a_certificate_of_another_name_is_refused_unless_told_not_to_look(trusted):
    with Relay(tls=trusted, extensions=("STARTTLS",)).running() as relay:
        with pytest.raises(ChannelUnavailable, match="secure"):
            sender(relay, query="")(message(), LETTER)
        assert relay.mails == []
        sender(relay, query="?skip_ssl_verify=true")(message(), LETTER)
    assert len(relay.mails) == 1


def test_without_starttls_nothing_is_said_in_the_clear():
    with Relay().running() as relay, pytest.raises(ChannelUnavailable, match="STARTTLS"):
        sender(relay, query="", user="user:password@")(message(), LETTER)
    assert [line.split()[0].upper() for line in relay.heard] == ["EHLO"]


@pytest.mark.parametrize(
    ("answers", "error", "said"),
    [
        ({"RCPT": "550 no such user ann@example.org"}, MessageRefused, "550"),
        ({"RCPT": "450 try later"}, MessageRefused, "450"),
        ({"MAIL": "553 not you"}, MessageRefused, "553"),
        ({"DATA": "554 spam"}, MessageRefused, "554"),
        ({"RCPT": "421 closing"}, ChannelUnavailable, "closed"),
        ({"EHLO": None}, ChannelUnavailable, "reached"),
        ({"DATA": None}, ChannelUnavailable, "reached"),
    ],
)
def test_answers_of_the_relay(answers, error, said):
    with Relay(answers=answers).running() as relay, pytest.raises(error, match=said) as raised:
        sender(relay)(message(), LETTER)
    assert "ann@example.org" not in str(raised.value)


def test_refused_credentials_are_the_channels_fault():
    refusing = Relay(extensions=("AUTH PLAIN",), answers={"AUTH": "535 no"})
    with refusing.running() as relay, pytest.raises(ChannelUnavailable, match="credentials"):
        sender(relay, user="user:secret-password@")(message(), LETTER)


def test_a_relay_that_is_not_there_is_unavailable():
    with Relay().running() as relay:
        pass
    with pytest.raises(ChannelUnavailable, match="reached"):
        sender(relay)(message(), LETTER)


@pytest.mark.parametrize("uri", ["http://host", "smtp://", "smtp://host:port", "smtp://h:99999"])
def test_what_is_no_address_of_a_relay_is_refused_without_quoting_it(uri):
    with pytest.raises(ValueError, match=r"courier\.smtp\.connection_uri") as error:
        smtp.Relay.parse(uri)
    assert uri not in str(error.value)


def test_a_relay_at_an_address_that_is_not_allowed_is_not_connected_to():
    asked = []
    with Relay().running() as relay:
        settings = Smtp.model_validate(
            {"connection_uri": f"smtp://localhost:{relay.port}/", "from_address": "no-reply@example.org"}
        )
        guarded = SmtpRelay(settings, Clock(), allow=lambda address: asked.append(address) is not None)
        with pytest.raises(ChannelUnavailable):
            guarded(message(), LETTER)
    assert "127.0.0.1" in asked
    assert relay.mails == []


@pytest.mark.parametrize(("scheme", "query"), [("smtp", "?disable_starttls=true"), ("smtps", "?skip_ssl_verify=true")])
def test_an_allowed_relay_is_connected_to(trusted, scheme, query):
    with Relay(tls=trusted if scheme == "smtps" else None, implicit=scheme == "smtps").running() as relay:
        keys = {"connection_uri": f"{scheme}://127.0.0.1:{relay.port}/{query}", "from_address": "a@example.org"}
        SmtpRelay(Smtp.model_validate(keys), Clock(), allow=lambda _: True)(message(), LETTER)
    assert len(relay.mails) == 1
