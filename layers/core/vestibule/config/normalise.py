"""One spelling for identifiers and addresses, whoever typed them and wherever: contract 06 §10.

Everything that looks up or stores an identifier or an address goes through here, so that “ANN@example.org ” finds the
account of “ann@example.org”. Each function is idempotent.
"""

from __future__ import annotations

import unicodedata

ROUNDS = 8
"""Lower-casing can undo compatibility composition and the other way round: three rounds settle all of Unicode."""

_IGNORABLE_RANGES = (
    *((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2065, 0x2065), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF)),
)
"""Default-ignorable code points that are neither controls nor formats (Unicode, DerivedCoreProperties)."""


class InvalidPhone(ValueError):
    """No phone number with a country code. Does not carry the text, which is personal."""


def identifier(text: str) -> str:
    """What somebody signs in with: an e-mail address, a phone number with country code, or a name."""
    plain = _plain(text)
    if not _looks_like_phone(plain):
        return plain
    try:
        return phone(plain)
    except InvalidPhone:
        return plain


def email(text: str) -> str:
    """Whether it is an address at all is checked elsewhere (`formats.is_email`)."""
    return _plain(text)


def phone(text: str) -> str:
    """E.164: `+4915112345678`. The country code must be there. Raises InvalidPhone."""
    # Imported here because the numbering plans cost a cold start about 100 ms, and few requests carry a phone number.
    import phonenumbers  # noqa: PLC0415

    try:
        number = phonenumbers.parse(_plain(text), None)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone("not a phone number with a country code") from error
    if not phonenumbers.is_valid_number(number):
        raise InvalidPhone("not a phone number of its country")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _plain(text: str) -> str:
    """Free-form text in the manner of RFC 8265: width and compatibility folded, lower case, nothing unseen."""
    if text.isascii() and text.isprintable():
        return text.strip().lower()
    for _ in range(ROUNDS):
        folded = unicodedata.normalize("NFKC", "".join(map(_visible, text.lower()))).strip()
        if folded == text:
            break
        text = folded
    return text


def _visible(character: str) -> str:
    """The character; a space for any kind of space; nothing for controls, bidi marks and ignorable ones."""
    category = unicodedata.category(character)
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp") or _is_ignorable(ord(character)):
        return ""
    return " " if category == "Zs" else character


def _is_ignorable(code: int) -> bool:
    return any(first <= code <= last for first, last in _IGNORABLE_RANGES)


def _looks_like_phone(text: str) -> bool:
    return text.startswith("+") and sum(map(str.isdigit, text)) > 3 and not any(map(str.isalpha, text))
