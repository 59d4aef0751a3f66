"""What stands on a page: fields, buttons, texts, images. Plain values, which the templates only write down."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class Notice(Struct, frozen=True):
    """A sentence with its weight, `info`, `success` or `error`; of a field, with the field's id and label."""

    kind: str
    text: str
    target: str = ""
    about: str = ""


class Hidden(Struct, frozen=True):
    name: str
    value: str
    onload: str = ""


class Field(Struct, frozen=True):
    """An input with its label. `kind` is the input's type, or `select`."""

    id: str
    name: str
    kind: str
    label: str
    value: str
    notices: tuple[Notice, ...]
    hint: str
    attributes: Mapping[str, str]
    options: tuple[str, ...]
    required: bool
    disabled: bool
    checked: bool

    @property
    def optional(self) -> bool:
        """What a web hook asks for in the transient payload is there because the form was not accepted without it."""
        asked_for = self.name in _NEEDED_BY_ITS_BUTTON or self.name.startswith("transient_payload.")
        return not self.required and self.kind != "checkbox" and not asked_for

    @property
    def wrong(self) -> bool:
        return any(notice.kind == "error" for notice in self.notices)


class Role(StrEnum):
    ACTION = "action"
    CHOICE = "choice"
    PROVIDER = "provider"
    DANGER = "danger"
    RESEND = "resend"
    BACK = "back"


class Button(Struct, frozen=True):
    """Sends the form with `name=value`, or with `trigger` calls the function of that name in the browser.

    `about` is what a button takes away (a key, a linked account), `since` when that was added.
    """

    name: str
    value: str
    label: str
    role: Role
    disabled: bool
    trigger: str
    notices: tuple[Notice, ...]
    about: str = ""
    since: str = ""


class Text(Struct, frozen=True):
    """Something to read, copy and print: a secret, or `entries` of a list of codes (text, already used)."""

    id: str
    label: str
    text: str
    entries: tuple[tuple[str, bool], ...]


class Image(Struct, frozen=True):
    id: str
    src: str
    alt: str
    width: int
    height: int


class Anchor(Struct, frozen=True):
    id: str
    href: str
    label: str


class Script(Struct, frozen=True):
    id: str
    src: str
    integrity: str


class Box(Struct, frozen=True):
    """A place that a script fills."""

    id: str
    css_class: str
    data: tuple[tuple[str, str], ...]


Widget = Hidden | Field | Button | Text | Image | Anchor | Script | Box

_NEEDED_BY_ITS_BUTTON = frozenset({"webauthn_register_displayname"})
"""Required, but only by one of the buttons of its form, so that the browser must not insist."""
