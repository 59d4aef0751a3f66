"""`revoke_active_sessions`. Contract 02 §2."""

from __future__ import annotations

import pytest
from tests.recovery import SETTINGS_UI, build, enter, last_code, last_link, send
from tests.world import Browser, Native, World

from vestibule.adapters.sqlite import SqliteTable

EMAIL = "alice@example.org"
HOOK = {"hooks": [{"hook": "revoke_active_sessions"}]}


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table, {"selfservice": {"flows": {kind: {"after": HOOK} for kind in ("recovery", "login")}}})


@pytest.mark.attack("rec-02")
@pytest.mark.parametrize("method", ["code", "link"])
def test_getting_back_in_ends_every_other_session(world: World, method: str) -> None:
    world.identity(EMAIL)
    before = Native(world)
    before.sign_in(EMAIL)
    browser = Browser(world)
    flow = send(browser, EMAIL, method=method)
    reply = enter(browser, flow, last_code(world, EMAIL)) if method == "code" else browser.get(last_link(world, EMAIL))
    assert reply.location.startswith(SETTINGS_UI)
    assert before.whoami().status == 401
    assert browser.whoami().status == 200


def test_whoever_is_not_let_in_ends_no_session(world: World) -> None:
    world.identity(EMAIL)
    before = Native(world)
    before.sign_in(EMAIL)
    browser = Browser(world)
    enter(browser, send(browser, EMAIL), "000000")
    assert before.whoami().status == 200


def test_a_sign_in_ends_the_sessions_before_it(world: World) -> None:
    world.identity(EMAIL)
    first, second = Native(world), Native(world)
    first.sign_in(EMAIL)
    second.sign_in(EMAIL)
    assert (first.whoami().status, second.whoami().status) == (401, 200)
