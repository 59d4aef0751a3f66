"""Many requests at once: what they cost, and whom they keep out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any
from uuid import uuid4

import pytest
from tests.world import PASSWORD, Browser, Native, World

from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_call import RETRIES, THROTTLED, Refused
from vestibule.adapters.hashers import argon2
from vestibule.adapters.sqlite import SqliteTable
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


@pytest.mark.attack("dos-02")
def test_many_sign_ins_at_once_share_the_memory_that_hashes_may_take(
    sqlite_table: SqliteTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds no place waits; nobody gets an answer that says the service is broken."""
    memory = {"memory": "4MB", "dedicated_memory": "16MB"}
    world = World.build(sqlite_table, {"hashers": {"argon2": memory}})
    world.identity(OTHER)
    working, most, lock, derive = 0, 0, Lock(), argon2.hash_secret_raw

    def watched(*arguments: Any, **keys: Any) -> bytes:
        nonlocal working, most
        with lock:
            working += 1
            most = max(most, working)
        try:
            return derive(*arguments, **keys)
        finally:
            with lock:
                working -= 1

    monkeypatch.setattr(argon2, "hash_secret_raw", watched)
    apps = [Native(world) for _ in range(200)]
    flows = [app.start("login") for app in apps]

    def enter(number: int) -> int:
        who = OTHER if number == 0 else f"nobody-{number}@example.org"
        return apps[number].submit(flows[number], method="password", identifier=who, password=PASSWORD).status

    with ThreadPoolExecutor(200) as pool:
        statuses = list(pool.map(enter, range(200)))
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {400, 429}
    assert 1 <= most <= 4


class Asked:
    """A store that notes how much is asked of it at once."""

    def __init__(self, table: SqliteTable) -> None:
        self._table = table
        self.limits: list[int] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._table, name)

        def noted(*arguments: Any, **keys: Any) -> Any:
            self.limits += [keys["limit"]] if keys.get("limit") else []
            return method(*arguments, **keys)

        return noted


@pytest.mark.attack("dos-05")
@pytest.mark.parametrize("size", [10**9, 10**30])
@pytest.mark.parametrize(
    "path",
    [
        "/admin/identities?include_credential=password&include_credential=oidc",
        "/admin/identities?organization_id=20000000-0000-4000-8000-000000000000",
        "/admin/sessions?expand=identity&expand=devices",
        "/admin/sessions?active=true",
        "/admin/identities/{id}/sessions",
        "/admin/courier/messages",
        "/admin/actions/deliveries",
    ],
)
def test_no_list_is_longer_than_its_largest_page(sqlite_table: SqliteTable, path: str, size: int) -> None:
    store = Asked(sqlite_table)
    world = World.build(store)  # type: ignore[arg-type] every method of a Table
    path = path.format(id=world.identity(VICTIM).id)
    store.limits.clear()
    reply = world.admin("GET", f"{path}{'&' if '?' in path else '?'}page_size={size}")
    assert reply.status in (200, 400)
    assert all(limit <= 1001 for limit in store.limits)


@pytest.mark.attack("dos-05")
@pytest.mark.parametrize("many", [1001, 20_000])
def test_more_at_once_than_is_done_at_once_is_refused_before_anything_is_done(world: World, many: int) -> None:
    ids = "&".join(f"ids={uuid4()}" for _ in range(many))
    assert world.admin("GET", f"/admin/identities?{ids}").status == 400
    entries = [{"create": {"schema_id": "person", "traits": {"email": VICTIM}}}] * many
    assert world.admin("PATCH", "/admin/identities", {"identities": entries}).status == 400
    assert world.admin("GET", "/admin/identities").json == []


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
