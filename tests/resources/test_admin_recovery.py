"""Codes and links that administrators make. Contract 06 §1."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests import recovery
from tests.recovery import build, enter, is_in
from tests.world import ADMIN, PUBLIC, Browser, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.times import from_rfc3339
from vestibule.ui import messages

EMAIL = "alice@example.org"
NOBODY = "8f1d3f1e-5c1b-4a53-9d6f-0d5a4f2b7c11"


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table)


def made(world: World, kind: str, path: str = "", **body: Any) -> dict[str, Any]:
    reply = world.admin("POST", path or f"/admin/recovery/{kind}", body)
    assert reply.status == {"code": 201, "link": 200}[kind], reply.body
    return reply.json


@pytest.mark.parametrize("prefix", ["/admin", ""])
def test_a_code_lets_whoever_has_it_in_and_proves_no_address(world: World, prefix: str) -> None:
    alice = world.identity(EMAIL)
    answer = made(world, "code", f"{prefix}/recovery/code", identity_id=alice.id)
    browser = Browser(world)
    flow = browser.fetch("recovery", answer["recovery_link"].removeprefix(f"{recovery.UI}?flow=")).flow
    assert list(flow.nodes) == ["code", "method"]
    assert is_in(browser, enter(browser, flow, answer["recovery_code"]))
    assert not browser.whoami().json["identity"]["verifiable_addresses"][0]["verified"]


@pytest.mark.attack("rec-07")
def test_a_code_is_good_once_and_wrong_ones_are_counted(world: World) -> None:
    alice = world.identity(EMAIL)
    answer = made(world, "code", identity_id=alice.id)
    browser = Browser(world)
    flow = browser.fetch("recovery", answer["recovery_link"].rpartition("flow=")[2]).flow
    for _ in range(5):
        enter(browser, flow, "wrong")
    again = enter(browser, flow, answer["recovery_code"])
    assert again.location.startswith(recovery.UI)
    assert browser.whoami().status == 401


def test_a_form_of_an_administrator_mails_no_code(world: World) -> None:
    alice = world.identity(EMAIL)
    answer = made(world, "code", identity_id=alice.id)
    browser = Browser(world)
    flow = browser.fetch("recovery", answer["recovery_link"].rpartition("flow=")[2]).flow
    browser.submit(flow, method="code", email=EMAIL)
    assert recovery.letters(world, EMAIL) == []
    assert is_in(browser, enter(browser, flow, answer["recovery_code"]))


@pytest.mark.parametrize("prefix", ["/admin", ""])
def test_a_link_lets_whoever_opens_it_in_once(world: World, prefix: str) -> None:
    alice = world.identity(EMAIL)
    answer = made(world, "link", f"{prefix}/recovery/link", identity_id=alice.id)
    assert answer["recovery_link"].startswith(f"{PUBLIC}/self-service/recovery?flow=")
    browser = Browser(world)
    assert browser.get(answer["recovery_link"]).location.startswith(recovery.SETTINGS_UI)
    assert not browser.whoami().json["identity"]["verifiable_addresses"][0]["verified"]
    late = Browser(world)
    assert late.get(answer["recovery_link"]).location.startswith(recovery.UI)
    assert late.whoami().status == 401


@pytest.mark.attack("rec-07")
@pytest.mark.parametrize("kind", ["code", "link"])
def test_expires_in_is_honoured(world: World, kind: str) -> None:
    alice = world.identity(EMAIL)
    answer = made(world, kind, identity_id=alice.id, expires_in="1m")
    assert from_rfc3339(answer["expires_at"]) == world.clock.now() + timedelta(minutes=1)
    world.clock.pass_by(minutes=1)
    browser = Browser(world)
    if kind == "link":
        shown = browser.fetch("recovery", browser.get(answer["recovery_link"]).query("flow")).flow
        assert shown.message_ids == [messages.RECOVERY_FLOW_EXPIRED.id]
    else:
        assert browser.fetch("recovery", answer["recovery_link"].rpartition("flow=")[2]).status == 410


@pytest.mark.attack("rec-07")
@pytest.mark.parametrize("kind", ["code", "link"])
@pytest.mark.parametrize("expires_in", ["0s", "-1h", "soon", "1", "2d", "999999999h", "1.5h"])
def test_what_is_no_duration_in_the_future_is_refused(world: World, kind: str, expires_in: str) -> None:
    alice = world.identity(EMAIL)
    body = {"identity_id": alice.id, "expires_in": expires_in}
    assert world.admin("POST", f"/admin/recovery/{kind}", body).status == 400


@pytest.mark.parametrize(
    ("body", "of_code", "of_link"),
    [
        ({"identity_id": NOBODY}, 404, 400),
        ({}, 404, 400),
        ({"identity_id": "not-a-uuid"}, 400, 400),
        ({"identity_id": 7}, 400, 400),
        ({"identity_id": NOBODY, "flow_type": "spa"}, 404, 400),
    ],
)
def test_who_cannot_be_found_is_said(world: World, body: dict[str, Any], of_code: int, of_link: int) -> None:
    assert world.admin("POST", "/admin/recovery/code", body).status == of_code
    assert world.admin("POST", "/admin/recovery/link", body).status == of_link


@pytest.mark.attack("rec-07")
def test_an_address_off_the_list_is_no_return_to(world: World) -> None:
    alice = world.identity(EMAIL)
    body = {"identity_id": alice.id}
    refused = world.admin("POST", "/admin/recovery/link?return_to=https://evil.example.com/", body)
    assert (refused.status, refused.error_id) == (400, "self_service_flow_return_to_forbidden")
    onward = "https://app.example.org/inside/page"
    answer = world.admin("POST", f"/admin/recovery/link?return_to={onward}", body).json
    browser = Browser(world)
    settings = browser.fetch("settings", browser.get(answer["recovery_link"]).query("flow")).flow
    assert settings.document["return_to"] == onward


def test_an_unknown_flow_type_is_refused(world: World) -> None:
    alice = world.identity(EMAIL)
    body = {"identity_id": alice.id, "flow_type": "spa"}
    assert world.admin("POST", "/admin/recovery/code", body).status == 400


def test_both_work_where_recovery_is_switched_off(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, {"selfservice": {"flows": {"recovery": {"enabled": False}}}})
    alice = world.identity(EMAIL)
    link = made(world, "link", identity_id=alice.id)["recovery_link"]
    assert Browser(world).get(link).location.startswith(recovery.SETTINGS_UI)
    made(world, "code", identity_id=alice.id)


@pytest.mark.parametrize("kind", ["code", "link"])
def test_a_method_that_is_off_makes_nothing(sqlite_table: SqliteTable, kind: str) -> None:
    world = build(sqlite_table, {"selfservice": {"methods": {kind: {"enabled": False}}}})
    alice = world.identity(EMAIL)
    assert world.admin("POST", f"/admin/recovery/{kind}", {"identity_id": alice.id}).status == 404
    assert ADMIN not in str(world.stored().keys())
