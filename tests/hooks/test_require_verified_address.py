"""No session until an address is verified: the hook `require_verified_address`. Contract 02 §3."""

from __future__ import annotations

import pytest
from tests.codes import letters
from tests.verification import (
    BY_LINK,
    PAGE,
    WORK,
    after,
    build,
    code_to,
    create,
    enter,
    flags,
    link_to,
    shown,
    statuses,
)
from tests.world import CLIENTS, Browser, Client, Native, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.flow import Kind
from vestibule.ui import messages

EMAIL, OTHER = "alice@example.org", "alice@work.example"
PENDING, SENT, COMPLETED = ("pending", False), ("sent", False), ("completed", True)
REQUIRED = after("login", "require_verified_address")
NAME = {"type": "string", "ory.sh/kratos": {"credentials": {"password": {"identifier": True}}}}


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table, REQUIRED, work=WORK)


def verify(world: World, address: str) -> None:
    client = Native(world)
    flow = client.submit(client.start("verification"), method="code", email=address).flow
    shown(client, enter(client, flow, code_to(world, address)))


def test_nobody_signs_in_unverified_but_is_shown_where_to_verify(client: Client, world: World) -> None:
    alice = create(world, EMAIL)
    reply = client.sign_in(EMAIL)
    assert client.whoami().status == 401
    assert statuses(world, alice) == {EMAIL: SENT}
    if client.kind == "browser":
        assert (reply.status, reply.location) == (303, f"{PAGE}?flow={reply.query('flow')}")
        flow_id = reply.query("flow")
    else:
        error = reply.json["error"]
        assert (reply.status, error["code"], error["id"]) == (403, 400, "session_verified_address_required")
        (item,) = error["details"]["continue_with"]
        flow_id = item["flow"]["id"]
        assert item == {
            "action": "show_verification_ui",
            "flow": {"id": flow_id, "verifiable_address": EMAIL, "url": f"{PAGE}?flow={flow_id}"},
        }
    flow = client.fetch("verification", flow_id).flow
    shown(client, enter(client, flow, code_to(world, EMAIL)))
    client.sign_in(EMAIL)
    assert client.whoami().status == 200


def test_one_verified_address_is_enough(client: Client, world: World) -> None:
    create(world, EMAIL, work=OTHER)
    verify(world, OTHER)
    client.sign_in(EMAIL)
    assert client.whoami().status == 200
    assert letters(world, EMAIL) == []


def test_the_first_address_is_asked_for(world: World) -> None:
    alice = create(world, EMAIL, work=OTHER)
    Native(world).sign_in(EMAIL)
    assert statuses(world, alice) == {EMAIL: SENT, OTHER: PENDING}


def test_the_first_session_comes_with_the_sign_up_later_ones_with_the_proof(client: Client, world: World) -> None:
    client.sign_up(EMAIL)
    assert client.whoami().status == 200
    later = type(client)(world)
    later.sign_in(EMAIL)
    assert later.whoami().status == 401


def test_every_attempt_sends_a_code_until_the_address_has_enough(world: World) -> None:
    create(world, EMAIL)
    for _ in range(world.svc.config.vestibule.codes_per_address + 2):
        assert Native(world).sign_in(EMAIL).status == 403
    assert len(letters(world, EMAIL)) == world.svc.config.vestibule.codes_per_address


def test_a_wrong_password_sends_nothing(world: World) -> None:
    create(world, EMAIL)
    Native(world).sign_in(EMAIL, "wrong")
    assert letters(world, EMAIL) == []


def test_without_any_address_the_configuration_is_to_blame(client: Client, sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, REQUIRED, name=NAME, email={"type": "string"})
    client = type(client)(world)
    create(world, "", name="alice")
    reply = client.sign_in("alice")
    if client.kind == "browser":
        assert reply.location.startswith("https://app.example.org/error?id=")
    else:
        assert (reply.status, reply.error_id) == (500, "invalid_configuration")
    assert client.whoami().status == 401


def test_the_old_flag_brings_the_plain_message_back(client: Client, sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, REQUIRED, flags(legacy_require_verified_login_error=True))
    client = type(client)(world)
    alice = create(world, EMAIL)
    reply = client.sign_in(EMAIL)
    assert client.refused_flow("login", reply).message_ids == [messages.ADDRESS_NOT_VERIFIED.id]
    assert client.whoami().status == 401
    assert statuses(world, alice) == {EMAIL: PENDING}
    assert letters(world, EMAIL) == []


def test_the_default_list_asks_for_it_too(client: Client, sqlite_table: SqliteTable) -> None:
    listed = {"selfservice": {"flows": {"login": {"after": {"hooks": [{"hook": "require_verified_address"}]}}}}}
    world = build(sqlite_table, listed)
    client = type(client)(world)
    create(world, EMAIL)
    client.sign_in(EMAIL)
    assert client.whoami().status == 401


def test_a_link_proves_it_as_well(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, REQUIRED, BY_LINK)
    alice, browser = create(world, EMAIL), Browser(world)
    browser.sign_in(EMAIL)
    browser.get(link_to(world, EMAIL))
    assert statuses(world, alice) == {EMAIL: COMPLETED}
    browser.sign_in(EMAIL)
    assert browser.whoami().status == 200


def test_nobody_signs_in_unverified_where_verification_is_off(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, REQUIRED, {"selfservice": {"flows": {"verification": {"enabled": False}}}})
    create(world, EMAIL)
    for kind in CLIENTS:
        client = kind(world)
        reply = client.sign_in(EMAIL)
        assert client.refused_flow("login", reply).message_ids == [messages.ADDRESS_NOT_VERIFIED.id]
        assert client.whoami().status == 401


def test_the_form_goes_on_where_the_login_was_started_for(world: World) -> None:
    create(world, EMAIL)
    inside = "https://app.example.org/inside/start"
    reply = Native(world).sign_in(EMAIL, return_to=inside)
    flow_id = reply.json["error"]["details"]["continue_with"][0]["flow"]["id"]
    flow = world.svc.flows.find(flow_id, Kind.VERIFICATION)
    assert flow is not None
    assert flow.return_to == inside
