"""Whatever those send who are let in: a documented answer, and nothing changes that is not theirs to change."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.attacks.test_fuzz import CANARY, CONTENT_TYPES, ROUTES, Changes, Log, bodies, check, documents, log
from tests.settings import CONFIG
from tests.world import ADMIN, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable

SETTINGS = settings(max_examples=100, deadline=None, derandomize=True)
__all__ = ["log"]
"""The fixture, of the other fuzz tests."""

METHODS = ["password", "profile", "totp", "lookup_secret", "oidc", "webauthn", "passkey", "no-such-method", ""]
FIELDS = [
    "traits",
    "traits.email",
    "password",
    "totp_code",
    "totp_unlink",
    "lookup_secret_confirm",
    "lookup_secret_regenerate",
    "lookup_secret_reveal",
    "lookup_secret_disable",
    "webauthn_register",
    "webauthn_remove",
    "passkey_settings_register",
    "link",
    "unlink",
    "upstream_parameters",
    "transient_payload",
    "csrf_token",
    "flow",
    "identity",
    "schema_id",
    "state",
    "credentials",
    "metadata_public",
    "metadata_admin",
]


UNTOUCHED = ("id", "schema_id", "state", "metadata_public", "metadata_admin", "external_id")
"""Of one's own identity, what only administrators change."""

WRITING = [(method, path) for api, method, path in ROUTES if api == "admin" and method in ("POST", "PUT", "PATCH")]


@pytest.fixture(scope="module")
def deployment() -> Iterator[World]:
    table = SqliteTable(None)
    world = World.build(table, CONFIG)
    world.identity("alice@example.org")
    yield world
    table.close()


@pytest.fixture(scope="module")
def changes(deployment: World) -> Changes:
    return Changes(deployment)


people = itertools.count()


def somebody(world: World, kind: type[Native | Spa]) -> tuple[Native | Spa, str]:
    """Somebody new who is signed in, and the id of their identity."""
    client = kind(world)
    reply = client.sign_up(f"somebody-{next(people)}@example.org")
    assert reply.status == 200, reply.body
    return client, reply.json["identity"]["id"]


def shown(world: World, identity_id: str) -> dict[str, Any]:
    identity = world.admin("GET", f"/admin/identities/{identity_id}").json
    return {name: identity.get(name) for name in UNTOUCHED}


@SETTINGS
@given(kind=st.sampled_from([Native, Spa]), body=bodies, content_type=st.sampled_from(CONTENT_TYPES))
def test_no_body_breaks_the_settings(
    deployment: World, changes: Changes, log: Log, kind: type[Native | Spa], body: bytes, content_type: str
) -> None:
    client, _ = somebody(deployment, kind)
    flow = client.start("settings")
    changes.news()
    reply = client.send(
        "POST", flow.document["ui"]["action"], body, Content_Type=content_type, X_CSRF_Token=flow.csrf, X_Canary=CANARY
    )
    check(reply, log)
    assert reply.status in (400, 403, 404, 413)
    assert changes.news() == []
    assert client.whoami().status == 200


@SETTINGS
@given(
    kind=st.sampled_from([Native, Spa]),
    fields=st.dictionaries(st.sampled_from(FIELDS), documents, max_size=5),
    method=st.sampled_from(METHODS),
)
def test_no_document_in_the_settings_changes_what_is_not_ones_own(
    deployment: World, changes: Changes, log: Log, kind: type[Native | Spa], fields: dict[str, Any], method: str
) -> None:
    client, own = somebody(deployment, kind)
    flow, before = client.start("settings"), shown(deployment, own)
    changes.news()
    body = json.dumps({"csrf_token": flow.csrf} | fields | {"method": method}).encode()
    reply = client.send("POST", flow.document["ui"]["action"], body, Content_Type="application/json")
    check(reply, log)
    assert reply.status in (200, 400, 403, 404, 413, 422, 429)
    assert {key for key in changes.news() if key.startswith("I#")} <= {f"I#{own}"}
    assert shown(deployment, own) == before


@SETTINGS
@given(route=st.sampled_from(WRITING), body=bodies, content_type=st.sampled_from(CONTENT_TYPES))
def test_no_body_breaks_the_admin_api(
    deployment: World, log: Log, route: tuple[str, str], body: bytes, content_type: str
) -> None:
    _, own = somebody(deployment, Native)
    method, path = route
    before = deployment.admin("GET", f"/admin/identities/{own}").json
    address = ADMIN + "/".join(own if "{" in part else part for part in path.split("/"))
    headers = {"Content-Type": content_type, "X-Canary": CANARY}
    reply = deployment.send(method, address, api="admin", headers=headers, body=body)
    check(reply, log)
    after = deployment.admin("GET", f"/admin/identities/{own}").json
    if reply.status >= 400:
        assert after == before
