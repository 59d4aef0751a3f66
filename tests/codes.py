"""A deployment whose people sign up and sign in with one-time codes, and the mailbox that they read."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from tests.world import SCHEMA, Client, Flow, Reply, World

from vestibule.config.document import merged
from vestibule.ports import Table

SESSION = {"hooks": [{"hook": "session"}]}
PASSWORDLESS: dict[str, Any] = {
    "selfservice": {
        "methods": {"code": {"passwordless_enabled": True}},
        "flows": {"registration": {"after": {"code": SESSION}}},
    }
}


def schema(**more: dict[str, Any]) -> dict[str, Any]:
    """The schema of the tests, in which the mail address takes codes; `more` are further traits."""
    document = copy.deepcopy(SCHEMA)
    traits = document["properties"]["traits"]
    credentials = traits["properties"]["email"]["ory.sh/kratos"]["credentials"]
    credentials["code"] = {"identifier": True, "via": "email"}
    traits["properties"] |= more
    return document


PHONE: dict[str, Any] = {
    "type": "string",
    "format": "tel",
    "ory.sh/kratos": {
        "credentials": {"code": {"identifier": True, "via": "sms"}},
        "verification": {"via": "sms"},
    },
}


def build(table: Table, changes: Mapping[str, Any] | None = None, **more: dict[str, Any]) -> World:
    return World.build(table, merged(PASSWORDLESS, dict(changes or {})), schema(**more))


def letters(world: World, address: str) -> list[Mapping[str, Any]]:
    """What was sent to the address, last first: the data of each message."""
    return [message.data for message in world.svc.messages.page(limit=50, recipient=address)]


def last_code(world: World, address: str) -> str:
    data = letters(world, address)[0]
    return next(data[name] for name in ("login_code", "registration_code") if name in data)


def another(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 10**6:06}"


def shown(client: Client, kind: str, reply: Reply) -> Flow:
    """The flow of an answer that asks for the next step, or shows the form again."""
    return client.refused_flow(kind, reply)


def send(client: Client, identifier: str, **params: str) -> Flow:
    """A login that waits for its code."""
    reply = client.submit(client.start("login", **params), method="code", identifier=identifier)
    return shown(client, "login", reply)


def enter(client: Client, flow: Flow, identifier: str, code: Any) -> Reply:
    return client.submit(flow, method="code", identifier=identifier, code=code)


def sign_up(client: Client, email: str, **traits: Any) -> Reply:
    """A whole registration by code."""
    fields = {"method": "code", "traits": {"email": email, **traits}}
    flow = shown(client, "registration", client.submit(client.start("registration"), **fields))
    return client.submit(flow, **fields, code=last_code(client.world, email))
