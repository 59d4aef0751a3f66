"""A letter as an Internet message (RFC 5322): the same for every relay."""

from __future__ import annotations

import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

from vestibule.domain.courier import CourierMessage, Letter
from vestibule.ports import MessageRefused

if TYPE_CHECKING:
    from vestibule.config.courier import Smtp

LANGUAGES = ("en", "de")

_OURS = frozenset({"from", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version", "reply-to"})
_NAME = re.compile(r"[!-9;-~]+")
_BREAKS = re.compile(r"[\r\n\x00]")


def mime(message: CourierMessage, letter: Letter, settings: Smtp, *, at: datetime) -> EmailMessage:
    """Text first, HTML as its alternative. The message id is the courier message's, so that repeats can be told.

    Nothing in it can add a header or a recipient: addresses are parsed, line breaks refused. Raises MessageRefused.
    """
    mail = EmailMessage(SMTP)
    try:
        sender = Address(_line(settings.from_name or ""), addr_spec=settings.from_address)
        mail["From"] = sender
        mail["To"] = Address(addr_spec=message.recipient)
        mail["Subject"] = _line(letter.subject)
        mail["Date"] = at
        mail["Message-ID"] = f"<{message.id}@{sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine need answer
        for name, value in settings.headers.items():
            _set(mail, name, value)
    except (ValueError, IndexError, MessageError):
        raise MessageRefused("Its address is none that mail can be sent to") from None
    mail.set_content(letter.plain)
    if letter.html:
        mail.add_alternative(letter.html, subtype="html")
    if (language := message.data.get("language")) in LANGUAGES:
        mail["Content-Language"] = language
    return mail


def _set(mail: EmailMessage, name: str, value: str) -> None:
    """A configured header; a `Reply-To` may be, the rest of those that we write may not."""
    if not _NAME.fullmatch(name) or (name.lower() in _OURS and name.lower() != "reply-to"):
        return
    if name in mail:
        del mail[name]
    mail[name] = _line(value)


def _line(text: str) -> str:
    return _BREAKS.sub(" ", text)
