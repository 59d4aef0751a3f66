"""Security keys as second factor, and instead of a password. What is recorded is compared elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests import keys
from tests.keys import Authenticator, add_key, keys_of, sign_up_with_key, step_up, value
from tests.world import Browser, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ui import messages

EMAIL = "ann@example.org"
WRONG = [messages.WEBAUTHN_VERIFIER_WRONG.id]


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return keys.build(sqlite_table, "second_factor")


@pytest.fixture
def passwordless(sqlite_table: SqliteTable) -> World:
    return keys.build(sqlite_table, "passwordless")


def signed_up(world: World) -> Spa:
    ann = Spa(world)
    assert ann.sign_up(EMAIL).status == 200
    return ann


def level(client: Spa) -> str:
    return client.whoami().json["authenticator_assurance_level"]


def test_a_key_that_is_added_is_asked_for_at_the_next_sign_in(world: World) -> None:
    key = Authenticator()
    assert add_key(signed_up(world), key).status == 200
    ann = Spa(world)
    ann.sign_in(EMAIL)
    assert level(ann) == "aal1"
    assert step_up(ann, key).status == 200
    assert level(ann) == "aal2"


def test_every_configured_origin_may_ask_for_the_key(world: World) -> None:
    key, ann = Authenticator(), signed_up(world)
    assert add_key(ann, key, origin="https://id.example.org").status == 200
    assert step_up(_signed_in(world), key, origin="https://app.example.org").status == 200
    refused = step_up(_signed_in(world), key, origin=keys.EVIL)
    assert (refused.status, refused.flow.message_ids) == (400, WRONG)


def test_without_configured_origins_the_domain_and_our_own_pages_may_ask(sqlite_table: SqliteTable) -> None:
    config = {"selfservice": {"methods": {"webauthn": {"config": {"rp": {"origins": None}}}}}}
    world = keys.build(sqlite_table, "second_factor", changes=config)
    ann = signed_up(world)
    assert add_key(ann, Authenticator(), origin="https://id.example.org").status == 200
    assert add_key(ann, Authenticator(), origin="https://example.org").status == 200
    assert add_key(ann, Authenticator(), origin="https://app.example.org").status == 400


def test_the_counter_is_kept_and_a_copied_key_is_remembered(world: World) -> None:
    key = Authenticator()
    add_key(signed_up(world), key)
    assert step_up(_signed_in(world), key, counter=7).status == 200
    assert keys_of(world, EMAIL)[0]["authenticator"]["sign_count"] == 7
    for counter in (7, 3, 0):
        assert step_up(_signed_in(world), key, counter=counter).flow.message_ids == WRONG
    warned = keys_of(world, EMAIL)[0]["authenticator"]
    assert (warned["sign_count"], warned["clone_warning"]) == (7, True)
    assert step_up(_signed_in(world), key, counter=8).status == 200


def test_keys_that_do_not_count_sign_in_every_time(world: World) -> None:
    key = Authenticator(counts=False)
    add_key(signed_up(world), key)
    before = world.svc.credentials.find(_identity(world).id, "webauthn")
    assert [step_up(_signed_in(world), key).status for _ in range(3)] == [200, 200, 200]
    after = world.svc.credentials.find(_identity(world).id, "webauthn")
    assert before is not None
    assert after is not None
    assert before.sealed == after.sealed  # nothing was written that says nothing


def test_a_challenge_is_taken_once_even_where_its_flow_is_still_open(world: World) -> None:
    key, ann = Authenticator(), Spa(world)
    add_key(signed_up(world), key)
    ann.sign_in(EMAIL)
    flow = ann.start("login", aal="aal2", refresh="true")
    answer = key.sign(value(flow, "webauthn_login_trigger"))
    sent = {"method": "webauthn", "identifier": EMAIL, "webauthn_login": answer}
    assert ann.submit(flow, **sent).status == 200
    assert ann.submit(flow, **sent).flow.message_ids == WRONG
    counted_on = key.sign(value(flow, "webauthn_login_trigger"))
    assert ann.submit(flow, **sent | {"webauthn_login": counted_on}).flow.message_ids == WRONG


def test_an_answer_for_settings_counts_once_in_all_forms_that_showed_its_challenge(world: World) -> None:
    ann, blue = signed_up(world), Authenticator()
    first = ann.start("settings")
    made = blue.create(value(first, "webauthn_register_trigger"))
    done = ann.submit(first, webauthn_register=made, webauthn_register_displayname="A").flow
    answer = {
        "webauthn_register": blue.create(value(done, "webauthn_register_trigger")),
        "webauthn_register_displayname": "B",
    }
    assert ann.submit(done, **answer).status == 200
    ann.submit(ann.start("settings"), webauthn_remove=blue.keys[-1].id.hex())
    assert ann.submit(first, **answer).status == 400
    assert ann.submit(done, **answer).status == 400
    assert [each["display_name"] for each in keys_of(world, EMAIL)] == ["A"]


def test_removing_the_last_key_ends_the_second_factor(world: World) -> None:
    ann, blue = signed_up(world), Authenticator()
    add_key(ann, blue, "Blue key")
    add_key(ann, blue, "Red key")
    flow = ann.start("settings")
    shown = [node for node in flow.document["ui"]["nodes"] if node["attributes"].get("name") == "webauthn_remove"]
    assert {node["meta"]["label"]["context"]["display_name"] for node in shown} == {"Blue key", "Red key"}
    ann.submit(flow, webauthn_remove=shown[0]["attributes"]["value"])
    assert _identity(world).aal2_possible
    ann.submit(ann.start("settings"), webauthn_remove=shown[1]["attributes"]["value"])
    assert not _identity(world).aal2_possible
    assert "webauthn_login_trigger" not in _signed_in(world).start("login", aal="aal2").nodes


def test_a_person_has_no_more_than_so_many_keys(world: World) -> None:
    ann, key = signed_up(world), Authenticator()
    statuses = [add_key(ann, key, f"Key {number}").status for number in range(16)]
    assert statuses == [200] * 15 + [400]


def test_apps_can_neither_add_nor_use_security_keys(world: World) -> None:
    add_key(signed_up(world), Authenticator())
    app = Native(world)
    app.sign_in(EMAIL)
    answer = Authenticator().create(json.dumps(_options(world)))
    added = app.submit(app.start("settings"), webauthn_register=answer, webauthn_register_displayname="App")
    assert added.flow.message_ids == [messages.SETTINGS_NO_STRATEGY_FOUND.id]
    flow = app.start("login", aal="aal2")
    used = app.submit(flow, method="webauthn", identifier=EMAIL, webauthn_login=answer)
    assert used.flow.message_ids == [messages.LOGIN_NO_STRATEGY_FOUND.id]


# --- instead of a password ------------------------------------------------------------------------------


def test_a_key_signs_in_alone_where_the_configuration_says_so(passwordless: World) -> None:
    key = Authenticator()
    assert sign_up_with_key(Spa(passwordless), EMAIL, key).status == 200
    browser = Browser(passwordless)
    reply = browser.submit(browser.start("login"), method="webauthn", identifier="ANN@example.org ")
    flow = browser.refused_flow("login", reply)
    signed = key.sign(value(flow, "webauthn_login_trigger"))
    done = browser.submit(flow, method="webauthn", identifier=EMAIL, webauthn_login=signed)
    assert done.location == "https://app.example.org/"
    assert browser.whoami().json["authentication_methods"][0]["method"] == "webauthn"


def test_the_password_still_signs_in_where_the_form_waits_for_a_key(passwordless: World) -> None:
    ann = Spa(passwordless)
    ann.sign_up(EMAIL)
    add_key(ann, Authenticator())
    other = Spa(passwordless)
    flow = other.start("login")
    other.submit(flow, method="webauthn", identifier=EMAIL)
    assert other.submit(flow, method="password", identifier=EMAIL, password="blue-kettle-42-orbit").status == 200


def test_signing_in_once_more_offers_what_the_person_has(passwordless: World) -> None:
    ann, key = Spa(passwordless), Authenticator()
    sign_up_with_key(ann, EMAIL, key)
    flow = ann.start("login", refresh="true")
    assert "password" not in flow.nodes
    signed = key.sign(value(flow, "webauthn_login_trigger"))
    assert ann.submit(flow, method="webauthn", identifier=EMAIL, webauthn_login=signed).status == 200


def test_somebody_elses_key_does_not_sign_in_under_ones_own_name(passwordless: World) -> None:
    mine, theirs = Authenticator(), Authenticator()
    sign_up_with_key(Spa(passwordless), EMAIL, mine)
    sign_up_with_key(Spa(passwordless), "eve@example.org", theirs)
    eve = Spa(passwordless)
    flow = eve.start("login")
    eve.submit(flow, method="webauthn", identifier=EMAIL)
    signed = theirs.sign(value(eve.fetch("login", flow.id).flow, "webauthn_login_trigger"))
    reply = eve.submit(flow, method="webauthn", identifier=EMAIL, webauthn_login=signed)
    assert reply.flow.message_ids == WRONG


def test_an_expired_form_is_replaced_by_one_that_still_knows_the_keys(world: World) -> None:
    key = Authenticator()
    add_key(signed_up(world), key)
    ann = _signed_in(world)
    flow = ann.start("login", aal="aal2")
    world.clock.pass_by(hours=2)
    gone = ann.submit(flow, method="webauthn", identifier=EMAIL, webauthn_login="{}")
    again = ann.fetch("login", gone.json["use_flow_id"]).flow
    signed = key.sign(value(again, "webauthn_login_trigger"))
    assert ann.submit(again, method="webauthn", identifier=EMAIL, webauthn_login=signed).status == 200


def _signed_in(world: World) -> Spa:
    client = Spa(world)
    client.sign_in(EMAIL)
    return client


def _identity(world: World) -> Any:
    return world.svc.identities.by_identifier(["password"], EMAIL)


def _options(world: World) -> Any:
    client = _signed_in(world)
    return json.loads(value(client.start("settings"), "webauthn_register_trigger"))
