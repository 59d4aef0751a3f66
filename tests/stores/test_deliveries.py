"""The delivery log: what became of every call of a web hook."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.world import World

from vestibule.domain.delivery import DeliveryStatus, Run, Try
from vestibule.ports import Table
from vestibule.stores.deliveries import InWork

ALICE = "0190b1f0-0000-7000-8000-00000000000a"
HOOK = "crm"


@pytest.fixture
def made(any_table: Table) -> World:
    return World.build(any_table)


def run(world: World, event_id: str, **changes: object) -> Run:
    now = world.clock.now()
    tried = Try(now, 12, 200, request={"method": "POST"}, response={"headers": {}})
    return replace(
        Run(event_id=event_id, hook=HOOK, point="login.after", status=DeliveryStatus.DELIVERED, at=now, tries=(tried,)),
        **changes,
    )


def noted(world: World, event_id: str, **changes: object) -> None:
    world.table.transact(world.svc.deliveries.noting(run(world, event_id, **changes)))
    world.clock.pass_by(seconds=1)


def ids(world: World, **filters: object) -> list[str]:
    found, _ = world.svc.deliveries.page(after=None, limit=100, **filters)
    return [delivery.event_id for delivery in found]


def test_what_a_step_waited_for_is_noted_with_the_write_that_ends_it(made: World) -> None:
    made.table.transact(made.svc.deliveries.noting(run(made, "evt_1")))
    delivery, (first,) = made.svc.deliveries.find("evt_1") or pytest.fail("nothing noted")
    assert (delivery.hook, delivery.status, delivery.last_status) == (HOOK, DeliveryStatus.DELIVERED, 200)
    assert (first.tries[0].milliseconds, first.tries[0].request) == (12, {"method": "POST"})
    assert delivery.waited_for
    assert not delivery.can_replay


def test_the_log_is_listed_newest_first_page_by_page(made: World) -> None:
    for number in range(5):
        noted(made, f"evt_{number}", at=made.clock.now())
        made.clock.pass_by(hours=20)
    seen: list[str] = []
    position = None
    while True:
        found, position = made.svc.deliveries.page(after=position, limit=2)
        seen += [delivery.event_id for delivery in found]
        if position is None:
            break
    assert seen == [f"evt_{number}" for number in (4, 3, 2, 1, 0)]


def test_the_log_is_filtered(made: World) -> None:
    start = made.clock.now()
    noted(made, "evt_a", identity_id=ALICE)
    noted(made, "evt_b", hook="other")
    noted(made, "evt_c", status=DeliveryStatus.FAILED)
    assert ids(made, hook="other") == ["evt_b"]
    assert ids(made, identity_id=ALICE) == ["evt_a"]
    assert ids(made, status=DeliveryStatus.FAILED) == ["evt_c"]
    assert ids(made, since=start + timedelta(seconds=1)) == ["evt_c", "evt_b"]
    assert ids(made, until=start + timedelta(seconds=1)) == ["evt_a"]
    assert ids(made, hook="nobody's") == []


def test_nothing_in_the_log_names_an_identity(made: World) -> None:
    noted(made, "evt_a", identity_id=ALICE)
    assert ALICE not in str(made.stored())


def test_one_worker_has_an_event_at_a_time(made: World) -> None:
    deliveries = made.svc.deliveries
    assert deliveries.claim("evt_1") == 1
    with pytest.raises(InWork) as held:
        deliveries.claim("evt_1")
    made.clock.pass_by(seconds=held.value.seconds)
    assert deliveries.claim("evt_1") == 2
    deliveries.ended(run(made, "evt_1", number=2, waited_for=False, status=DeliveryStatus.RETRYING, payload="sealed"))
    assert deliveries.claim("evt_1") == 3
    deliveries.ended(run(made, "evt_1", number=3, waited_for=False, payload="sealed"))
    assert deliveries.claim("evt_1") is None


def test_what_was_delivered_can_be_opened_again_where_it_left_by_the_outbox(made: World) -> None:
    deliveries = made.svc.deliveries
    noted(made, "evt_sync")
    assert deliveries.reopen("evt_sync") is None
    deliveries.claim("evt_1")
    deliveries.ended(run(made, "evt_1", waited_for=False, payload="sealed"))
    assert deliveries.reopen("evt_1") == "sealed"
    assert deliveries.claim("evt_1") == 2


def test_what_nobody_took_in_the_end_is_given_up(made: World) -> None:
    deliveries = made.svc.deliveries
    deliveries.claim("evt_1")
    deliveries.ended(run(made, "evt_1", waited_for=False, status=DeliveryStatus.RETRYING, payload="sealed"))
    deliveries.given_up(run(made, "evt_1", number=0, tries=(), waited_for=False, status=DeliveryStatus.DEAD))
    found = deliveries.find("evt_1")
    assert found is not None
    assert found[0].status is DeliveryStatus.DEAD


def test_the_log_is_kept_for_as_long_as_configured(any_table: Table) -> None:
    world = World.build(any_table, {"vestibule": {"deliveries": {"kept": "24h"}}})
    noted(world, "evt_1")
    (ttl,) = {item["ttl"] for (pk, _), item in world.stored().items() if pk.startswith("D#")}
    assert ttl == int((world.clock.now() - timedelta(seconds=1) + timedelta(hours=24)).timestamp())
