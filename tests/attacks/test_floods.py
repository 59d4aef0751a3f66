"""Many requests at once: what they cost, and whom they keep out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.world import Browser, Native, World

from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_call import RETRIES, THROTTLED, Refused
from vestibule.domain.times import epoch_seconds
from vestibule.ports import StoreUnavailable

VICTIM, OTHER = "victim@example.org", "other@example.org"
FLOOD = 60


@pytest.mark.attack("dos-06")
def test_a_flood_of_forms_leaves_one_small_item_each_that_goes_by_itself(world: World) -> None:
    before = world.stored().keys()
    for number in range(FLOOD):
        Browser(world).start("login", return_to=f"https://app.example.org/inside?{number}")
    left = [item for key, item in world.stored().items() if key not in before]
    assert len(left) <= FLOOD
    now = epoch_seconds(world.clock.now())
    assert all(now < item["ttl"] <= now + 8 * 24 * 3600 for item in left)
    assert max(len(repr(item)) for item in left) < 4096, "four write units"


@pytest.mark.attack("dos-07")
def test_a_flood_of_guesses_at_one_account_sheds_that_account_alone(world: World) -> None:
    world.identity(VICTIM)
    world.identity(OTHER)

    def guess(number: int) -> int:
        return Native(world).sign_in(VICTIM, f"wrong-{number}").status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(guess, range(FLOOD)))
    assert statuses.count(400) <= 10
    assert set(statuses) == {400, 429}
    assert Native(world).sign_in(OTHER).status == 200


class Throttling:
    """A store with room for nobody."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, operation: str, document: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(operation)
        raise Refused("ThrottlingException", "slow down", {})


@pytest.mark.attack("flt-17")
def test_a_store_that_throttles_is_tried_a_few_times_and_by_one_layer_alone() -> None:
    store, pauses = Throttling(), list[float]()
    world = World.build(DynamoDbTable("table", store, pause=pauses.append))
    reply = Native(world).get("/self-service/login/api")
    assert reply.status == 503
    assert reply.headers["retry-after"] == "1"
    assert len(store.calls) == 1 + RETRIES[THROTTLED]
    assert len(set(pauses)) == len(pauses) == RETRIES[THROTTLED], (
        "at random, so that those who wait do not come at once"
    )
    with pytest.raises(StoreUnavailable):
        world.svc.identities.find("00000000-0000-0000-0000-000000000000")
    assert len(store.calls) == 2 * (1 + RETRIES[THROTTLED])
