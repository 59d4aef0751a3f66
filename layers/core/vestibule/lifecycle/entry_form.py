"""The forms of login and registration: whose nodes stand in them, and in which order."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from vestibule.domain.flow import Flow, Kind
from vestibule.methods import code, traits
from vestibule.methods.code import CODE
from vestibule.methods.identifier_first import IDENTIFIER_FIRST, REPEATED
from vestibule.methods.keys import webauthn_login
from vestibule.methods.keys.ceremony import WEBAUTHN
from vestibule.methods.oidc_login import OIDC
from vestibule.methods.oidc_registration import RETURNED
from vestibule.methods.registry import methods
from vestibule.services import Services
from vestibule.ui import ordering
from vestibule.ui.nodes import Node, csrf_node

KINDS = (Kind.LOGIN, Kind.REGISTRATION)

_FROM_THE_FIRST_STEP = ("webauthn_script", "passkey_login", "passkey_challenge")
"""Passkeys are offered behind the field that asks who signs in."""


def nodes(flow: Flow, token: str, svc: Services) -> tuple[Node, ...]:
    """`token` is the CSRF token of this answer, empty for apps. A code or key that is awaited has the form alone."""
    by_method = {each.id: tuple(each.nodes(flow, svc)) for each in methods(flow.kind) if each.enabled(svc)}
    if code.is_waiting(flow) and by_method.get(CODE):
        by_method = {CODE: by_method[CODE]}
    elif webauthn_login.is_waiting(flow) and by_method.get(WEBAUTHN):
        by_method = {WEBAUTHN: by_method[WEBAUTHN]}
    returned = flow.internal.get(RETURNED)
    if returned:
        by_method = {OIDC: by_method.get(OIDC, ())}
    fields = traits.nodes(flow, svc) if flow.kind is Kind.REGISTRATION and (not returned or returned[1]) else ()
    if returned and svc.config.feature_flags.legacy_oidc_registration_node_group:
        fields = [replace(node, group=OIDC) for node in fields]
    drawn = _distinct([*fields, *(node for part in by_method.values() for node in part)])
    authors = {method for method, part in by_method.items() if part}
    if not _shows_token(flow, authors):
        return drawn
    if flow.kind is Kind.LOGIN and _grows(flow):
        behind = len(drawn) if code.is_waiting(flow) else 1
        return (*drawn[:behind], csrf_node(token), *drawn[behind:])
    return (csrf_node(token), *drawn)


def ordered(drawn: tuple[Node, ...], flow: Flow, svc: Services) -> tuple[Node, ...]:
    """As recorded: what a step adds to the form stands behind the rest, until a refusal sorts all of it."""
    if _grows(flow):
        return drawn
    if flow.active == IDENTIFIER_FIRST and not flow.problems:
        buttons = tuple(node for node in drawn if node.attributes.get("type") == "submit")
        repeated = buttons * flow.internal.get(REPEATED, 0)
        return (*sorted(drawn, key=_behind_who), *repeated)
    if flow.kind is Kind.LOGIN:
        return ordering.sorted_nodes(drawn, ordering.LOGIN)
    return ordering.sorted_nodes(drawn, ordering.registration(svc.schema(flow.identity_schema).keys))


def _grows(flow: Flow) -> bool:
    return (code.is_waiting(flow) or webauthn_login.is_waiting(flow)) and not flow.problems


def _shows_token(flow: Flow, authors: set[str]) -> bool:
    """Flows of apps have the node, too, but not a login that offers nothing, or codes alone (as recorded)."""
    if not flow.is_api or flow.kind is Kind.REGISTRATION:
        return True
    return bool(authors) and (bool(flow.problems) or authors != {CODE})


def _behind_who(node: Node) -> int:
    if node.group == IDENTIFIER_FIRST:
        return 0
    if node.name == "csrf_token":
        return 1
    return 2 if node.name in _FROM_THE_FIRST_STEP else 3


def _distinct(drawn: Iterable[Node]) -> tuple[Node, ...]:
    """Several methods may ask for the same field."""
    found: dict[tuple[str, str, str, str], Node] = {}
    for node in drawn:
        key = (node.name, node.group, str(node.attributes.get("type")), str(node.value or ""))
        found.setdefault(key, node)
    return tuple(found.values())
