"""Credentials that come with an identity."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.resources.administrator import BCRYPT, BCRYPT_PASSWORD, body, created, fetched, found_by, put, signed_in
from tests.world import World

KEY = {"id": base64.b64encode(b"key-1").decode(), "public_key": base64.b64encode(b"public").decode()}
HANDLE = base64.b64encode(b"a-user-handle").decode()


def config(type_: str, **fields: Any) -> dict[str, Any]:
    return {type_: {"config": fields}}


def test_an_imported_hash_signs_in_and_is_replaced_by_the_configured_one(world: World) -> None:
    identity = created(world, "ann@example.org", credentials=config("password", hashed_password=BCRYPT))
    assert fetched(world, identity["id"], "password")["credentials"]["password"]["config"] == {
        "hashed_password": BCRYPT
    }
    assert signed_in(world, "ann@example.org", BCRYPT_PASSWORD).status == 200
    hashed = fetched(world, identity["id"], "password")["credentials"]["password"]["config"]["hashed_password"]
    assert hashed.startswith("$argon2id$")


def test_a_weak_password_is_imported_since_the_policy_is_for_people(world: World) -> None:
    created(world, "ann@example.org", credentials=config("password", password="ann"))
    assert signed_in(world, "ann@example.org", "ann").status == 200


@pytest.mark.parametrize("hashed", ["", "plain text", "$unknown$abc", "$argon2id$v=19$broken", "$2a$31$" + "x" * 53])
def test_what_is_no_usable_hash_is_refused_and_not_repeated(world: World, hashed: str) -> None:
    reply = world.admin(
        "POST", "/admin/identities", body("ann@example.org", credentials=config("password", hashed_password=hashed))
    )
    assert reply.status == 400
    assert reply.json["error"]["reason"]
    assert not hashed or hashed.encode() not in reply.body
    assert found_by(world, "ann@example.org") == []


def test_credentials_of_methods_that_are_not_built_are_kept(world: World) -> None:
    credentials = (
        config("oidc", providers=[{"subject": "s1", "provider": "google"}])
        | config("totp", totp_url="otpauth://totp/x?secret=ABC")
        | config("lookup_secret", codes=[{"code": "abcd1234"}])
        | config("webauthn", credentials=[KEY], user_handle=HANDLE)
        | config("passkey", credentials=[KEY], user_handle=HANDLE)
    )
    identity = created(world, "ann@example.org", credentials=credentials)
    shown = fetched(world, identity["id"], "oidc", "totp", "lookup_secret", "webauthn", "passkey")["credentials"]
    assert shown["oidc"]["identifiers"] == ["google:s1"]
    assert shown["oidc"]["config"] == {"providers": [{"subject": "s1", "provider": "google"}]}
    assert shown["totp"]["identifiers"] == [identity["id"]]
    assert shown["lookup_secret"]["config"] == {"recovery_codes": [{"code": "abcd1234"}]}
    assert shown["passkey"]["identifiers"] == ["a-user-handle"]
    assert shown["webauthn"]["config"]["credentials"] == [KEY]
    stored = world.svc.identities.find(identity["id"])
    assert stored is not None
    assert stored.aal2_possible


def test_an_identity_without_second_factors_needs_none(world: World) -> None:
    key = KEY | {"is_passwordless": True}
    identity = created(world, "ann@example.org", credentials=config("webauthn", credentials=[key], user_handle=HANDLE))
    stored = world.svc.identities.find(identity["id"])
    assert stored is not None
    assert not stored.aal2_possible


def test_put_adds_providers_and_codes_and_replaces_totp(world: World) -> None:
    first = (
        config("oidc", providers=[{"subject": "s1", "provider": "google"}])
        | config("lookup_secret", codes=[{"code": "one"}])
        | config("totp", totp_url="otpauth://totp/x?secret=OLD")
    )
    identity = created(world, "ann@example.org", credentials=first)
    second = (
        config("oidc", providers=[{"subject": "s2", "provider": "github"}, {"subject": "s1", "provider": "google"}])
        | config("lookup_secret", codes=[{"code": "two"}])
        | config("totp", totp_url="otpauth://totp/x?secret=NEW")
    )
    assert put(world, identity["id"], body("ann@example.org", credentials=second)).status == 200
    shown = fetched(world, identity["id"], "oidc", "totp", "lookup_secret")["credentials"]
    assert sorted(shown["oidc"]["identifiers"]) == ["github:s2", "google:s1"]
    assert [code["code"] for code in shown["lookup_secret"]["config"]["recovery_codes"]] == ["one", "two"]
    assert shown["totp"]["config"]["totp_url"].endswith("NEW")
    assert found_by(world, "github:s2") == [identity["id"]]


def test_a_provider_account_belongs_to_one_identity(world: World) -> None:
    credentials = config("oidc", providers=[{"subject": "s1", "provider": "google"}])
    created(world, "ann@example.org", credentials=credentials)
    reply = world.admin("POST", "/admin/identities", body("bea@example.org", credentials=credentials))
    assert reply.status == 409


@pytest.mark.parametrize(
    "credentials",
    [
        config("passkey", credentials=[KEY]),
        config("passkey", user_handle=HANDLE),
        config("webauthn", credentials=[KEY | {"id": "not base64!"}]),
        config("webauthn", credentials=[{"id": KEY["id"]}]),
        config("oidc", providers=[{"subject": "", "provider": "google"}]),
        config("oidc", providers=[{"subject": "s1"}]),
        {"code": {"config": {}}},
    ],
)
def test_incomplete_credentials_are_refused(world: World, credentials: dict[str, Any]) -> None:
    assert world.admin("POST", "/admin/identities", body("ann@example.org", credentials=credentials)).status == 400


def test_secrets_lie_encrypted_in_the_table(world: World) -> None:
    identity = created(
        world,
        "ann@example.org",
        credentials=config("password", hashed_password=BCRYPT) | config("totp", totp_url="otpauth://totp/x?secret=ABC"),
    )
    rows = str(world.table.query(f"I#{identity['id']}")) + str(world.table.changes(None, 1000))
    assert BCRYPT not in rows
    assert "otpauth" not in rows
