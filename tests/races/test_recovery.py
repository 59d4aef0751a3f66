"""Many present one recovery code or link at once. Contract 07 §5."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.codes import another
from tests.races.staging import assert_consistent, at_once
from tests.recovery import build, enter, last_code, last_link, send
from tests.world import Browser, Native, World

from vestibule.domain.flow import Kind
from vestibule.ports import Table

CROWD = 32
EMAIL = "alice@example.org"
SETTINGS = "/settings?flow="


@pytest.fixture
def world(any_table: Table) -> World:
    world = build(any_table)
    Native(world).start("recovery")  # loads the door
    return world


def sessions(world: World) -> list[str]:
    alice = world.svc.identities.by_identifier(["password"], EMAIL)
    assert alice is not None
    return [each.methods[0].method for each in world.svc.sessions.of_identity(alice)]


@pytest.mark.attack("code-01")
def test_of_many_right_codes_at_once_one_lets_in(world: World) -> None:
    world.identity(EMAIL)
    flow = send(Native(world), EMAIL)
    code = last_code(world, EMAIL)
    replies = at_once([lambda: enter(Native(world), flow, code) for _ in range(CROWD)])
    statuses = Counter(reply.status for reply in replies)
    assert statuses[422] == 1
    assert set(statuses) <= {200, 303, 422, 429}
    assert Counter(sessions(world))["code_recovery"] == 1
    assert_consistent(world)


@pytest.mark.attack("code-01")
def test_of_many_who_open_a_link_at_once_one_is_let_in(world: World) -> None:
    world.identity(EMAIL)
    send(Native(world), EMAIL, method="link")
    link = last_link(world, EMAIL)
    replies = at_once([lambda: Browser(world).get(link) for _ in range(CROWD)])
    assert sum(SETTINGS in reply.location for reply in replies) == 1
    assert {reply.status for reply in replies} == {303}
    assert Counter(sessions(world))["link_recovery"] == 1
    assert_consistent(world)


@pytest.mark.attack("bf-10")
def test_of_many_wrong_codes_at_once_five_are_compared(world: World) -> None:
    world.identity(EMAIL)
    flow = send(Native(world), EMAIL)
    code = last_code(world, EMAIL)
    replies = at_once([lambda: enter(Native(world), flow, another(code)) for _ in range(50)])
    assert Counter(reply.status for reply in replies)[200] <= 5
    stored = world.svc.flows.find(flow.id, Kind.RECOVERY)
    assert stored is not None
    assert stored.attempts == 5
    assert enter(Native(world), flow, code).status in (303, 429)
    assert "code_recovery" not in sessions(world)
