"""A relay that takes what it is sent: a socket, a thread, and as much of RFC 5321 as a client needs."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass
class Relay:
    """`answers` replaces what it says to a verb, e.g. {"RCPT": "550 no"}; None hangs up."""

    tls: ssl.SSLContext | None = None
    implicit: bool = False
    extensions: tuple[str, ...] = ()
    answers: dict[str, str | None] = field(default_factory=dict)
    port: int = 0
    heard: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[Relay]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
            thread = threading.Thread(target=self._accept, args=[server], daemon=True)
            thread.start()
            yield self
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            try:
                self._serve(connection)
            except OSError:
                pass
            finally:
                connection.close()

    def _serve(self, connection: socket.socket) -> None:
        if self.implicit and self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True)
        file = connection.makefile("rwb")

        def say(*lines: str) -> None:
            file.write("".join(f"{line}\r\n" for line in lines).encode())
            file.flush()

        say("220 relay")
        while line := file.readline().decode().strip():
            verb = line.split()[0].upper()
            self.heard.append(line)
            if verb in self.answers:
                answer = self.answers[verb]
                if answer is None:
                    break
                say(answer)
            elif verb == "EHLO":
                offered = ["relay", *self.extensions]
                say(*(f"250{'-' if each is not offered[-1] else ' '}{each}" for each in offered))
            elif verb == "STARTTLS":
                say("220 go on")
                connection = self.tls.wrap_socket(connection, server_side=True)
                file = connection.makefile("rwb")
                self.heard.append(connection.version())
            elif verb == "DATA":
                say("354 go on")
                mail = b""
                while (row := file.readline()) != b".\r\n":
                    mail += row
                self.mails.append(mail)
                say("250 taken")
            elif verb == "AUTH":
                say("235 welcome")
            elif verb == "QUIT":
                say("221 bye")
                break
            else:
                say("250 ok")
        file.close()
        connection.close()


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """(certificate, key) of a host that nobody vouches for but itself."""
    from cryptography import x509  # noqa: PLC0415 (for tests with TLS only)
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 (as above)
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 (as above)

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
