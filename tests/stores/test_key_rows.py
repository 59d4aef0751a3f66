"""No security key belongs to two identities, and none of its counters goes back."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.world import World

from vestibule.domain.identity import Identity
from vestibule.stores.identities import AlreadyExists, IdentityChanged


def key(name: str, count: int = 0) -> dict[str, Any]:
    encoded = base64.b64encode(name.encode()).decode()
    return {"id": encoded, "public_key": encoded, "authenticator": {"sign_count": count}}


def config(*keys: dict[str, Any]) -> dict[str, Any]:
    return {"credentials": list(keys), "user_handle": ""}


def somebody(world: World, email: str, *keys: dict[str, Any]) -> Identity:
    identity = world.identity(email)
    return world.svc.identities.update(identity, identity, {"webauthn": config(*keys)})


def owner(world: World, name: str) -> str | None:
    item = world.table.get([world.svc.identities.key_rows.key(key(name)["id"])])[0]
    return item["id"] if item else None


def test_a_key_of_somebody_else_is_refused_as_key_and_as_passkey(world: World) -> None:
    somebody(world, "ann@example.org", key("blue"))
    bob = world.identity("bob@example.org")
    for type_ in ("webauthn", "passkey"):
        with pytest.raises(AlreadyExists) as taken:
            world.svc.identities.update(bob, bob, {type_: config(key("blue"))})
        assert taken.value.what == "key"
    assert world.svc.identities.configs(bob.id, ["webauthn", "passkey"]) == {}


def test_a_key_that_is_removed_is_free_again(world: World) -> None:
    ann = somebody(world, "ann@example.org", key("blue"), key("red"))
    ann = world.svc.identities.update(ann, ann, {"webauthn": config(key("red"))})
    assert (owner(world, "blue"), owner(world, "red")) == (None, ann.id)
    world.svc.identities.update(ann, ann, {"webauthn": None})
    assert owner(world, "red") is None


def test_a_key_that_is_held_as_passkey_too_stays_taken(world: World) -> None:
    ann = somebody(world, "ann@example.org", key("blue"))
    ann = world.svc.identities.update(ann, ann, {"passkey": config(key("blue"))})
    world.svc.identities.update(ann, ann, {"webauthn": None})
    assert owner(world, "blue") == ann.id


def test_deleting_an_identity_frees_its_keys(world: World) -> None:
    ann = somebody(world, "ann@example.org", key("blue"))
    assert world.svc.identities.delete(ann.id)
    assert owner(world, "blue") is None


def test_a_counter_that_moved_on_meanwhile_is_not_set_back(world: World) -> None:
    ann = somebody(world, "ann@example.org", key("blue", 3))
    stored = world.svc.credentials.find(ann.id, "webauthn")
    assert stored is not None
    world.svc.table.write(world.svc.credentials.replacing(ann.id, "webauthn", config(key("blue", 9)), stored))
    world.svc.identities.update(ann, ann, {"webauthn": config(key("blue", 3), key("red"))})
    kept = world.svc.identities.configs(ann.id, ["webauthn"])["webauthn"]["credentials"]
    assert [each["authenticator"]["sign_count"] for each in kept] == [9, 0]


def test_keys_that_change_between_reading_and_writing_are_not_overwritten(world: World, monkeypatch: Any) -> None:
    ann = somebody(world, "ann@example.org", key("blue"))
    rows = world.svc.identities.key_rows
    early = rows.stored(ann.id)
    moved = world.svc.credentials.find(ann.id, "webauthn")
    assert moved is not None
    world.svc.table.write(world.svc.credentials.replacing(ann.id, "webauthn", config(key("blue", 5)), moved))
    monkeypatch.setattr(rows, "stored", lambda *_: early)
    with pytest.raises(IdentityChanged):
        world.svc.identities.update(ann, ann, {"webauthn": config(key("blue"), key("red"))})
