"""A message in words: the built-in texts in the recipient's language, or what the configuration puts in their place."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vestibule.config.message_templates import Overrides
from vestibule.domain.courier import CourierMessage, Letter
from vestibule.domain.courier_fields import FIELDS, GO_NAMES, domain, template_data
from vestibule.workers.templates import layout
from vestibule.workers.templates.layout import Sheet
from vestibule.workers.templates.wording import LANGUAGES, Wording, wording

if TYPE_CHECKING:
    from vestibule.config.vestibule import Pages

_CODES = ("verification_code", "recovery_code", "login_code", "registration_code")
_LINKS = ("verification_url", "recovery_url")
_CONTROLS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")

LONGEST_SUBJECT = 200


class Composer:
    """Port Compose. `overrides` go before the built-in texts, part by part."""

    def __init__(self, pages: Pages, overrides: Overrides) -> None:
        self._pages = pages
        self._overrides = overrides

    def __call__(self, message: CourierMessage) -> Letter:
        """A type that nobody knows is a mail with nothing but its name, so that no row of a list fails."""
        letter = self._built_in(message)
        if message.via == "sms":
            return Letter("", self._part(message, "sms.plain", letter.plain))
        # Our own HTML says what our own plain text says: it does not go with somebody else's.
        built_in = "" if (message.template_type, "email.plain") in self._overrides else letter.html
        return Letter(
            subject=one_line(self._part(message, "email.subject", letter.subject))[:LONGEST_SUBJECT],
            plain=self._part(message, "email.plain", letter.plain),
            html=self._part(message, "email.html", built_in, html.escape),
        )

    def _part(self, message: CourierMessage, part: str, built_in: str, escape: Callable[[str], str] = str) -> str:
        template = self._overrides.get((message.template_type, part))
        return built_in if template is None else template.fill(_go_data(message), escape)

    # --- built in --------------------------------------------------------------------------------------

    def _built_in(self, message: CourierMessage) -> Letter:
        if message.template_type == "stub":
            subject, body = (str(message.data.get(name) or "") for name in ("subject", "body"))
            return Letter(subject, body)
        words = self._wording(message)
        if message.via == "sms":
            return Letter("", self._text_message(message, words))
        parts = words.email.get(message.template_type)
        if parts is None:
            return Letter(message.template_type, message.template_type)
        sheet = self._sheet(message, words, parts)
        return Letter(sheet.subject, layout.plain(sheet), layout.html(sheet, self._pages))

    def _wording(self, message: CourierMessage) -> Wording:
        asked = message.data.get("language")
        offered = [each for each in self._pages.languages if each in LANGUAGES]
        return wording(asked if asked in offered else "en" if "en" in offered or not offered else offered[0])

    def _sheet(self, message: CourierMessage, words: Wording, parts: Mapping[str, str]) -> Sheet:
        values = self._values(message, words)
        code, link = values["code"], next((str(message.data[key]) for key in _LINKS if message.data.get(key)), "")
        said = {key: text.format_map(values) for key, text in {**words.words, **parts}.items() if key != "moment"}
        valid = "both" if code and link else "code" if code else "link"
        return Sheet(
            language=words.language,
            name=self._pages.name,
            subject=one_line(said["subject"]),
            title=said["title"],
            paragraphs=tuple(said["text"].split("\n\n")),
            code=code,
            code_label=said["code"],
            link=link,
            link_label=said.get("button", ""),
            link_lead=said["or"] if code else "",
            link_help=said["paste"],
            valid=said[f"valid.{valid}"] if values["span"] and (code or link) else "",
            secret=said["secret"] if code else "",
            otherwise=said["else"],
            footer=said["sent"],
        )

    def _text_message(self, message: CourierMessage, words: Wording) -> str:
        """Browsers fill a code in by themselves where the last line says for which site it is (WebOTP)."""
        values = self._values(message, words)
        text = words.sms.get(message.template_type, "{name}").format_map(values)
        site = domain(message)
        return f"{text}\n\n@{site} #{values['code']}" if site and values["code"] else text

    def _values(self, message: CourierMessage, words: Wording) -> dict[str, str]:
        """What stands in the sentences' places: one line each, whatever was sent."""
        data, minutes = message.data, message.data.get("expires_in_minutes")
        at = data.get("changed_at") or data.get("added_at") or ""
        values = {
            "name": self._pages.name,
            "to": message.recipient,
            "code": next((str(data[key]) for key in _CODES if data.get(key)), ""),
            "span": words.span(minutes) if isinstance(minutes, int) else "",
            "at": words.moment(str(at)),
        }
        return {key: one_line(value) for key, value in values.items()}


def one_line(text: str) -> str:
    """Without line breaks, controls and marks that turn the direction: nothing that could become another header."""
    return _CONTROLS.sub(" ", text).strip()


def _go_data(message: CourierMessage) -> dict[str, Any]:
    """By the fields' Go names."""
    data = {**template_data(message), "recovery_code": message.data.get("recovery_code")}
    return {name: data.get(GO_NAMES[name]) for name in FIELDS[message.via].get(message.template_type, ())}
