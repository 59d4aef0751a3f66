"""Many enter a code at once. Contract 07 §5: single use, attempts counted before comparing."""

from __future__ import annotations

from collections import Counter

import pytest
from tests import codes
from tests.codes import another, build, enter, last_code, send, shown
from tests.races.staging import assert_consistent, at_once, rows
from tests.world import Native, World

from vestibule.domain.code import Purpose
from vestibule.domain.flow import Kind
from vestibule.methods.codes import matching
from vestibule.ports import Table
from vestibule.ui import messages

CROWD = 32
EMAIL = "alice@example.org"


@pytest.fixture
def world(any_table: Table) -> World:
    world = build(any_table)
    Native(world).start("login")  # loads the door, and makes the index key
    return world


def sessions(world: World) -> int:
    return sum(sk.startswith("S#") for _, sk in rows(world.table))


def test_of_many_right_codes_at_once_one_opens_a_session(world: World) -> None:
    world.identity(EMAIL)
    before = sessions(world)
    flow = send(Native(world), EMAIL)
    code = last_code(world, EMAIL)
    replies = at_once([lambda: enter(Native(world), flow, EMAIL, code) for _ in range(CROWD)])
    statuses = Counter(reply.status for reply in replies)
    assert statuses[200] == 1
    assert set(statuses) <= {200, 400, 429}
    assert sessions(world) == before + 1
    assert_consistent(world)


def test_of_many_right_codes_at_once_one_makes_an_identity(world: World) -> None:
    fields = {"method": "code", "traits": {"email": EMAIL}}
    client = Native(world)
    flow = shown(client, "registration", client.submit(client.start("registration"), **fields))
    code = last_code(world, EMAIL)
    replies = at_once([lambda: Native(world).submit(flow, **fields, code=code) for _ in range(CROWD)])
    assert Counter(reply.status for reply in replies) == {200: 1, 400: CROWD - 1}
    assert sum(pk.startswith("I#") and sk == "#" for pk, sk in rows(world.table)) == 1


def test_of_many_wrong_codes_at_once_five_are_compared(world: World) -> None:
    world.identity(EMAIL)
    flow = send(Native(world), EMAIL)
    code = last_code(world, EMAIL)
    replies = at_once([lambda: enter(Native(world), flow, EMAIL, another(code)) for _ in range(50)])
    assert set(Counter(reply.status for reply in replies)) <= {400, 429}
    stored = world.svc.flows.find(flow.id, Kind.LOGIN)
    assert stored is not None
    assert stored.attempts == 5
    late = enter(Native(world), flow, EMAIL, code)
    assert late.flow.message_ids == [messages.GENERIC.id]


def test_codes_that_are_sent_at_once_leave_one_that_works(world: World) -> None:
    """Whoever comes second is shown what the first one stored. A store that is too busy says so, and sends nothing."""
    world.identity(EMAIL)
    flow = Native(world).start("login")
    replies = at_once([lambda: Native(world).submit(flow, method="code", identifier=EMAIL) for _ in range(4)])
    sent = [data["login_code"] for data in codes.letters(world, EMAIL)]
    busy = [reply for reply in replies if reply.status == 503]
    assert len(sent) == 1 or (not sent and len(busy) == len(replies))
    assert {reply.status for reply in replies} <= {400, 503}
    stored = world.svc.flows.find(flow.id, Kind.LOGIN)
    assert stored is not None
    working = [code for code in sent if matching(stored, code, Purpose.LOGIN, world.svc) is not None]
    assert working == sent
