"""Sign in step by step: first who, then how. Contract 01 §4, 07 §4."""

from __future__ import annotations

from typing import Any

import pytest
from tests.world import CLIENTS, PASSWORD, Client, Flow, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ui import messages

EMAIL = "alice@example.org"
STEPS: dict[str, Any] = {"selfservice": {"flows": {"login": {"style": "identifier_first"}}}}


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return World.build(sqlite_table, STEPS)


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def client(request: pytest.FixtureRequest, world: World) -> Client:
    return request.param(world)


def first_step(client: Client, identifier: str) -> Flow:
    reply = client.submit(client.start("login"), method="identifier_first", identifier=identifier)
    return client.refused_flow("login", reply)


def names(flow: Flow) -> set[str]:
    return set(flow.nodes)


def test_the_first_step_asks_only_who(client: Client) -> None:
    flow = client.start("login")
    assert names(flow) == {"csrf_token", "identifier", "method"}
    assert flow.nodes["method"]["attributes"]["value"] == "identifier_first"


def test_the_second_step_asks_for_the_password_of_the_account(client: Client, world: World) -> None:
    world.identity(EMAIL)
    second = first_step(client, EMAIL)
    assert second.document["active"] == "identifier_first"
    assert second.document["state"] == "choose_method"
    assert second.nodes["identifier"]["attributes"]["type"] == "hidden"
    assert second.nodes["identifier"]["attributes"]["value"] == EMAIL
    assert second.nodes["method"]["attributes"]["value"] == "password"
    client.submit(second, method="password", identifier=EMAIL, password=PASSWORD)
    assert client.whoami().status == 200


def test_an_unknown_account_is_told(client: Client) -> None:
    refused = first_step(client, "nobody@example.org")
    assert refused.messages_at("identifier") == [messages.ACCOUNT_NOT_FOUND.id]
    assert "password" not in names(refused)


def test_nobody_is_no_account(client: Client) -> None:
    assert first_step(client, "").messages_at("identifier") == [messages.ACCOUNT_NOT_FOUND.id]


def test_a_wrong_password_stays_at_the_second_step(client: Client, world: World) -> None:
    world.identity(EMAIL)
    second = first_step(client, EMAIL)
    reply = client.submit(second, method="password", identifier=EMAIL, password="wrong")
    refused = client.refused_flow("login", reply)
    assert refused.message_ids == [messages.INVALID_CREDENTIALS.id]
    assert refused.nodes["identifier"]["attributes"]["value"] == EMAIL
    assert "password" in names(refused)


def test_the_first_step_may_be_skipped(client: Client, world: World) -> None:
    world.identity(EMAIL)
    client.sign_in(EMAIL)
    assert client.whoami().status == 200


def test_a_refresh_needs_no_first_step(client: Client, world: World) -> None:
    client.sign_up(EMAIL)
    assert "password" in names(client.start("login", refresh="true"))


@pytest.mark.attack("enum-06")
def test_with_mitigation_the_steps_are_the_same_for_everybody(client: Client, sqlite_table: SqliteTable) -> None:
    client.world = World.build(sqlite_table, STEPS | {"security": {"account_enumeration": {"mitigate": True}}})
    client.world.identity(EMAIL)
    known, unknown = first_step(client, EMAIL), first_step(client, "nobody@example.org")
    shown = [
        [(node["group"], node["type"], sorted(node["attributes"])) for node in flow.document["ui"]["nodes"]]
        for flow in (known, unknown)
    ]
    assert shown[0] == shown[1]
    assert unknown.messages_at("identifier") == []
    reply = client.submit(unknown, method="password", identifier="nobody@example.org", password=PASSWORD)
    assert client.refused_flow("login", reply).message_ids == [messages.INVALID_CREDENTIALS.id]
