"""The formats of JSON Schema that identity schemas use, as strict as people's forms need them."""

from __future__ import annotations

from collections.abc import Callable

from vestibule.config import normalise

_ATEXT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~")


def is_email(text: str) -> bool:
    """An address as RFC 5321 writes it without quotes, comments or address literals; other alphabets may be used.

    Nothing stands around it: a form that trims does so before.
    """
    local, at, domain = text.rpartition("@")
    return bool(at) and len(text) <= 320 and len(local) <= 64 and _is_local(local) and is_host(domain)


def is_host(text: str) -> bool:
    """A host name of dotted labels (RFC 1123), other alphabets allowed."""
    return 0 < len(text) <= 255 and all(map(_is_label, text.split(".")))


def is_phone(text: str) -> bool:
    """A phone number with its country code. Empty text keeps the format, as recorded: another rule speaks of it."""
    if not text:
        return True
    try:
        normalise.phone(text)
    except normalise.InvalidPhone:
        return False
    return True


CHECKS: dict[str, Callable[[str], bool]] = {"email": is_email, "email_loose": is_email, "tel": is_phone}
"""Formats that this package checks itself; the validator knows date, date-time, time, uri and other standard ones."""


def _is_local(text: str) -> bool:
    return all(part and all(each in _ATEXT or _is_foreign(each) for each in part) for part in text.split("."))


def _is_label(text: str) -> bool:
    return (
        0 < len(text) <= 63
        and not text.startswith("-")
        and not text.endswith("-")
        and all((each.isascii() and each.isalnum()) or each == "-" or _is_foreign(each) for each in text)
    )


def _is_foreign(character: str) -> bool:
    return not character.isascii() and character.isprintable() and not character.isspace()
