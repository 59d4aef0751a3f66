"""Identities that a target changes. Contract 02 §4.6."""

from __future__ import annotations

from typing import Any

import pytest
from tests.hooks.web_hook.target import PARSE, Scene, after, answer
from tests.world import Native

from vestibule.adapters.sqlite import SqliteTable

EMAIL, OTHER = "alice@example.org", "bob@example.org"


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


def test_a_login_changes_the_answer_alone(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("login", **PARSE))
    identity = scene.world.identity(EMAIL)
    scene.target.answers = [answer(200, {"identity": {"metadata_public": {"a": 1}, "state": "inactive"}})]
    reply = Native(scene.world).sign_in(EMAIL)
    assert reply.json["session"]["identity"]["metadata_public"] == {"a": 1}
    stored = scene.world.svc.identities.find(identity.id)
    assert stored is not None
    assert (stored.metadata_public, stored.active) == (None, True)


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
