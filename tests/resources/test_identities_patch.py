"""JSON Patch on identities."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from tests.resources.administrator import (
    BCRYPT,
    BCRYPT_PASSWORD,
    created,
    fetched,
    found_by,
    password,
    patched,
    signed_in,
)
from tests.world import ADMIN, World

LOOKUP = {"lookup_secret": {"config": {"codes": [{"code": "one"}]}}}
OIDC = {"oidc": {"config": {"providers": [{"subject": "s1", "provider": "google"}]}}}


def op(name: str, path: str, *value: Any, **more: Any) -> dict[str, Any]:
    return {"op": name, "path": path} | ({"value": value[0]} if value else {}) | more


def test_a_patched_trait_brings_its_identifiers_and_addresses_along(world: World) -> None:
    identity = created(world, "ann@example.org", credentials=password())
    reply = patched(world, identity["id"], op("replace", "/traits/email", "anna@example.org"))
    assert reply.json["verifiable_addresses"][0]["value"] == "anna@example.org"
    assert found_by(world, "ann@example.org") == []
    assert signed_in(world, "anna@example.org").status == 200


def test_metadata_state_and_external_id_can_be_patched_and_removed(world: World) -> None:
    identity = created(world, "ann@example.org")
    patched(
        world,
        identity["id"],
        op("add", "/metadata_admin", {"note": 1}),
        op("add", "/external_id", "c7"),
        op("replace", "/state", "inactive"),
    )
    now = fetched(world, identity["id"])
    assert (now["metadata_admin"], now["external_id"], now["state"]) == ({"note": 1}, "c7", "inactive")
    patched(world, identity["id"], op("remove", "/external_id"), op("remove", "/metadata_admin"))
    now = fetched(world, identity["id"])
    assert "external_id" not in now
    assert now["metadata_admin"] is None


def test_an_address_is_verified_by_patch_and_the_others_stay(world: World) -> None:
    identity = created(world, "ann@example.org")
    world.clock.pass_by(minutes=1)
    reply = patched(world, identity["id"], op("replace", "/verifiable_addresses/0/verified", value=True))
    address = reply.json["verifiable_addresses"][0]
    assert (address["verified"], address["status"]) == (True, "completed")
    assert address["verified_at"]
    assert address["id"] == identity["verifiable_addresses"][0]["id"]
    again = patched(world, identity["id"], op("add", "/traits/name", {"first": "Ann"}))
    assert again.json["verifiable_addresses"] == [address]


@pytest.mark.parametrize(
    "operation",
    [
        op("replace", "/id", "10000000-0000-4000-8000-000000000000"),
        op("remove", "/id"),
        op("replace", "/stateChangedAt", "2026-01-01T00:00:00Z"),
        op("replace", "/credentials", {}),
        op("replace", "/Credentials/OIDC", {}),
        op("add", "/credentials/oidc/config/providers/-", {}),
        op("copy", "/metadata_public", **{"from": "/credentials/oidc"}),
        op("remove", "/credentials/saml"),
        op("replace", "/credentials/password", {}),
        op("add", "/credentials/nonsense", {"type": "nonsense"}),
        op("replace", "/credentials/code/identifiers", []),
        op("replace", "/credentials/password/config", "text"),
        op("add", "/credentials/password/config/hashed_password", "no hash"),
        op("add", "/credentials/password/config/surprise", 1),
        op("replace", "/state", "asleep"),
        op("replace", "/state", 5),
        op("replace", "/schema_id", "nobody-knows"),
        op("replace", "/traits/email", "no-address"),
        op("remove", "/traits"),
        op("remove", "/traits/missing"),
        op("add", "/traits/email/deeper", 1),
        op("replace", "/verifiable_addresses", {}),
        op("add", "/verifiable_addresses/-", "text"),
        op("replace", "/verifiable_addresses/0/status", "unheard"),
        op("test", "/traits/email", "ann@example.org"),
        op("jump", "/traits/email"),
        op("add", "/traits/name"),
        op("move", "/traits/name"),
        op("replace", "", {}),
        op("replace", "traits", {}),
        op("replace", "/traits~2", {}),
        {"op": "remove"},
        "text",
        None,
    ],
    ids=str,
)
def test_what_cannot_be_patched_is_a_400_with_a_reason_and_changes_nothing(world: World, operation: Any) -> None:
    identity = created(world, "ann@example.org", credentials=password() | OIDC)
    before = fetched(world, identity["id"], "password", "oidc")
    reply = patched(world, identity["id"], op("add", "/metadata_admin", 1), operation)
    assert reply.status == 400
    assert fetched(world, identity["id"], "password", "oidc") == before


def test_a_body_that_is_no_patch_is_a_400_with_a_reason(world: World) -> None:
    identity = created(world, "ann@example.org")
    path = f"{ADMIN}/admin/identities/{identity['id']}"
    for sent in (b"", b"{}", b"[", b"5", b"[NaN]", b'[], "x": 1', b"[" * 5000 + b"]" * 5000):
        reply = world.send("PATCH", path, api="admin", body=sent)
        assert reply.status == 400, sent[:20]
        assert reply.json["error"]["reason"]
    many = [op("add", "/metadata_admin", 1)] * 501
    assert patched(world, identity["id"], *many).status == 400


def test_copying_cannot_make_a_document_of_any_size(world: World) -> None:
    identity = created(world, "ann@example.org", metadata_public={"a": "x" * 1000})
    doubling = [op("copy", f"/metadata_public/{each}", **{"from": "/metadata_public"}) for each in range(40)]
    assert patched(world, identity["id"], *doubling).status == 400


def test_a_password_hash_can_be_patched_and_removed(world: World) -> None:
    identity = created(world, "ann@example.org", credentials=password())
    path = "/credentials/password/config/hashed_password"
    assert patched(world, identity["id"], op("replace", path, BCRYPT)).status == 200
    assert signed_in(world, "ann@example.org", BCRYPT_PASSWORD).status == 200
    assert patched(world, identity["id"], op("remove", "/credentials/password")).status == 200
    assert signed_in(world, "ann@example.org", BCRYPT_PASSWORD).status == 400
    assert fetched(world, identity["id"], "password")["credentials"]["password"]["config"] == {}


def test_second_factors_can_be_patched_in_and_out(world: World) -> None:
    identity = created(world, "ann@example.org", credentials=LOOKUP)
    add = op("add", "/credentials/lookup_secret/config/recovery_codes/-", {"code": "two"})
    patched(world, identity["id"], add)
    shown = fetched(world, identity["id"], "lookup_secret")["credentials"]["lookup_secret"]
    assert [code["code"] for code in shown["config"]["recovery_codes"]] == ["one", "two"]
    patched(world, identity["id"], op("remove", "/credentials/lookup_secret"))
    assert "lookup_secret" not in fetched(world, identity["id"])["credentials"]
    stored = world.svc.identities.find(identity["id"])
    assert stored is not None
    assert not stored.aal2_possible
    totp = {"type": "totp", "config": {"totp_url": "otpauth://totp/x?secret=ABC"}}
    patched(world, identity["id"], op("add", "/credentials/totp", totp))
    assert fetched(world, identity["id"])["credentials"]["totp"]["identifiers"] == [identity["id"]]


def test_a_patch_that_meets_another_identity_is_a_conflict(world: World) -> None:
    created(world, "bea@example.org")
    identity = created(world, "ann@example.org")
    assert patched(world, identity["id"], op("replace", "/traits/email", "bea@example.org")).status == 409


def test_parallel_patches_all_take_effect(world: World) -> None:
    identity = created(world, "ann@example.org", metadata_public={})
    together = Barrier(3)

    def write(number: int) -> int:
        together.wait()
        return patched(world, identity["id"], op("add", f"/metadata_public/{number}", number)).status

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(write, range(3))) == [200, 200, 200]
    assert fetched(world, identity["id"])["metadata_public"] == {"0": 0, "1": 1, "2": 2}
