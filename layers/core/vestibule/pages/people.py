"""Whose session a page shows: a name, an address, a device, as people would say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from vestibule.pages.wording import Wording

Wire = Mapping[str, Any]

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
"""The first that a user agent names: most of them name the later ones too."""

_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def person(identity: Wire) -> str:
    """What to call somebody: the name among the traits; empty when there is none."""
    traits = _mapping(identity.get("traits"))
    name = traits.get("name")
    if isinstance(name, str):
        return name.strip()
    parts = _mapping(name)
    words = (parts.get("first"), parts.get("last")) if parts else (traits.get("first_name"), traits.get("last_name"))
    return " ".join(word.strip() for word in words if isinstance(word, str) and word.strip())


def address(identity: Wire) -> tuple[str, bool | None]:
    """An address of the identity, and whether it is verified (None: that is not known of it)."""
    for known in _mappings(identity.get("verifiable_addresses")):
        if isinstance(known.get("value"), str):
            return known["value"], bool(known.get("verified"))
    traits = _mapping(identity.get("traits"))
    found = (traits[key] for key in ("email", "username", "phone") if isinstance(traits.get(key), str))
    return next(found, ""), None


def unverified(identity: Wire) -> str:
    """The first address that is still to be proven; empty when there is none."""
    known = _mappings(identity.get("verifiable_addresses"))
    return next((str(each.get("value", "")) for each in known if not each.get("verified")), "")


def with_own_address(flow: Wire, identity: Wire) -> Wire:
    """A verification flow with the identity's address in the field that asks for one, unless something stands there."""
    ui = _mapping(flow.get("ui"))
    nodes = [_filled(node, "email", unverified(identity)) for node in _mappings(ui.get("nodes"))]
    return {**flow, "ui": {**ui, "nodes": nodes}}


def _filled(node: Wire, name: str, value: str) -> Wire:
    attributes = _mapping(node.get("attributes"))
    if attributes.get("name") != name or attributes.get("type") == "submit" or attributes.get("value"):
        return node
    return {**node, "attributes": {**attributes, "value": value}}


def device(session: Wire, words: Wording) -> str:
    """The device a session was opened on: Firefox on Windows."""
    agent = next((str(each.get("user_agent") or "") for each in _mappings(session.get("devices"))), "")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser and system:
        return words("device.on", browser=browser, system=system)
    return browser or system or agent[:60] or words("device.unknown")


def place(session: Wire) -> str:
    """Where a session was opened, as far as the edge knows: a town, else the address on the network."""
    known = _mappings(session.get("devices"))
    return next((str(each.get("location") or each.get("ip_address") or "") for each in known), "")


def methods(session: Wire, words: Wording) -> str:
    """The ways in which the session was proven, each once."""
    names = [str(each.get("method")) for each in _mappings(session.get("authentication_methods"))]
    return words("separator").join(dict.fromkeys(words.get(f"method.{name}") or name for name in names))


def _mappings(value: object) -> list[Wire]:
    return [_mapping(each) for each in cast(Sequence[object], value)] if isinstance(value, list) else []


def _mapping(value: object) -> Wire:
    return cast(Wire, value) if isinstance(value, Mapping) else {}
