"""Creating, reading, replacing and deleting identities over the admin API."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from tests.resources.administrator import (
    NOBODY,
    body,
    created,
    fetched,
    found_by,
    password,
    put,
    signed_in,
)
from tests.world import ADMIN, PASSWORD, Native, World

from vestibule.stores.addresses import Feedback, noting
from vestibule.stores.identities import IdentityChanged


def test_a_new_identity_is_shown_with_its_address_and_versions_of_nothing(world: World) -> None:
    reply = world.admin("POST", "/admin/identities", body("Ann@Example.org"))
    identity = reply.json
    assert reply.headers["location"] == f"{ADMIN}/identities/{identity['id']}"
    assert identity["traits"] == {"email": "Ann@Example.org"}
    assert [each["value"] for each in identity["verifiable_addresses"]] == ["ann@example.org"]
    assert identity["credentials"]["password"]["version"] == 0
    assert "metadata_admin" not in identity
    again = fetched(world, identity["id"])
    assert again["credentials"]["password"]["version"] == 1
    assert again["metadata_admin"] is None


def test_an_address_shows_that_mail_came_back_from_it(world: World) -> None:
    (ann, ben) = (created(world, f"{name}@example.org")["id"] for name in ("ann", "ben"))
    assert "feedback" not in str(fetched(world, ann))
    world.svc.table.write(noting(world.svc.index, "ann@example.org", Feedback("bounce", world.clock.now())))
    assert fetched(world, ann)["verifiable_addresses"][0]["feedback"] == {
        "kind": "bounce",
        "at": "2026-03-01T12:00:00Z",
    }
    assert "feedback" not in str(fetched(world, ben))


def test_paths_without_admin_are_the_same(world: World) -> None:
    reply = world.admin("POST", "/identities", body("ann@example.org"))
    assert world.admin("GET", f"/identities/{reply.json['id']}").json["id"] == reply.json["id"]


def test_the_schema_state_and_traits_are_checked_and_told_apart(world: World) -> None:
    for wrong in (
        {"schema_id": "nobody-knows"},
        {"state": "asleep"},
        {"traits": {"email": "no-address"}},
        {"traits": "text"},
        {"external_id": "x" * 256},
        {"organization_id": "acme"},
    ):
        reply = world.admin("POST", "/admin/identities", body("ann@example.org") | wrong)
        assert reply.status == 400, wrong
        assert reply.json["error"]["reason"]
    assert found_by(world, "ann@example.org") == []


def test_what_is_wrong_with_traits_is_said_by_pointer_without_their_values(world: World) -> None:
    traits = {"email": "secret-text", "age": 3, "nickname": "x"}
    reply = world.admin("POST", "/admin/identities", {"traits": traits})
    reason = reply.json["error"]["reason"]
    assert "#/traits/email" in reason
    assert "#/traits/age" in reason
    assert "secret-text" not in reason


def test_unknown_keys_are_refused_at_any_depth_when_creating_and_dropped_when_replacing(world: World) -> None:
    extra = {"credentials": {"password": {"config": {"password": PASSWORD, "surprise": 1}}}}
    for wrong in ({"surprise": True}, extra):
        reply = world.admin("POST", "/admin/identities", body("ann@example.org") | wrong)
        assert reply.status == 400
        assert "surprise" in reply.json["error"]["message"]
        assert "reason" not in reply.json["error"]
    identity = created(world, "ann@example.org")
    assert put(world, identity["id"], body("ann@example.org", surprise=True) | extra).status == 200


def test_values_of_another_type_are_refused_and_not_repeated(world: World) -> None:
    for wrong in ({"schema_id": 5}, {"verifiable_addresses": {}}, {"credentials": {"password": "my-secret"}}):
        reply = world.admin("POST", "/admin/identities", body("ann@example.org") | wrong)
        assert reply.status == 400
        assert b"my-secret" not in reply.body


def test_what_is_taken_is_a_conflict_that_names_nobody(world: World) -> None:
    created(world, "ann@example.org", external_id="customer-7")
    for wrong in (body("ANN@example.org"), body("bea@example.org", external_id="customer-7")):
        reply = world.admin("POST", "/admin/identities", wrong)
        assert reply.status == 409
        assert b"ann" not in reply.body.lower()
        assert b"customer-7" not in reply.body


def test_verified_addresses_come_verified_and_others_are_dropped(world: World) -> None:
    told = [
        {"value": "ANN@example.org", "via": "email", "verified": True, "status": "completed"},
        {"value": "else@example.org", "via": "email", "verified": True, "status": "completed"},
    ]
    addresses = created(world, "ann@example.org", verifiable_addresses=told)["verifiable_addresses"]
    assert [(each["value"], each["verified"]) for each in addresses] == [("ann@example.org", True)]
    assert addresses[0]["verified_at"]


def test_an_inactive_identity_cannot_sign_in(world: World) -> None:
    created(world, "ann@example.org", state="inactive", credentials=password())
    assert signed_in(world, "ann@example.org").status == 400


def test_an_identity_is_found_by_its_external_id(world: World) -> None:
    identity = created(world, "ann@example.org", external_id="customer/7")
    assert world.admin("GET", "/admin/identities/by/external/customer%2F7").json["id"] == identity["id"]
    for unknown in ("customer-8", "x" * 3000, "customer%2Fsessions"):
        assert world.admin("GET", f"/admin/identities/by/external/{unknown}").status == 404


def test_secrets_are_shown_only_when_they_are_asked_for(world: World) -> None:
    totp = {"totp": {"config": {"totp_url": "otpauth://totp/x?secret=ABC"}}}
    identity = created(world, "ann@example.org", credentials=password() | totp)
    assert all("config" not in each for each in fetched(world, identity["id"])["credentials"].values())
    shown = fetched(world, identity["id"], "totp")["credentials"]
    assert shown["totp"]["config"] == {"totp_url": "otpauth://totp/x?secret=ABC"}
    assert "config" not in shown["password"]
    assert world.admin("GET", f"/admin/identities/{identity['id']}?include_credential=all").status == 400


def test_put_clears_what_is_absent_and_keeps_state_and_schema(world: World) -> None:
    identity = created(
        world, "ann@example.org", state="inactive", external_id="c7", metadata_public={"a": 1}, metadata_admin={"b": 2}
    )
    reply = put(world, identity["id"], {"traits": {"email": "ann@example.org"}})
    assert reply.status == 200
    now = fetched(world, identity["id"])
    assert (now["state"], now["schema_id"]) == ("inactive", "person")
    assert (now["metadata_public"], now["metadata_admin"]) == (None, None)
    assert "external_id" not in now
    assert world.admin("GET", "/admin/identities/by/external/c7").status == 404


def test_put_keeps_an_address_that_stays_and_starts_a_new_one(world: World) -> None:
    told = [{"value": "ann@example.org", "via": "email", "verified": True, "status": "completed"}]
    identity = created(world, "ann@example.org", verifiable_addresses=told)
    kept = put(world, identity["id"], {"traits": {"email": "ANN@example.org"}}).json["verifiable_addresses"]
    assert kept == identity["verifiable_addresses"]
    new = put(world, identity["id"], {"traits": {"email": "anna@example.org"}}).json["verifiable_addresses"][0]
    assert (new["verified"], new["status"]) == (False, "pending")
    assert new["id"] != kept[0]["id"]


def test_a_changed_identifier_signs_in_and_the_old_one_is_free(world: World) -> None:
    identity = created(world, "ann@example.org", credentials=password())
    assert put(world, identity["id"], body("anna@example.org")).status == 200
    assert signed_in(world, "anna@example.org").status == 200
    assert signed_in(world, "ann@example.org").status == 400
    created(world, "ann@example.org")


def test_put_replaces_the_password(world: World) -> None:
    identity = created(world, "ann@example.org", credentials=password())
    assert put(world, identity["id"], body("ann@example.org", credentials=password("green-ladder-17"))).status == 200
    assert signed_in(world, "ann@example.org").status == 400
    assert signed_in(world, "ann@example.org", "green-ladder-17").status == 200


def test_put_with_what_another_identity_has_is_a_conflict_and_changes_nothing(world: World) -> None:
    created(world, "bea@example.org")
    identity = created(world, "ann@example.org", external_id="c7")
    reply = put(world, identity["id"], body("bea@example.org"))
    assert reply.status == 409
    assert b"bea@" not in reply.body
    assert fetched(world, identity["id"])["traits"] == {"email": "ann@example.org"}
    assert found_by(world, "ann@example.org") == [identity["id"]]


def test_state_changed_at_moves_only_with_the_state(world: World) -> None:
    identity = created(world, "ann@example.org")
    world.clock.pass_by(minutes=1)
    same = put(world, identity["id"], body("ann@example.org", state="active")).json
    assert same["state_changed_at"] == identity["state_changed_at"]
    assert same["updated_at"] != identity["updated_at"]
    other = put(world, identity["id"], body("ann@example.org", state="inactive")).json
    assert other["state_changed_at"] != identity["state_changed_at"]


def test_ids_of_nobody_are_not_found(world: World) -> None:
    for identity_id in (NOBODY, "not-a-uuid"):
        path = f"/admin/identities/{identity_id}"
        assert world.admin("GET", path).status == 404
        assert world.admin("PUT", path, body("ann@example.org")).status == 404
        assert world.admin("PATCH", path, []).status == 404
        assert world.admin("DELETE", path).status == 404


def test_a_deleted_identity_leaves_nothing_behind(world: World) -> None:
    identity = created(world, "ann@example.org", external_id="c7", credentials=password())
    token = signed_in(world, "ann@example.org").json["session_token"]
    assert world.admin("DELETE", f"/admin/identities/{identity['id']}").status == 204
    client = Native(world)
    client.token = token
    assert client.whoami().status == 401
    assert world.table.query(f"I#{identity['id']}") == []
    created(world, "ann@example.org", external_id="c7")


def test_parallel_puts_all_happen_one_after_the_other(world: World) -> None:
    identity = created(world, "ann@example.org")
    together = Barrier(3)

    def write(number: int) -> int:
        together.wait()
        return put(world, identity["id"], body(f"ann{number}@example.org", metadata_admin={"n": number})).status

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(write, range(3))) == [200, 200, 200]
    last = fetched(world, identity["id"])
    number = last["metadata_admin"]["n"]
    assert last["traits"]["email"] == f"ann{number}@example.org"
    assert [bool(found_by(world, f"ann{each}@example.org")) for each in range(3)] == [n == number for n in range(3)]


def test_a_put_that_keeps_losing_is_a_conflict(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = created(world, "ann@example.org")
    tries: list[int] = []

    def lose(*_: object) -> None:
        tries.append(1)
        raise IdentityChanged

    monkeypatch.setattr(type(world.svc.identities), "update", lose)
    assert put(world, identity["id"], body("ann@example.org")).status == 409
    assert len(tries) == 5


def test_too_many_identifiers_and_too_much_metadata_are_refused(world: World) -> None:
    reply = world.admin("POST", "/admin/identities", body("ann@example.org", metadata_public={"x": "y" * 450_000}))
    assert reply.status == 413
    providers = [{"subject": str(number), "provider": "google"} for number in range(100)]
    reply = world.admin(
        "POST", "/admin/identities", body("ann@example.org", credentials={"oidc": {"config": {"providers": providers}}})
    )
    assert reply.status == 400
    assert found_by(world, "ann@example.org") == []


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b'{"traits": NaN}',
        b'{"traits": 1e999}',
        b'{"traits": {"email": "\\u0000"}}',
        b'{"traits": {"email": "\\ud800"}}',
        b'{"traits": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"a": "' + b"x" * (5 * 1024 * 1024) + b'"}',
    ],
    ids=["empty", "broken", "list", "text", "nan", "infinity", "nul", "surrogate", "deep", "large"],
)
def test_bad_bodies_are_refused_and_nothing_is_stored(world: World, sent: bytes) -> None:
    for method, path in (
        ("POST", "/admin/identities"),
        ("PATCH", "/admin/identities"),
        ("POST", "/admin/sessions"),
        ("PUT", f"/admin/identities/{NOBODY}"),
    ):
        reply = world.send(method, f"{ADMIN}{path}", api="admin", body=sent)
        assert reply.status == 400, (method, path)
        assert "reason" not in reply.json["error"]
    assert json.loads(world.admin("GET", "/admin/identities").body) == []
