"""Whatever JSON comes, the answer is a documented one and never an accident."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.resources.administrator import NOBODY, created, password
from tests.world import World

SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

NUMBERS = st.integers() | st.floats() | st.sampled_from([10**30, -(10**30), 2**64, -(2**63) - 1, 1e308])
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("schema_id", "state", "traits", "credentials", "metadata_public", "metadata_admin", "external_id")
TRAITS = st.fixed_dictionaries({}, optional={"email": ANYTHING | st.emails(), "name": ANYTHING, "age": ANYTHING})
ADDRESSES = st.lists(st.fixed_dictionaries({"value": st.text(), "via": st.sampled_from(["email", "sms", "x"])}))
CREDENTIALS = st.fixed_dictionaries(
    {},
    optional={
        name: st.fixed_dictionaries({"config": ANYTHING}) | ANYTHING
        for name in ("password", "oidc", "totp", "lookup_secret", "webauthn", "passkey")
    },
)
BODIES = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(KEYS, ANYTHING)
    | {"traits": TRAITS | ANYTHING, "verifiable_addresses": ADDRESSES | ANYTHING, "credentials": CREDENTIALS},
)
PATHS = st.sampled_from(
    [
        "/traits",
        "/traits/email",
        "/traits/name/first",
        "/metadata_public",
        "/metadata_public/a",
        "/verifiable_addresses",
        "/verifiable_addresses/0",
        "/verifiable_addresses/-",
        "/verifiable_addresses/0/verified_at",
        "/credentials/password",
        "/credentials/password/config",
        "/credentials/totp",
        "/credentials/passkey",
        "/schema_id",
        "/state",
        "/external_id",
        "/recovery_addresses/0",
        "/created_at",
    ]
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy"]), "path": PATHS | st.text()},
    optional={"value": ANYTHING, "from": PATHS},
)


@given(document=BODIES | ANYTHING)
@SETTINGS
def test_creating_and_replacing(world: World, document: Any) -> None:
    assert world.admin("POST", "/admin/identities", document).status in (201, 400, 409, 413)
    assert world.admin("PUT", f"/admin/identities/{NOBODY}", document).status in (400, 404)
    reply = world.admin("PATCH", "/admin/identities", {"identities": [{"create": document}]})
    assert reply.status in (200, 400)


@pytest.fixture
def identity_id(world: World) -> str:
    """One identity for all examples: later patches meet what earlier ones left."""
    return created(world, "fuzz@example.org", credentials=password())["id"]


@given(operations=st.lists(OPERATIONS, max_size=4))
@SETTINGS
def test_patching(world: World, identity_id: str, operations: list[Any]) -> None:
    path = f"/admin/identities/{identity_id}"
    assert world.admin("PATCH", path, operations).status in (200, 400, 409, 413)
    assert world.admin("GET", path).status == 200


@given(document=ANYTHING)
@SETTINGS
def test_managing_sessions(world: World, document: Any) -> None:
    for body in (document, {"action": "disable", "sessions": document}, {"action": document}):
        assert world.admin("POST", "/admin/sessions", body).status in (200, 400)


@pytest.mark.parametrize("path", ["/admin/identities", "/admin/sessions", f"/admin/identities/{NOBODY}/sessions"])
@given(
    query=st.dictionaries(st.sampled_from(["page_size", "page_token", "page", "per_page", "ids", "active"]), st.text())
)
@SETTINGS
def test_asking_for_lists(world: World, path: str, query: dict[str, str]) -> None:
    encoded = urlencode(query, errors="backslashreplace")
    assert world.admin("GET", f"{path}?{encoded}").status in (200, 400)
