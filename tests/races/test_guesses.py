"""Many guess one password at once."""

from __future__ import annotations

from collections import Counter
from functools import partial

from tests.races.staging import at_once
from tests.world import PASSWORD, Native, Reply, World

from vestibule.ports import Table

FREE = 10
GUESSES = 200


def guess(client: Native, identifier: str, password: str) -> Reply:
    flow = client.start("login")
    return client.submit(flow, method="password", identifier=identifier, password=password)


def test_of_many_guesses_at_once_only_the_free_ones_are_compared(any_table: Table) -> None:
    world = World.build(any_table)
    world.identity("alice@example.org")
    for identifier in ("alice@example.org", "nobody@example.org"):
        wrong = [partial(guess, Native(world), identifier, f"wrong-{number}") for number in range(GUESSES)]
        replies = at_once(wrong, threads=32)
        assert Counter(reply.status for reply in replies) == {400: FREE, 429: GUESSES - FREE}
        assert {reply.headers["retry-after"] for reply in replies if reply.status == 429} == {"1"}
    assert guess(Native(world), "alice@example.org", PASSWORD).status == 429


def test_guesses_on_one_form_at_once_are_counted_each(any_table: Table) -> None:
    world = World.build(any_table)
    world.identity("alice@example.org")
    client = Native(world)
    flow = client.start("login")
    fields = {"method": "password", "identifier": "alice@example.org"}
    attempts = [partial(Native(world).submit, flow, password=f"wrong-{number}", **fields) for number in range(32)]
    assert Counter(reply.status for reply in at_once(attempts)) == {400: FREE, 429: 32 - FREE}


def test_a_form_with_the_right_password_sent_many_times_opens_a_session_for_each_success(any_table: Table) -> None:
    world = World.build(any_table)
    alice = world.identity("alice@example.org")
    before = len(world.svc.sessions.of_identity(alice))
    flow = Native(world).start("login")
    fields = {"method": "password", "identifier": "alice@example.org", "password": PASSWORD}
    replies = at_once([partial(Native(world).submit, flow, **fields) for _ in range(16)])
    statuses = Counter(reply.status for reply in replies)
    assert statuses.keys() <= {200, 429}
    assert statuses[200] >= FREE
    assert len(world.svc.sessions.of_identity(alice)) - before == statuses[200]
