"""A deployment in which people get back into their accounts, and the mailbox that they read."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from tests.world import SCHEMA, Browser, Client, Flow, Native, Reply, Spa, World

from vestibule.config.document import merged
from vestibule.ports import Table

UI = "https://app.example.org/recovery"
SETTINGS_UI = "https://app.example.org/settings"
RECOVERY: dict[str, Any] = {
    "selfservice": {
        "methods": {"code": {"enabled": True}, "link": {"enabled": True}},
        "flows": {
            "recovery": {"enabled": True, "ui_url": UI},
            "settings": {"ui_url": SETTINGS_UI},
        },
    }
}
TRANSITIONS: dict[str, Any] = {"feature_flags": {"use_continue_with_transitions": True}}
CHOOSING: dict[str, Any] = {"feature_flags": {"choose_recovery_address": True}}
OWN_PAGES: dict[str, Any] = {"selfservice": {"flows": {"recovery": {"ui_url": None}}}}
NOTIFIED: dict[str, Any] = {"selfservice": {"flows": {"recovery": {"notify_unknown_recipients": True}}}}


def schema() -> dict[str, Any]:
    """The schema of the tests, with more addresses to get back in by."""
    document = copy.deepcopy(SCHEMA)
    properties = document["properties"]["traits"]["properties"]
    for name, via, kind in (("backup", "email", "email"), ("phone", "sms", "tel")):
        roles = {"verification": {"via": via}, "recovery": {"via": via}}
        properties[name] = {"type": "string", "format": kind, "ory.sh/kratos": roles}
    return document


def build(table: Table, *changes: Mapping[str, Any], **services: Any) -> World:
    config: dict[str, Any] = RECOVERY
    for each in changes:
        config = merged(config, dict(each))
    return World.build(table, config, schema(), **services)


def letters(world: World, address: str) -> list[Mapping[str, Any]]:
    """What was sent to the address, last first: the data of each message."""
    return [message.data for message in world.svc.messages.page(limit=50, recipient=address)]


def templates(world: World, address: str) -> list[str]:
    return [message.template_type for message in world.svc.messages.page(limit=50, recipient=address)]


def last_code(world: World, address: str) -> str:
    data = letters(world, address)[0]
    return next(data[name] for name in ("recovery_code", "verification_code") if name in data)


def last_link(world: World, address: str) -> str:
    return letters(world, address)[0]["recovery_url"]


def shown(client: Client, reply: Reply) -> Flow:
    """The flow of an answer that goes on: the flow itself for apps, its page for browsers."""
    if isinstance(client, Browser):
        assert reply.status == 303, (reply.status, reply.body)
        assert reply.location.startswith(UI), reply.location
        return client.fetch("recovery", reply.query("flow")).flow
    assert reply.status == 200, (reply.status, reply.body)
    return reply.flow


def send(client: Client, email: str, *, method: str = "code", **params: str) -> Flow:
    """A recovery whose code or link is on its way."""
    return shown(client, client.submit(client.start("recovery", **params), method=method, email=email))


def enter(client: Client, flow: Flow, code: Any, **fields: Any) -> Reply:
    return client.submit(flow, method="code", code=code, **fields)


def is_in(client: Client, reply: Reply) -> bool:
    """Whether the answer leads to the settings, as it does without `use_continue_with_transitions`."""
    if isinstance(client, (Spa, Native)):
        return reply.status == 422 and reply.json["redirect_browser_to"].startswith(SETTINGS_UI)
    return reply.status == 303 and reply.location.startswith(SETTINGS_UI)


def restarted(client: Client, reply: Reply) -> Flow:
    """The flow in place of one that could not go on."""
    assert reply.status == 303, (reply.status, reply.body)
    if isinstance(client, (Spa, Native)):
        assert "/self-service/recovery/flows?" in reply.location
        return client.get(reply.location).flow
    assert reply.location.startswith(UI), reply.location
    return client.fetch("recovery", reply.query("flow")).flow
