"""Sign up in one step, for the three clients. Contract 01 §5."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.world import CONFIG, PASSWORD, SCHEMA, Browser, Client, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ui import messages

EMAIL = "alice@example.org"


def identities(world: World) -> list[str]:
    return [pk for pk, sk in world.stored() if pk.startswith("I#") and sk == "#"]


def without_session_hook() -> dict[str, Any]:
    return {"selfservice": {"flows": {"registration": {"after": {"password": {"hooks": []}}}}}}


def test_whoever_signs_up_is_signed_in_by_the_session_hook(client: Client, world: World) -> None:
    reply = client.sign_up(EMAIL, traits={"email": EMAIL, "name": {"first": "Alice"}})
    assert reply.status == (303 if client.kind == "browser" else 200)
    shown = client.whoami().json
    assert shown["identity"]["traits"] == {"email": EMAIL, "name": {"first": "Alice"}}
    assert [method["method"] for method in shown["authentication_methods"]] == ["password"]


def test_each_client_is_answered_in_its_way(world: World) -> None:
    assert Browser(world).sign_up("a@example.org").location == "https://app.example.org/"
    spa = Spa(world).sign_up("b@example.org").json
    assert set(spa) == {"identity", "session", "continue_with"}
    assert [item["action"] for item in spa["continue_with"]] == ["redirect_browser_to"]
    native = Native(world).sign_up("c@example.org").json
    assert set(native) == {"identity", "session", "session_token", "continue_with"}
    assert native["continue_with"] == [
        {"action": "set_ory_session_token", "ory_session_token": native["session_token"]}
    ]


@pytest.mark.attack("flow-05")
def test_without_the_hook_nobody_is_signed_in(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table, without_session_hook())
    app, spa, browser = Native(world), Spa(world), Browser(world)
    assert set(app.sign_up("a@example.org").json) == {"identity", "continue_with"}
    assert set(spa.sign_up("b@example.org").json) == {"identity", "continue_with"}
    assert browser.sign_up("c@example.org").status == 303
    for client in (app, spa, browser):
        assert "ory_kratos_session" not in client.cookies
        assert client.whoami().status == 401
    assert not [sk for _, sk in world.stored() if sk.startswith("S#")]


@pytest.mark.parametrize(
    ("traits", "node"),
    [
        ({}, "traits.email"),
        ({"email": "no address"}, "traits.email"),
        ({"email": EMAIL, "age": 17}, "traits.age"),
        ({"email": EMAIL, "name": {"first": 1}}, "traits.name.first"),
    ],
)
def test_wrong_traits_are_named_at_their_field(world: World, traits: dict[str, Any], node: str) -> None:
    app = Native(world)
    refused = app.refused_flow("registration", app.sign_up(EMAIL, traits=traits))
    assert refused.messages_at(node)
    assert identities(world) == []


@pytest.mark.attack("in-11")
@pytest.mark.parametrize(
    "key",
    ["surprise", "__proto__", "constructor", "$ref", "$schema", "__class__", "", ".", "a.b", "a[0]", "traits.email"],
)
def test_traits_that_the_schema_does_not_know_are_refused(world: World, key: str) -> None:
    reply = Native(world).sign_up(EMAIL, traits={"email": EMAIL, key: "x"})
    assert reply.status == 400
    assert reply.flow.message_ids or any(node["messages"] for node in reply.flow.document["ui"]["nodes"])
    assert identities(world) == []


@pytest.mark.attack("set-03")
def test_nobody_makes_themselves_more_than_they_are(client: Client, world: World) -> None:
    claims = {
        "verifiable_addresses": [{"value": EMAIL, "via": "email", "verified": True}],
        "metadata_public": {"role": "admin"},
        "metadata_admin": {"role": "admin"},
        "state": "inactive",
        "schema_id": "other",
        "credentials": {"password": {"config": {"hashed_password": "x"}}},
        "external_id": "somebody",
        "id": "5a1f9f0e-6f0b-4d8e-8a52-f4d3b6f4c9d1",
    }
    assert client.sign_up(EMAIL, **claims).status in (200, 303)
    (made,) = world.admin("GET", "/admin/identities").json
    assert made["id"] != claims["id"]
    assert (made["state"], made["schema_id"], made["metadata_public"]) == ("active", "person", None)
    assert (made.get("metadata_admin"), made.get("external_id")) == (None, None)
    assert made["verifiable_addresses"][0]["verified"] is False
    assert Native(world).sign_in(EMAIL).status == 200


def test_what_was_typed_is_shown_again_but_for_the_password(client: Client) -> None:
    reply = client.sign_up(EMAIL, "short", traits={"email": EMAIL, "name": {"first": "Alice"}})
    refused = client.refused_flow("registration", reply)
    assert refused.messages_at("password") == [messages.PASSWORD_MIN_LENGTH.id]
    assert refused.nodes["traits.email"]["attributes"]["value"] == EMAIL
    assert refused.nodes["traits.name.first"]["attributes"]["value"] == "Alice"
    assert "value" not in refused.nodes["password"]["attributes"]


def test_browsers_are_sent_back_to_a_refused_form_by_302(world: World) -> None:
    assert Browser(world).sign_up(EMAIL, "short").status == 302


def test_a_missing_password_is_named(client: Client) -> None:
    refused = client.refused_flow("registration", client.sign_up(EMAIL, ""))
    assert refused.messages_at("password") == [messages.REQUIRED.id]


def test_a_password_like_the_address_is_refused(client: Client) -> None:
    refused = client.refused_flow("registration", client.sign_up("alice.kettle@example.org", "alice.kettle"))
    assert refused.messages_at("password") == [messages.PASSWORD_IDENTIFIER_TOO_SIMILAR.id]


@pytest.mark.parametrize("typed", [EMAIL, "ALICE@example.org", "\uff41lice@example.org"])
def test_a_taken_address_is_refused_however_it_is_written(client: Client, world: World, typed: str) -> None:
    world.identity(EMAIL)
    refused = client.refused_flow("registration", client.sign_up(typed))
    assert refused.message_ids == [messages.DUPLICATE_CREDENTIALS.id]
    assert len(identities(world)) == 1
    assert client.whoami().status == 401


def test_an_address_without_a_password_trait_is_no_identifier(sqlite_table: SqliteTable) -> None:
    schema = json.loads(json.dumps(SCHEMA).replace('"credentials": {"password": {"identifier": true}}, ', ""))
    world = World.build(sqlite_table, schema=schema)
    app = Native(world)
    refused = app.refused_flow("registration", app.sign_up(EMAIL))
    assert refused.message_ids == [messages.IDENTIFIER_MISSING.id]


def test_traits_keep_what_was_typed_and_the_identifier_is_normalised(world: World) -> None:
    reply = Native(world).sign_up("Alice@Example.org")
    assert reply.json["identity"]["traits"]["email"] == "Alice@Example.org"
    assert reply.json["identity"]["verifiable_addresses"][0]["value"] == EMAIL


def test_a_form_without_a_method_says_what_is_missing(client: Client) -> None:
    reply = client.submit(client.start("registration"), method="", traits={"email": EMAIL})
    assert client.refused_flow("registration", reply).message_ids == [messages.REGISTRATION_NO_STRATEGY_FOUND.id]


# --- switched off ---------------------------------------------------------------------------------------


def test_where_registration_is_off_there_is_none(client: Client, world: World, sqlite_table: SqliteTable) -> None:
    flow = client.start("registration")
    client.world = World.build(sqlite_table, {"selfservice": {"flows": {"registration": {"enabled": False}}}})
    start = "api" if client.kind == "native" else "browser"
    fields = {"method": "password", "password": PASSWORD, "traits": {"email": EMAIL}}
    replies = [client.get(f"/self-service/registration/{start}"), client.submit(flow, **fields)]
    for reply in replies:
        if client.kind == "browser":
            assert reply.location.startswith("https://app.example.org/error?id=")
        else:
            assert (reply.status, reply.error_id) == (400, "self_service_flow_disabled")
    fetched = client.fetch("registration", flow.id)
    assert (fetched.status, fetched.error_id) == (400, "self_service_flow_disabled")
    assert identities(world) == []


# --- the schema of the flow -----------------------------------------------------------------------------


def choosable(table: SqliteTable) -> World:
    """`person` is the default, `guest` may be chosen, `staff` may not."""
    world = World.build(table)
    person = world.svc.config.identity.schemas[0].model_dump()
    schemas = [person, {**person, "id": "guest", "selfservice_selectable": True}, {**person, "id": "staff"}]
    return World.build(table, {"identity": {"schemas": schemas}})


@pytest.mark.parametrize("schema", ["person", "guest"])
def test_a_schema_can_be_chosen_where_that_is_allowed(sqlite_table: SqliteTable, schema: str) -> None:
    app = Native(choosable(sqlite_table))
    flow = app.start("registration", identity_schema=schema)
    assert flow.document["identity_schema"] == schema
    reply = app.submit(flow, method="password", password=PASSWORD, traits={"email": EMAIL})
    assert reply.json["identity"]["schema_id"] == schema


@pytest.mark.parametrize("schema", ["staff", "unknown", "../person", "PERSON"])
@pytest.mark.parametrize("kind", ["login", "registration"])
def test_no_other_schema_can_be_chosen(sqlite_table: SqliteTable, kind: str, schema: str) -> None:
    reply = Native(choosable(sqlite_table)).get(f"/self-service/{kind}/api?identity_schema={schema}")
    assert reply.status == 400


def test_the_schema_of_a_form_cannot_be_changed_by_its_fields(sqlite_table: SqliteTable) -> None:
    app = Native(choosable(sqlite_table))
    flow = app.start("registration")
    fields = {"schema_id": "staff", "identity_schema": "staff", "state": "inactive", "metadata_admin": {"a": 1}}
    reply = app.submit(flow, method="password", password=PASSWORD, traits={"email": EMAIL}, **fields)
    assert reply.json["identity"]["schema_id"] == "person"
    assert reply.json["identity"]["state"] == "active"
    assert "metadata_admin" not in reply.json["identity"]


# --- what is not kept -----------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["unified", "profile_first"])
def test_a_transient_payload_is_not_stored(sqlite_table: SqliteTable, style: str) -> None:
    world = World.build(sqlite_table, {"selfservice": {"flows": {"registration": {"style": style}}}})
    app = Native(world)
    flow = app.start("registration")
    fields: dict[str, Any] = {"traits": {"email": EMAIL}, "transient_payload": {"passing": "canary-1887"}}
    if style == "profile_first":
        flow = app.submit(flow, method="profile", **fields).flow
        assert flow.document["transient_payload"] == {"passing": "canary-1887"}
    refused = app.submit(flow, method="password", password="short", **fields)
    assert refused.status == 400
    assert app.submit(flow, method="password", password=PASSWORD, **fields).status == 200
    assert "canary-1887" not in str(world.stored())


def test_an_apps_form_can_be_sent_again_for_somebody_else(world: World) -> None:
    app = Native(world)
    flow = app.start("registration")
    fields = {"method": "password", "password": PASSWORD}
    assert app.submit(flow, **fields, traits={"email": EMAIL}).status == 200
    app.token = None
    assert app.submit(flow, **fields, traits={"email": "bob@example.org"}).status == 200
    assert len(identities(world)) == 2


def test_an_exchange_code_needs_the_exact_word(world: World) -> None:
    app = Native(world)
    flow = app.start("registration", return_session_token_exchange_code="true")
    assert len(flow.document["session_token_exchange_code"]) == 64
    other = app.start("registration", return_session_token_exchange_code="1")
    assert "session_token_exchange_code" not in other.document


# --- in two steps ---------------------------------------------------------------------------------------


@pytest.fixture
def two_steps(sqlite_table: SqliteTable) -> World:
    assert CONFIG["selfservice"]["flows"]["registration"]["style"] == "unified"
    return World.build(sqlite_table, {"selfservice": {"flows": {"registration": {"style": "profile_first"}}}})


@pytest.fixture(params=[Browser, Spa, Native], ids=lambda kind: kind.__name__.lower())
def walker(request: pytest.FixtureRequest, two_steps: World) -> Client:
    return request.param(two_steps)


def test_the_profile_comes_before_the_credentials(walker: Client, two_steps: World) -> None:
    flow = walker.start("registration")
    assert flow.nodes["method"]["attributes"]["value"] == "profile"
    assert "password" not in flow.nodes
    second = walker.refused_flow("registration", walker.submit(flow, method="profile", traits={"email": EMAIL}))
    assert second.message_ids == [messages.REGISTRATION_CHOOSE_CREDENTIALS.id]
    assert second.nodes["traits.email"]["attributes"]["type"] == "hidden"
    assert second.nodes["traits.email"]["attributes"]["value"] == EMAIL
    assert second.nodes["screen"]["attributes"]["value"] == "previous"
    assert identities(two_steps) == []
    walker.submit(second, method="password", password=PASSWORD, traits={"email": EMAIL})
    assert walker.whoami().json["identity"]["traits"]["email"] == EMAIL


def test_a_wrong_profile_stays_at_the_first_step(walker: Client) -> None:
    reply = walker.submit(walker.start("registration"), method="profile", traits={"email": "no address"})
    refused = walker.refused_flow("registration", reply)
    assert refused.messages_at("traits.email") == [messages.EMAIL.id]
    assert "password" not in refused.nodes


@pytest.mark.parametrize("back", [{"screen": "previous"}, {"method": "profile:back"}])
def test_one_can_go_back_and_finds_what_was_typed(walker: Client, back: dict[str, str]) -> None:
    flow = walker.start("registration")
    second = walker.refused_flow("registration", walker.submit(flow, method="profile", traits={"email": EMAIL}))
    first = walker.refused_flow("registration", walker.submit(second, **back))
    assert "password" not in first.nodes
    assert first.nodes["traits.email"]["attributes"]["type"] == "email"
    assert first.nodes["traits.email"]["attributes"]["value"] == EMAIL
    assert first.message_ids == []


def test_the_first_step_may_be_skipped(walker: Client) -> None:
    walker.sign_up(EMAIL)
    assert walker.whoami().status == 200


def test_the_profile_is_checked_again_with_the_credentials(walker: Client, two_steps: World) -> None:
    flow = walker.start("registration")
    second = walker.refused_flow("registration", walker.submit(flow, method="profile", traits={"email": EMAIL}))
    reply = walker.submit(second, method="password", password=PASSWORD, traits={"email": "no address"})
    assert walker.refused_flow("registration", reply).messages_at("traits.email") == [messages.EMAIL.id]
    assert identities(two_steps) == []


def test_a_taken_address_is_told_with_the_credentials_only(walker: Client, two_steps: World) -> None:
    two_steps.identity(EMAIL)
    flow = walker.start("registration")
    second = walker.refused_flow("registration", walker.submit(flow, method="profile", traits={"email": EMAIL}))
    assert second.message_ids == [messages.REGISTRATION_CHOOSE_CREDENTIALS.id]
    reply = walker.submit(second, method="password", password=PASSWORD, traits={"email": EMAIL})
    assert walker.refused_flow("registration", reply).message_ids == [messages.DUPLICATE_CREDENTIALS.id]
