"""Many identities at once."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.resources.administrator import body, created, found_by, password, signed_in
from tests.world import Reply, World

from vestibule.ports import StoreUnavailable


def sent(world: World, *entries: dict[str, Any]) -> Reply:
    return world.admin("PATCH", "/admin/identities", {"identities": list(entries)})


def entry(email: str, **fields: Any) -> dict[str, Any]:
    return {"patch_id": str(uuid.uuid4()), "create": body(email, **fields)}


def test_each_entry_is_for_itself_and_answered_in_its_place(world: World) -> None:
    created(world, "taken@example.org")
    entries = [entry("ann@example.org"), entry("taken@example.org"), entry("no-address"), entry("bea@example.org")]
    reply = sent(world, *entries)
    assert reply.status == 200
    results = reply.json["identities"]
    assert [each["patch_id"] for each in results] == [each["patch_id"] for each in entries]
    assert [each["action"] for each in results] == ["create", "error", "error", "create"]
    assert results[1]["error"]["code"] == 409
    assert "reason" not in results[1]["error"]
    assert results[2]["error"]["code"] == 400
    assert found_by(world, "bea@example.org") == [results[3]["identity"]]


def test_of_two_entries_that_claim_the_same_the_first_gets_it(world: World) -> None:
    results = sent(world, entry("ann@example.org"), entry("ANN@example.org")).json["identities"]
    assert [each["action"] for each in results] == ["create", "error"]
    assert found_by(world, "ann@example.org") == [results[0]["identity"]]


def test_passwords_in_a_batch_sign_in(world: World) -> None:
    results = sent(world, *(entry(f"ann{each}@example.org", credentials=password()) for each in range(3))).json
    assert all(each["action"] == "create" for each in results["identities"])
    assert signed_in(world, "ann2@example.org").status == 200


def test_an_entry_without_create_is_an_error_and_without_an_id_has_none(world: World) -> None:
    results = sent(world, {}, {"create": body("ann@example.org")}).json["identities"]
    assert results[0]["error"]["code"] == 400
    assert all("patch_id" not in each for each in results)


@pytest.mark.parametrize(
    "entries",
    [
        [{"create": {"traits": {}}}] * 1001,
        [{"create": body("ann@example.org", credentials=password())}] * 201,
        [{"patch_id": "no-uuid", "create": body("ann@example.org")}],
        [{"create": body("ann@example.org", surprise=1)}],
    ],
    ids=["too many", "too many passwords", "patch id", "unknown key"],
)
def test_a_batch_that_cannot_be_done_is_refused_as_a_whole(world: World, entries: list[dict[str, Any]]) -> None:
    assert sent(world, *entries).status == 400
    assert found_by(world, "ann@example.org") == []


def test_after_twenty_seconds_the_rest_is_answered_without_being_tried(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = type(world.svc.identities).create

    def slow(*arguments: Any) -> Any:
        world.clock.pass_by(seconds=2)
        return create(*arguments)

    monkeypatch.setattr(type(world.svc.identities), "create", slow)
    results = sent(world, *(entry(f"ann{number}@example.org") for number in range(40))).json["identities"]
    made = [each for each in results if each["action"] == "create"]
    late = [each for each in results if each["action"] == "error"]
    assert len(made) == 16
    assert [each["error"]["code"] for each in late] == [503] * 24
    assert results[-1]["patch_id"]
    assert found_by(world, "ann39@example.org") == []


def test_a_store_that_gives_up_is_answered_per_entry(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(type(world.svc.identities), "create", unavailable)
    (result,) = sent(world, entry("ann@example.org")).json["identities"]
    assert result["error"]["code"] == 503
