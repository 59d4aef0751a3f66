"""Mails through a relay, by SMTP: `courier.smtp.connection_uri`. Contract 06 §8."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import certifi

from vestibule.adapters.mail import mime
from vestibule.domain.courier import CourierMessage, Letter
from vestibule.domain.record import Unprinted
from vestibule.ports import ChannelUnavailable, Clock, MessageRefused

if TYPE_CHECKING:
    from vestibule.config.courier import Smtp

TIMEOUT = 10.0
"""Seconds, for each answer of the relay."""

_CLOSING = 421
"""The relay closes the connection: RFC 5321, 3.8. It says nothing of the message."""

_READY = 220

_PORTS = {"smtp": 25, "smtps": 465}


class Relay(Unprinted, frozen=True):
    host: str
    port: int
    implicit_tls: bool
    starttls: bool
    verify: bool
    server_name: str
    user: str
    password: str

    @classmethod
    def parse(cls, uri: str) -> Relay:
        """`smtp[s]://user:password@host:port/?disable_starttls=true&skip_ssl_verify=true&server_name=…`.

        Raises ValueError, which does not quote the address.
        """
        try:
            parts = urlsplit(uri)
            port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise ValueError("courier.smtp.connection_uri is no smtp:// or smtps:// address") from None
        if not parts.hostname:
            raise ValueError("courier.smtp.connection_uri names no host")
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return cls(
            host=parts.hostname,
            port=port,
            implicit_tls=parts.scheme == "smtps",
            starttls=parts.scheme == "smtp" and query.get("disable_starttls") != "true",
            verify=query.get("skip_ssl_verify") != "true",
            server_name=query.get("server_name") or parts.hostname,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )


class SmtpRelay:
    """Port Deliver. A connection a message: functions do not live long enough to keep one."""

    def __init__(self, settings: Smtp, clock: Clock, *, allow: Callable[[str], bool] | None = None) -> None:
        """`allow`: whether a relay at this IP address may be connected to; None: any."""
        self._allow = allow
        self._settings = settings
        self._clock = clock
        self._relay = Relay.parse(settings.connection_uri or "")

    def __call__(self, message: CourierMessage, letter: Letter) -> None:
        mail = mime(message, letter, self._settings, at=self._clock.now())
        try:
            with self._connected() as client:
                client.send_message(mail, self._settings.from_address, [message.recipient])
        except smtplib.SMTPAuthenticationError:
            raise ChannelUnavailable("The relay refused the credentials") from None
        except smtplib.SMTPRecipientsRefused as refused:
            _refuse(next((code for code, _ in refused.recipients.values()), 550))
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
            _refuse(refused.smtp_code)
        except smtplib.SMTPNotSupportedError as unsupported:
            raise _unsupported(unsupported) from None
        except ssl.SSLError as error:
            raise ChannelUnavailable(f"No secure connection to the relay: {error.reason or 'TLS failed'}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelUnavailable(f"The relay cannot be reached ({type(error).__name__})") from None

    def _connected(self) -> smtplib.SMTP:
        relay, name = self._relay, self._settings.local_name
        if relay.implicit_tls:
            client: _Guarded = _GuardedTls(local_hostname=name, timeout=TIMEOUT, context=self._context())
        else:
            client = _Guarded(local_hostname=name, timeout=TIMEOUT)
        client.allow = self._allow
        try:
            client.greeted(relay.host, relay.port)
            if relay.starttls:
                client.starttls(context=self._context())
            if relay.user:
                client.login(relay.user, relay.password)
        except BaseException:
            client.close()
            raise
        return client

    def _context(self) -> ssl.SSLContext:
        context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
        context.name = self._relay.server_name
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._relay.verify:
            context.load_default_certs()
            context.load_verify_locations(certifi.where())
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self._settings.client_cert_path:
            context.load_cert_chain(self._settings.client_cert_path, self._settings.client_key_path or None)
        return context


class _Guarded(smtplib.SMTP):
    """Connects to the addresses that were asked about, and not to what the name stands for a moment later."""

    allow: Callable[[str], bool] | None = None

    def greeted(self, host: str, port: int) -> None:
        self._host = host  # what the certificate is checked against, and what STARTTLS names
        code, _ = self.connect(host, port)
        if code != _READY:
            raise smtplib.SMTPConnectError(code, b"")

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        if self.allow is None:
            return socket.create_connection((host, port), timeout, self.source_address)
        failure = OSError("no allowed address")
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            if self.allow(str(address[0])):
                try:
                    return socket.create_connection((str(address[0]), port), timeout, self.source_address)
                except OSError as error:
                    failure = error
        raise failure


class _GuardedTls(smtplib.SMTP_SSL, _Guarded):
    """The same with TLS from the start: what `SMTP_SSL` wraps is the socket of the class above."""


class _NamedContext(ssl.SSLContext):
    """Checks the certificate against `name`, which may be another than the host that is connected to."""

    name = ""

    def wrap_socket(self, sock: Any, *arguments: Any, **options: Any) -> ssl.SSLSocket:
        wrap: Any = super().wrap_socket
        return wrap(sock, *arguments, **{**options, "server_hostname": self.name})


def _refuse(code: int) -> None:
    if code == _CLOSING:
        raise ChannelUnavailable("The relay closed the connection") from None
    raise MessageRefused(f"The relay answered {code}") from None


def _unsupported(error: smtplib.SMTPNotSupportedError) -> ChannelUnavailable | MessageRefused:
    """STARTTLS and AUTH are the relay's; SMTPUTF8 is for this address."""
    if "SMTPUTF8" in str(error):
        return MessageRefused("The relay takes no addresses with letters like those in it")
    return ChannelUnavailable("The relay offers neither STARTTLS nor the log-in that is configured")
