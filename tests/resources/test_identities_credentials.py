"""Taking credentials away."""

from __future__ import annotations

import base64
from typing import Any

from tests.resources.administrator import NOBODY, created, fetched, found_by, password, signed_in
from tests.world import Reply, World

HANDLE = base64.b64encode(b"a-user-handle").decode()
TOTP = {"totp": {"config": {"totp_url": "otpauth://totp/x?secret=ABC"}}}
LOOKUP = {"lookup_secret": {"config": {"codes": [{"code": "one"}]}}}


def oidc(*subjects: str) -> dict[str, Any]:
    return {"oidc": {"config": {"providers": [{"subject": each, "provider": "google"} for each in subjects]}}}


def key(name: bytes, **fields: Any) -> dict[str, Any]:
    return {"id": base64.b64encode(name).decode(), "public_key": base64.b64encode(b"public").decode()} | fields


def removed(world: World, identity_id: str, type_: str, query: str = "") -> Reply:
    return world.admin("DELETE", f"/admin/identities/{identity_id}/credentials/{type_}{query}")


def test_the_last_first_factor_stays(world: World) -> None:
    identity = created(world, "ann@example.org", credentials=password() | TOTP)
    assert removed(world, identity["id"], "password").status == 400
    assert signed_in(world, "ann@example.org").status == 200
    other = created(world, "bea@example.org", credentials=oidc("s1"))
    assert removed(world, other["id"], "oidc", "?identifier=google:s1").status == 400


def test_a_deleted_password_no_longer_signs_in_though_its_entry_is_still_listed(world: World) -> None:
    identity = created(world, "ann@example.org", credentials=password() | oidc("s1"))
    assert removed(world, identity["id"], "password").status == 204
    assert signed_in(world, "ann@example.org").status == 400
    shown = fetched(world, identity["id"], "password")["credentials"]["password"]
    assert shown["identifiers"] == ["ann@example.org"]
    assert shown["config"] == {}
    assert removed(world, identity["id"], "oidc", "?identifier=google:s1").status == 400


def test_one_account_at_a_provider_is_taken_away_by_its_identifier(world: World) -> None:
    identity = created(world, "ann@example.org", credentials=password() | oidc("s1", "s2"))
    assert removed(world, identity["id"], "oidc").status == 400
    assert removed(world, identity["id"], "oidc", "?identifier=google:s3").status == 404
    assert removed(world, identity["id"], "oidc", "?identifier=google:s1").status == 204
    assert fetched(world, identity["id"])["credentials"]["oidc"]["identifiers"] == ["google:s2"]
    assert found_by(world, "google:s1") == []
    created(world, "bea@example.org", credentials=oidc("s1"))
    assert removed(world, identity["id"], "oidc", "?identifier=google:s2").status == 204
    assert "oidc" not in fetched(world, identity["id"])["credentials"]


def test_second_factors_go_and_with_the_last_one_the_need_for_them(world: World) -> None:
    identity = created(world, "ann@example.org", credentials=password() | TOTP | LOOKUP)

    def aal2_possible() -> bool:
        stored = world.svc.identities.find(identity["id"])
        assert stored is not None
        return stored.aal2_possible

    assert removed(world, identity["id"], "totp").status == 204
    assert aal2_possible()
    assert removed(world, identity["id"], "lookup_secret").status == 204
    assert not aal2_possible()
    assert removed(world, identity["id"], "totp").status == 404
    assert world.svc.identities.configs(identity["id"], ["totp", "lookup_secret"]) == {}


def test_security_keys_that_sign_in_alone_stay(world: World) -> None:
    keys = [key(b"alone", is_passwordless=True), key(b"second")]
    webauthn = {"webauthn": {"config": {"credentials": keys, "user_handle": HANDLE}}}
    identity = created(world, "ann@example.org", credentials=webauthn)
    assert removed(world, identity["id"], "webauthn").status == 204
    assert fetched(world, identity["id"], "webauthn")["credentials"]["webauthn"]["config"]["credentials"] == keys[:1]


def test_codes_and_passkeys_cannot_be_deleted_and_others_are_not_found(world: World) -> None:
    identity = created(world, "ann@example.org", credentials=password())
    assert removed(world, identity["id"], "code").status == 400
    assert removed(world, identity["id"], "passkey").status == 400
    assert removed(world, identity["id"], "nonsense").status == 404
    assert removed(world, NOBODY, "totp").status == 404
    assert removed(world, "not-a-uuid", "totp").status == 404
