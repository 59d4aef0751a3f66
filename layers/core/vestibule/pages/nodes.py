"""What a node of a form becomes on a page. Contract 03 §1. A node of an unknown type becomes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from vestibule.pages.widgets import Anchor, Box, Button, Field, Hidden, Image, Notice, Role, Script, Text, Widget
from vestibule.pages.wording import Wording

Wire = Mapping[str, Any]

_ROLE_OF_LABEL = {1070008: Role.RESEND, 1040008: Role.BACK, 1060007: Role.BACK, 1040003: Role.ACTION}
_ROLE_OF_NAME = {
    "screen": Role.BACK,
    "resend": Role.RESEND,
    "provider": Role.PROVIDER,
    "link": Role.PROVIDER,
    "address": Role.CHOICE,
    "recovery_select_address": Role.CHOICE,
    "unlink": Role.DANGER,
    "totp_unlink": Role.DANGER,
    "lookup_secret_disable": Role.DANGER,
    "webauthn_remove": Role.DANGER,
    "passkey_remove": Role.DANGER,
}
_CODES = frozenset({"code", "totp_code"})
_INPUTS = frozenset({"text", "email", "tel", "password", "number", "date", "datetime-local", "url"})
_LOOKUP_USED = 1050014
_UNSPELLED = {"autocapitalize": "none", "spellcheck": "false"}
_TRIGGER = re.compile(r"ory[A-Za-z]{1,60}")
_WEB = re.compile(r"(?:https?:|/(?!/)|\?|#)", re.IGNORECASE)
_IMAGE = re.compile(r"(?:data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=]*\Z|https?:|/(?!/))")


def widget(node: Wire, words: Wording) -> Widget | None:
    """What the page draws for a node; None for one that it does not know."""
    attributes = cast(Wire, node.get("attributes") or {})
    match node.get("type"):
        case "input":
            return _input(node, attributes, words)
        case "text":
            return _text(node, attributes, words)
        case "img":
            return _image(node, attributes, words)
        case "a":
            return _anchor(node, attributes, words)
        case "script":
            src = _scalar(attributes.get("src"))
            return Script(slug(attributes.get("id")), src, _scalar(attributes.get("integrity"))) if _web(src) else None
        case "div":
            data = cast(Mapping[str, object], attributes.get("data") or {})
            pairs = tuple((slug(key), _scalar(value)) for key, value in data.items())
            return Box(_scalar(attributes.get("id")), _scalar(attributes.get("class")), pairs)
        case _:
            return None


def notices(messages: object, words: Wording, target: str = "", about: str = "") -> tuple[Notice, ...]:
    """Messages of the wire as sentences of the page's language."""
    found = cast(Sequence[object], messages) if isinstance(messages, Sequence) else ()
    wires = [cast(Wire, each) for each in found if isinstance(each, Mapping)]
    return tuple(Notice(str(wire.get("type", "info")), words.message(wire), target, about) for wire in wires)


def slug(value: object) -> str:
    """Safe as an id and as the end of a class or attribute name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", _scalar(value)).strip("-") or "x"


def _input(node: Wire, attributes: Wire, words: Wording) -> Widget:
    name, kind = _scalar(attributes.get("name")), _scalar(attributes.get("type")) or "text"
    if kind == "hidden":
        return Hidden(name, _scalar(attributes.get("value")), _trigger(attributes, "onloadTrigger"))
    if kind in ("submit", "button"):
        return _button(node, attributes, name, words)
    return _field(node, attributes, name, kind, words)


def _button(node: Wire, attributes: Wire, name: str, words: Wording) -> Button:
    label = _label(node)
    context = cast(Wire, label.get("context") or {})
    since = context.get("added_at")
    return Button(
        name=name,
        value=_scalar(attributes.get("value")),
        label=words.message(label) or _spoken(name),
        role=_ROLE_OF_LABEL.get(cast(int, label.get("id")), _ROLE_OF_NAME.get(name, Role.ACTION)),
        disabled=bool(attributes.get("disabled")),
        trigger=_trigger(attributes, "onclickTrigger"),
        notices=notices(node.get("messages"), words),
        about=_called(context, words),
        since=words("added", day=words.moment(since, "day")) if since else "",
    )


def _called(context: Wire, words: Wording) -> str:
    """What a key or provider is called; keys that nobody named are said to have no name."""
    name = _scalar(context.get("display_name") or context.get("provider"))
    return words("key.unnamed") if name == "unnamed" else name


def _field(node: Wire, attributes: Wire, name: str, kind: str, words: Wording) -> Field:
    field_id = f"f-{slug(node.get('group'))}-{slug(name)}"
    options = [cast(Wire, each) for each in cast(Sequence[object], attributes.get("options") or ()) if each]
    value = attributes.get("value")
    label = words.message(_label(node)) or words.titles.get(_spoken(name).casefold(), _spoken(name))
    written = kind if kind in (*_INPUTS, "checkbox") else "text"
    return Field(
        id=field_id,
        name=name,
        kind="select" if options else written,
        label=label,
        value=_local(_scalar(value)) if written == "datetime-local" else _scalar(value),
        notices=notices(node.get("messages"), words, field_id, label),
        hint=_hint(name, written, attributes, words),
        attributes=_behaviour(name, written, attributes),
        options=tuple(_scalar(option.get("value")) for option in options),
        required=bool(attributes.get("required")),
        disabled=bool(attributes.get("disabled")),
        checked=value in (True, "true", "on", "1"),
    )


def _behaviour(name: str, kind: str, attributes: Wire) -> dict[str, str]:
    """The attributes by which browsers and password managers understand a field."""
    if name in _CODES:  # no pattern and no maxlength: a pasted "123 456" must fit
        return {"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "20", **_UNSPELLED}
    found = {key: _scalar(attributes[key]) for key in ("autocomplete", "pattern", "maxlength") if key in attributes}
    if kind == "number":
        found |= {"step": "any", "inputmode": "decimal"}
    if kind == "datetime-local":
        found["step"] = "1"
    if name == "identifier":
        found = {"autocomplete": "username", **found, **_UNSPELLED}
    if name == "lookup_secret":
        found = {"autocomplete": "off", **found, **_UNSPELLED}
    if name.startswith("recovery_"):
        found = {"autocomplete": "email", **found, **_UNSPELLED}
    return found


def _hint(name: str, kind: str, attributes: Wire, words: Wording) -> str:
    if name in _CODES and name != "totp_code":  # there, as recorded, spaces do matter; the script takes them out
        return words("code.hint")
    if kind == "datetime-local":
        return words("utc")
    return words("password.new") if attributes.get("autocomplete") == "new-password" else ""


def _text(node: Wire, attributes: Wire, words: Wording) -> Text:
    message = cast(Wire, attributes.get("text") or {})
    context = cast(Wire, message.get("context") or {})
    secrets = [cast(Wire, each) for each in cast(Sequence[object], context.get("secrets") or ()) if each]
    entries = tuple(_code(secret, words) for secret in secrets)
    return Text(
        id=slug(attributes.get("id")),
        label=words.message(_label(node)),
        text="" if entries else words.message(message),
        entries=entries,
    )


def _code(secret: Wire, words: Wording) -> tuple[str, bool]:
    """A backup code, or when it was used."""
    context = cast(Wire, secret.get("context") or {})
    if secret.get("id") != _LOOKUP_USED or "used_at" not in context:
        return words.message(secret), secret.get("id") == _LOOKUP_USED
    return words("code.used", day=words.moment(context["used_at"], "day")), True


def _image(node: Wire, attributes: Wire, words: Wording) -> Image | None:
    src = _scalar(attributes.get("src"))
    if not _IMAGE.match(src):
        return None
    return Image(
        id=slug(attributes.get("id")),
        src=src,
        alt=words.message(_label(node)),
        width=_whole(attributes.get("width")),
        height=_whole(attributes.get("height")),
    )


def _anchor(node: Wire, attributes: Wire, words: Wording) -> Anchor:
    href = _scalar(attributes.get("href"))
    title = attributes.get("title")
    label = words.message(cast(Wire, title)) if isinstance(title, Mapping) else ""
    return Anchor(slug(attributes.get("id")), href if _web(href) else "", label or words.message(_label(node)) or href)


def _web(url: str) -> bool:
    """A place that a page may send somebody to; no `javascript:` and the like."""
    return bool(_WEB.match(url))


def _trigger(attributes: Wire, key: str) -> str:
    """The name of the browser's function; never code."""
    name = _scalar(attributes.get(key))
    return name if _TRIGGER.fullmatch(name) else ""


def _label(node: Wire) -> Wire:
    meta = cast(Wire, node.get("meta") or {})
    return cast(Wire, meta.get("label") or {})


def _spoken(name: str) -> str:
    """`traits.first_name` as people read it: First name."""
    last = name.rsplit(".", 1)[-1].replace("_", " ").replace("-", " ").strip()
    return last[:1].upper() + last[1:]


def _scalar(value: object) -> str:
    """As a form sends it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 256


def _local(value: str) -> str:
    """An RFC 3339 time as `datetime-local` takes it."""
    return value[:19]
