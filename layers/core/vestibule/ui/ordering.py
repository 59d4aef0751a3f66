"""In which order the nodes of a form stand: contract 03 §1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from vestibule.ui.nodes import Node


class Order(Struct, frozen=True):
    """Groups first, then names, each in the order listed; what is not listed: groups in front, names behind."""

    groups: tuple[str, ...]
    keys: tuple[str, ...]


LOGIN_GROUPS = ("oidc", "default", "webauthn", "passkey", "code", "password", "totp", "lookup_secret")
REGISTRATION_GROUPS = ("oidc", "saml", "default", "webauthn", "passkey", "code", "password", "captcha", "profile")
SETTINGS_GROUPS = ("default", "profile", "password", "oidc", "lookup_secret", "webauthn", "passkey", "totp")
WEBAUTHN_KEYS = ("webauthn_remove", "webauthn_register_displayname", "webauthn_register")
SETTINGS_KEYS = (
    *("lookup_secret_reveal", "lookup_secret_regenerate", "lookup_secret_codes", "lookup_secret_confirm"),
    *WEBAUTHN_KEYS,
    *("passkey_remove", "passkey_register"),
    *("totp_qr", "totp_secret_key", "totp_unlink", "totp_code"),
)

LOGIN = Order(LOGIN_GROUPS, ("csrf_token", "identifier", "password"))


def registration(schema_keys: Sequence[str]) -> Order:
    """`schema_keys` are the names of the trait nodes, as the schema lists them (`traits.email`, …)."""
    return Order(REGISTRATION_GROUPS, ("csrf_token", *schema_keys[:1], "password", *schema_keys[1:], *WEBAUTHN_KEYS))


def settings(schema_keys: Sequence[str]) -> Order:
    return Order(SETTINGS_GROUPS, (*schema_keys, *SETTINGS_KEYS))


def sorted_nodes(nodes: Iterable[Node], order: Order) -> tuple[Node, ...]:
    """Stable. Inside a group `method` stands last, and equals are ordered by the text of their values.

    Where no group with fields of its own comes between the default group and the password, both are one block, so that
    the password stands right behind the first trait, where people expect it.
    """
    by_group = sorted(nodes, key=lambda node: _position(order.groups, node.group, missing=-1))
    present = list(dict.fromkeys(node.group for node in by_group))
    blocks = {group: index for index, group in enumerate(present)}
    if {"default", "password"} <= blocks.keys() and blocks["password"] == blocks["default"] + 1:
        blocks["password"] = blocks["default"]
    return tuple(
        sorted(by_group, key=lambda node: (blocks[node.group], _rank(node.name, order.keys), _value_text(node)))
    )


def _rank(name: str, keys: tuple[str, ...]) -> int:
    if name == "method":
        return len(keys) + 1
    if name in keys:
        return keys.index(name)
    return next((index for index, key in enumerate(keys) if name.startswith(key)), len(keys))


def _position(among: tuple[str, ...], item: str, *, missing: int) -> int:
    return among.index(item) if item in among else missing


def _value_text(node: Node) -> str:
    """A missing value stands behind an empty one; the token's random text decides nothing."""
    if node.name == "csrf_token":
        return ""
    return "<none>" if node.value is None else str(node.value)
