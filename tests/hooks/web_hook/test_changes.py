"""Identities that a target changes. Contract 02 §4.6."""

from __future__ import annotations

from typing import Any

import pytest
from tests.hooks.journeys import ANN, JOURNEYS
from tests.hooks.web_hook.target import PARSE, Scene, after, answer, hook
from tests.world import CLIENTS, Client, Native

from vestibule.adapters.sqlite import SqliteTable

EMAIL, OTHER = "alice@example.org", "bob@example.org"
HAS = [
    {"op": "add", "path": "/metadata_public", "value": {"a": 1}},
    {"op": "add", "path": "/metadata_admin", "value": {"b": 1}},
    {"op": "add", "path": "/external_id", "value": "x-1"},
]
"""What administrators wrote beside the traits of somebody."""


def registered(table: SqliteTable, identity: Any) -> tuple[Any, Scene]:
    scene = Scene(table, after("registration", **PARSE))
    scene.target.answers = [answer(200, {"identity": identity})]
    return Native(scene.world).sign_up(EMAIL), scene


def test_every_field_is_stored(sqlite_table: SqliteTable):
    wanted = {"metadata_public": {"a": 1}, "metadata_admin": {"b": 2}, "external_id": "x-1", "traits": {"email": OTHER}}
    reply, scene = registered(sqlite_table, wanted)
    stored = scene.world.svc.identities.find(reply.json["identity"]["id"])
    assert stored is not None
    assert (stored.metadata_public, stored.metadata_admin, stored.external_id) == ({"a": 1}, {"b": 2}, "x-1")
    assert [address.value for address in stored.verifiable_addresses] == [OTHER]
    assert Native(scene.world).sign_in(OTHER).status == 200


def test_an_address_may_be_verified_already(sqlite_table: SqliteTable):
    wanted = {"verifiable_addresses": [{"value": EMAIL, "via": "email", "verified": True}]}
    (address,) = registered(sqlite_table, wanted)[0].json["identity"]["verifiable_addresses"]
    assert (address["verified"], address["status"], "verified_at" in address) == (True, "completed", True)


def test_addresses_that_the_traits_lack_are_dropped(sqlite_table: SqliteTable):
    wanted = {"verifiable_addresses": [{"value": OTHER, "via": "email", "verified": True}]}
    (address,) = registered(sqlite_table, wanted)[0].json["identity"]["verifiable_addresses"]
    assert (address["value"], address["verified"]) == (EMAIL, False)


@pytest.mark.parametrize(
    ("traits", "node"), [({"email": EMAIL, "age": 3}, "traits.age"), ({"email": "nobody"}, "traits.email")]
)
def test_traits_that_break_the_schema_reopen_the_form(sqlite_table: SqliteTable, traits: Any, node: str):
    reply, scene = registered(sqlite_table, {"traits": traits})
    assert reply.status == 400
    assert reply.flow.messages_at(node)
    assert Native(scene.world).sign_in(EMAIL).flow.message_ids == [4000006]


def test_a_schema_that_does_not_exist_reopens_the_form(sqlite_table: SqliteTable):
    assert registered(sqlite_table, {"schema_id": "nothing"})[0].flow.message_ids == [4000001]


def test_whoever_is_made_inactive_exists_and_is_not_signed_in(sqlite_table: SqliteTable):
    reply, scene = registered(sqlite_table, {"state": "inactive"})
    assert reply.flow.message_ids == [4010011]
    assert Native(scene.world).sign_in(EMAIL).flow.message_ids == [4010011]


@pytest.mark.parametrize("unknown", [{"id": "x", "credentials": {}, "nothing": 1}, {"schema_id": "", "state": ""}, {}])
def test_what_is_unknown_or_empty_changes_nothing(sqlite_table: SqliteTable, unknown: Any):
    reply, scene = registered(sqlite_table, unknown)
    stored = scene.world.svc.identities.find(reply.json["identity"]["id"])
    assert stored is not None
    assert (stored.schema_id, stored.active, stored.traits["email"]) == ("person", True, EMAIL)


def changing(table: SqliteTable, kind: type[Client], identity: Any) -> tuple[Client, Scene, Any]:
    """Somebody who is signed in and saves their profile, of which a target makes something else."""
    scene = Scene(table, after("settings", "profile", **PARSE))
    scene.world.admin("PATCH", f"/admin/identities/{scene.world.identity(ANN).id}", HAS)
    client = kind(scene.world)
    client.sign_in(ANN)
    scene.target.answers = [answer(200, {"identity": identity})]
    return client, scene, client.start("settings")


def stored_of(scene: Scene) -> Any:
    return scene.world.admin("GET", "/admin/identities").json[0]


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"metadata_public": {"a": 2}, "metadata_admin": {"b": 2}}, {"external_id": "x-1"}),
        ({"traits": {"email": ANN, "age": 77}}, {"metadata_public": {"a": 1}, "metadata_admin": {"b": 1}}),
        ({"external_id": ""}, {"external_id": None}),
        ({"external_id": None}, {"external_id": None}),
        ({"external_id": "x-2"}, {"external_id": "x-2"}),
        ({"metadata_public": None}, {"metadata_public": None, "metadata_admin": {"b": 1}}),
        ({"traits": {"email": OTHER}, "recovery_addresses": [{"value": "evil@example.org", "via": "email"}]}, {}),
        ({"state": "inactive"}, {}),
    ],
)
def test_settings_store_every_field(sqlite_table: SqliteTable, kind: type[Client], changes: Any, seen: Any):
    client, scene, flow = changing(sqlite_table, kind, changes)
    reply = client.submit(flow, method="profile", traits={"email": ANN, "age": 42})
    assert reply.status in (200, 303)
    stored = stored_of(scene)
    expected = {"traits": {"email": ANN, "age": 42, "name": {}}, "state": "active"} | changes | seen
    email = expected["traits"]["email"]
    expected["recovery_addresses"] = [email]
    stored["recovery_addresses"] = [each["value"] for each in stored["recovery_addresses"]]
    assert {name: stored.get(name) for name in expected} == expected
    assert [each["value"] for each in stored["verifiable_addresses"]] == [email]


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize(
    ("changes", "asks"),
    [({"traits": {"email": OTHER}}, True), ({"traits": {"email": ANN, "age": 77}, "metadata_public": {"a": 2}}, False)],
)
def test_settings_that_a_target_makes_protected_ones_ask_for_a_new_sign_in(
    sqlite_table: SqliteTable, kind: type[Client], changes: Any, asks: bool
):
    client, scene, flow = changing(sqlite_table, kind, changes)
    scene.world.clock.pass_by(minutes=59)
    flow = client.start("settings")
    scene.world.clock.pass_by(minutes=2)
    reply = client.submit(flow, method="profile", traits={"email": ANN, "age": 42})
    stored = stored_of(scene)
    if not asks:
        assert (reply.status in (200, 303), stored["traits"]["age"]) == (True, 77)
        return
    if client.kind == "browser":
        assert (reply.status, "refresh=true" in reply.location) == (303, True)
    else:
        assert (reply.status, reply.error_id) == (403, "session_refresh_required")
    assert (stored["traits"], stored["metadata_public"]) == ({"email": ANN, "name": {}}, {"a": 1})


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("flow", ["login", "recovery", "verification"])
def test_elsewhere_a_change_is_not_stored(sqlite_table: SqliteTable, kind: type[Client], flow: str):
    """What a sign-in answers shows it; nothing else does."""
    scene = Scene(sqlite_table, {flow: {"after": {"hooks": [hook(**PARSE)]}}})
    scene.world.identity(ANN)
    wanted = {"metadata_public": {"a": 1}, "metadata_admin": {"b": 2}, "state": "inactive", "external_id": "x-1"}
    scene.target.answers = [answer(200, {"identity": {**wanted, "traits": {"email": OTHER}}})]
    client = kind(scene.world)
    reply = JOURNEYS[flow](client)
    assert scene.target.calls
    assert reply.status == 303 if client.kind == "browser" else reply.status in (200, 422)
    if flow == "login" and client.kind != "browser":
        shown = reply.json["session"]["identity"]
        assert (shown["metadata_public"], shown["traits"]) == ({"a": 1}, {"email": OTHER})
    stored = stored_of(scene)
    assert (stored["state"], stored["traits"]["email"], stored.get("external_id")) == ("active", ANN, None)
    assert (stored["metadata_public"], stored["metadata_admin"]) == (None, None)
    if client.whoami().status == 200:
        assert client.whoami().json["identity"]["traits"]["email"] == ANN


def test_later_hooks_see_what_earlier_ones_changed(sqlite_table: SqliteTable):
    entries = [
        after("registration", url=f"https://target.example.org/{name}", **PARSE)["registration"]["after"]["password"][
            "hooks"
        ][0]
        for name in ("first", "second")
    ]
    scene = Scene(sqlite_table, {"registration": {"after": {"password": {"hooks": entries}}}})
    scene.target.answers = [answer(200, {"identity": {"metadata_public": {"a": 1}}}), answer()]
    Native(scene.world).sign_up(EMAIL)
    assert scene.target.calls[1].json["identity"]["metadata_public"] == {"a": 1}
