"""A deployment in which people change their account and take on second factors, and what they do there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyotp
from tests.world import PUBLIC, Client, Flow, Reply, World

from vestibule.config.document import merged
from vestibule.ports import Table

PAGE = "https://app.example.org/settings"
NEW_PASSWORD = "green-ladder-17-comet"
REFRESHED = f"{PUBLIC}/self-service/login/browser?refresh=true"

CONFIG: dict[str, Any] = {
    "selfservice": {
        "methods": {
            "totp": {"enabled": True, "config": {"issuer": "Example"}},
            "lookup_secret": {"enabled": True},
        },
        "flows": {"settings": {"ui_url": PAGE}},
    }
}


def build(table: Table, changes: Mapping[str, Any] | None = None, schema: Any = None) -> World:
    """`changes` go over CONFIG."""
    return World.build(table, merged(CONFIG, dict(changes or {})), schema)


def flows(**settings: Any) -> dict[str, Any]:
    """Changes of `selfservice.flows.settings`."""
    return {"selfservice": {"flows": {"settings": settings}}}


def shown(client: Client, reply: Reply) -> Flow:
    """The flow of a settings form that was accepted."""
    if client.kind == "browser":
        assert reply.status == 303, (reply.status, reply.body)
        return client.fetch("settings", reply.query("flow")).flow
    assert reply.status == 200, (reply.status, reply.body)
    return reply.flow


def secret_of(flow: Flow) -> str:
    """What the form offers to an authenticator app."""
    return flow.nodes["totp_secret_key"]["attributes"]["text"]["context"]["secret"]


def code_of(world: World, secret: str, steps: int = 0) -> str:
    """What the app shows, `steps` of 30 seconds from now."""
    return pyotp.TOTP(secret).at(int(world.clock.now().timestamp()) + 30 * steps)


def enrol_totp(client: Client) -> str:
    """The secret, taken on by whoever is signed in. Its time step is used then."""
    flow = client.start("settings")
    secret = secret_of(flow)
    shown(client, client.submit(flow, method="totp", totp_code=code_of(client.world, secret)))
    return secret


def codes_of(flow: Flow) -> list[str]:
    """The backup codes that the form shows and that are not used."""
    secrets = flow.nodes["lookup_secret_codes"]["attributes"]["text"]["context"]["secrets"]
    return [each["context"]["secret"] for each in secrets if "secret" in each["context"]]


def enrol_codes(client: Client) -> list[str]:
    """Backup codes, taken on by whoever is signed in."""
    flow = client.start("settings")
    flow = shown(client, press(client, flow, "lookup_secret_regenerate"))
    codes = codes_of(flow)
    shown(client, press(client, flow, "lookup_secret_confirm"))
    return codes


def press(client: Client, flow: Flow, button: str) -> Reply:
    return client.submit(flow, **{button: "true" if client.kind == "browser" else True})


def step_up(client: Client, **fields: Any) -> Reply:
    """The second factor of somebody who is signed in with the first."""
    return client.submit(client.start("login", aal="aal2"), **fields)
