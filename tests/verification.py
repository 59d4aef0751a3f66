"""A deployment in which addresses are verified, and what its people do."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from tests.codes import letters
from tests.world import SCHEMA, Client, Flow, Reply, World

from vestibule.config.document import merged
from vestibule.ports import Table

PAGE = "https://app.example.org/verification"
DONE = "https://app.example.org/verified"
WORK = {"type": "string", "format": "email", "ory.sh/kratos": {"verification": {"via": "email"}}}
PHONE = {"type": "string", "format": "tel", "ory.sh/kratos": {"verification": {"via": "sms"}}}

BY_CODE: dict[str, Any] = {
    "selfservice": {
        "methods": {"code": {"enabled": True}},
        "flows": {
            "verification": {"enabled": True, "ui_url": PAGE, "after": {"default_browser_return_url": DONE}},
        },
    }
}
BY_LINK: dict[str, Any] = {
    "selfservice": {
        "methods": {"link": {"enabled": True}},
        "flows": {"verification": {"use": "link"}},
    }
}


def build(table: Table, *changes: Mapping[str, Any], **more: dict[str, Any]) -> World:
    """`changes` go over BY_CODE, `more` are further traits."""
    schema = copy.deepcopy(SCHEMA)
    schema["properties"]["traits"]["properties"] |= more
    config: dict[str, Any] = BY_CODE
    for change in changes:
        config = merged(config, dict(change))
    return World.build(table, config, schema)


def after(kind: str, *hooks: str) -> dict[str, Any]:
    """The hooks behind a password."""
    listed = [{"hook": hook} for hook in hooks]
    return {"selfservice": {"flows": {kind: {"after": {"password": {"hooks": listed}}}}}}


def flags(**named: bool) -> dict[str, Any]:
    return {"feature_flags": named}


def create(world: World, email: str, **traits: Any) -> str:
    """Somebody whom an administrator made, and whom nobody wrote to: the id."""
    password = {"password": {"config": {"password": "blue-kettle-42-orbit"}}}
    document = {"schema_id": "person", "traits": {"email": email, **traits}, "credentials": password}
    reply = world.admin("POST", "/identities", document)
    assert reply.status == 201, reply.body
    return reply.json["id"]


def ask(client: Client, address: str, flow: Flow | None = None) -> Flow:
    """A flow that waits for the code or link that went to the address, if anybody has it."""
    flow = flow or client.start("verification")
    use = client.world.svc.config.selfservice.flows.verification.use
    return shown(client, client.submit(flow, method=use, email=address))


def enter(client: Client, flow: Flow, code: Any) -> Reply:
    return client.submit(flow, method="code", code=code)


def shown(client: Client, reply: Reply) -> Flow:
    """The flow of an answer that goes on with it."""
    if client.kind == "browser":
        assert reply.status == 303, (reply.status, reply.body)
        return client.fetch("verification", reply.query("flow")).flow
    assert reply.status == 200, (reply.status, reply.body)
    return reply.flow


def replacement(client: Client, reply: Reply) -> Flow:
    """The flow that was opened in place of one that cannot go on."""
    if client.kind == "browser":
        assert reply.status == 303, (reply.status, reply.body)
        return client.fetch("verification", reply.query("flow")).flow
    assert reply.status == 410, (reply.status, reply.body)
    assert reply.error_id == "self_service_flow_replaced"
    return client.fetch("verification", reply.json["use_flow_id"]).flow


def code_to(world: World, address: str) -> str:
    return letters(world, address)[0]["verification_code"]


def link_to(world: World, address: str) -> str:
    return letters(world, address)[0]["verification_url"]


def statuses(world: World, identity_id: str) -> dict[str, tuple[str, bool]]:
    """Each address, with its status and whether it is verified."""
    identity = world.svc.identities.find(identity_id)
    assert identity is not None
    return {each.value: (str(each.status), each.verified) for each in identity.verifiable_addresses}
