"""Change one's own account, for the three clients."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from tests.settings import NEW_PASSWORD, PAGE, build, flows, press, shown
from tests.world import CLIENTS, PASSWORD, PUBLIC, SCHEMA, Browser, Client, Native, Spa, World, configured

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.identity import Identity
from vestibule.ui import messages

EMAIL, OTHER = "alice@example.org", "bea@example.org"


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table)


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def alice(request: pytest.FixtureRequest, world: World) -> Client:
    """Somebody who has just signed up."""
    client: Client = request.param(world)
    client.sign_up(EMAIL)
    return client


def stored(world: World, email: str = EMAIL) -> Identity:
    found = world.svc.identities.by_identifier(["password"], email)
    assert found is not None
    return found


def test_a_profile_is_stored_and_what_is_not_sent_is_gone(alice: Client, world: World) -> None:
    flow = alice.start("settings")
    flow = shown(alice, alice.submit(flow, method="profile", traits={"email": EMAIL, "name": {"first": "Ann"}}))
    assert flow.message_ids == [messages.SETTINGS_UPDATE_SUCCESS.id]
    assert flow.document["state"] == "success"
    assert flow.nodes["traits.name.first"]["attributes"]["value"] == "Ann"
    assert stored(world).traits == {"email": EMAIL, "name": {"first": "Ann"}}
    shown(alice, alice.submit(flow, method="profile", traits={"email": EMAIL}))
    assert stored(world).traits == {"email": EMAIL, "name": {}}


def test_the_form_of_a_saved_flow_goes_to_a_flow_that_takes_it(alice: Client, world: World) -> None:
    first = alice.start("settings")
    saved = shown(alice, alice.submit(first, method="profile", traits={"email": EMAIL, "age": 20}))
    assert saved.id == first.id
    assert saved.document["ui"]["action"] != first.document["ui"]["action"]
    again = shown(alice, alice.submit(saved, method="profile", traits={"email": EMAIL, "age": 21}))
    assert again.id in saved.document["ui"]["action"]
    assert stored(world).traits["age"] == 21


def test_the_form_follows_the_schema_that_an_administrator_gives_somebody(
    client: Client, sqlite_table: SqliteTable
) -> None:
    """A form that is open already, too: it is drawn and checked by the schema of now."""
    staff = copy.deepcopy(SCHEMA)
    traits = staff["properties"]["traits"]
    del traits["properties"]["name"]
    traits["properties"]["desk"] = {"type": "string", "minLength": 2}
    encoded = base64.b64encode(json.dumps(staff).encode()).decode()
    schemas = [*configured(SCHEMA)["identity"]["schemas"], {"id": "staff", "url": f"base64://{encoded}"}]
    world = build(sqlite_table, {"identity": {"schemas": schemas}})
    client = type(client)(world)
    client.sign_up(EMAIL, traits={"email": EMAIL, "name": {"first": "Ann"}})
    flow = client.start("settings")
    body = {"schema_id": "staff", "traits": {"email": EMAIL, "desk": "12a"}, "state": "active"}
    assert world.admin("PUT", f"/identities/{stored(world).id}", body).status == 200
    again = client.fetch("settings", flow.id).flow
    assert again.nodes["traits.desk"]["attributes"]["value"] == "12a"
    assert "traits.name.first" not in again.nodes
    refused = client.submit(flow, method="profile", traits={"email": EMAIL, "desk": "1"})
    assert client.refused_flow("settings", refused).messages_at("traits.desk") == [messages.MIN_LENGTH.id]
    shown(client, client.submit(flow, method="profile", traits={"email": EMAIL, "desk": "34"}))
    assert (stored(world).schema_id, stored(world).traits) == ("staff", {"email": EMAIL, "desk": "34"})
    assert client.whoami().json["identity"]["schema_id"] == "staff"


def test_a_new_password_opens_and_the_old_one_does_not(alice: Client, world: World) -> None:
    shown(alice, alice.submit(alice.start("settings"), method="password", password=NEW_PASSWORD))
    assert Native(world).sign_in(EMAIL, PASSWORD).status == 400
    assert Native(world).sign_in(EMAIL, NEW_PASSWORD).status == 200
    assert alice.whoami().status == 200


def test_the_same_password_is_no_new_one(alice: Client) -> None:
    reply = alice.submit(alice.start("settings"), method="password", password=PASSWORD)
    flow = alice.refused_flow("settings", reply)
    assert flow.messages_at("password") == [messages.PASSWORD_NEW_SAME_AS_OLD.id]


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("", messages.REQUIRED),
        ("short", messages.PASSWORD_MIN_LENGTH),
        (EMAIL, messages.PASSWORD_IDENTIFIER_TOO_SIMILAR),
        ("x" * 5000, messages.PASSWORD_MAX_LENGTH),
    ],
)
@pytest.mark.attack("set-10")
def test_a_password_that_breaks_a_rule_changes_nothing(
    alice: Client, world: World, password: str, message: Any
) -> None:
    reply = alice.submit(alice.start("settings"), method="password", password=password)
    assert alice.refused_flow("settings", reply).messages_at("password") == [message.id]
    assert Native(world).sign_in(EMAIL, PASSWORD).status == 200


@pytest.mark.attack("set-10")
@pytest.mark.parametrize("password", ["kettle and comet " * 6, "🫖" * 20, "a" * 80 + "b" * 40])
def test_a_long_password_of_any_characters_counts_whole(alice: Client, world: World, password: str) -> None:
    shown(alice, alice.submit(alice.start("settings"), method="password", password=password))
    assert Native(world).sign_in(EMAIL, password).status == 200
    cut = password.encode()[:72].decode(errors="ignore")
    for other in (cut, cut + "x" * (len(password) - len(cut)), password[:-1], password + "x"):
        assert Native(world).sign_in(EMAIL, other).status == 400


def test_a_profile_that_the_schema_refuses_keeps_what_was_typed(alice: Client, world: World) -> None:
    reply = alice.submit(alice.start("settings"), method="profile", traits={"email": "nobody", "age": 20})
    flow = alice.refused_flow("settings", reply)
    assert flow.messages_at("traits.email") == [messages.EMAIL.id]
    assert flow.nodes["traits.email"]["attributes"]["value"] == "nobody"
    assert flow.nodes["traits.age"]["attributes"]["value"] == 20
    assert stored(world).traits == {"email": EMAIL, "name": {}}


def test_somebody_elses_address_is_refused_however_it_is_written(alice: Client, world: World) -> None:
    world.identity(OTHER)
    reply = alice.submit(alice.start("settings"), method="profile", traits={"email": " Bea@Example.ORG".strip()})
    assert alice.refused_flow("settings", reply).message_ids == [messages.DUPLICATE_CREDENTIALS.id]
    assert stored(world).traits["email"] == EMAIL


def test_a_new_address_signs_in_and_the_old_one_is_free(alice: Client, world: World) -> None:
    shown(alice, alice.submit(alice.start("settings"), method="profile", traits={"email": OTHER}))
    assert Native(world).sign_in(OTHER).status == 200
    assert Native(world).sign_in(EMAIL).status == 400
    assert Native(world).sign_up(EMAIL).status == 200


@pytest.mark.attack("set-03")
def test_what_is_no_trait_cannot_be_set(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    before = stored(world)
    claims = {
        "verifiable_addresses": [{"value": EMAIL, "via": "email", "verified": True}],
        "metadata_public": {"role": "admin"},
        "metadata_admin": {"role": "admin"},
        "state": "inactive",
        "schema_id": "other",
        "credentials": {"password": {"config": {"hashed_password": "x"}}},
        "external_id": "somebody",
        "identity": {"id": "x"},
    }
    reply = alice.submit(alice.start("settings"), method="profile", traits={"email": EMAIL}, **claims)
    assert reply.status == 200
    after = stored(world)
    assert not any(address.verified for address in after.verifiable_addresses)
    assert (after.metadata_public, after.metadata_admin, after.external_id) == (None, None, None)
    assert (after.state, after.schema_id, after.credentials) == (before.state, before.schema_id, before.credentials)
    refused = alice.submit(alice.start("settings"), method="profile", traits={"email": EMAIL, "role": "admin"})
    assert refused.status == 400
    assert "role" not in stored(world).traits


# --- who may ----------------------------------------------------------------------------------------------


def test_nobody_changes_anything_without_a_session(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    flow = alice.start("settings")
    stranger = Native(world)
    assert stranger.get("/self-service/settings/api").error_id == "session_inactive"
    assert stranger.fetch("settings", flow.id).status == 401
    assert stranger.submit(flow, method="password", password=NEW_PASSWORD).status == 401
    assert Native(world).sign_in(EMAIL).status == 200


def test_browsers_without_a_session_are_led_to_the_sign_in(world: World) -> None:
    browser = Browser(world)
    reply = browser.get("/self-service/settings/browser?return_to=https%3A%2F%2Fapp.example.org%2Finside")
    assert reply.status == 303
    assert reply.location.startswith(f"{PUBLIC}/self-service/login/browser?return_to=https%3A%2F%2Fapp.example.org")
    assert browser.get("/self-service/settings?flow=5a1f9f0e-6f0b-4d8e-8a52-f4d3b6f4c9d1").status == 302


def test_a_flow_is_its_owners_alone(alice: Client, world: World) -> None:
    flow = alice.start("settings")
    bea = Native(world)
    bea.sign_up(OTHER)
    assert bea.fetch("settings", flow.id).error_id == "security_identity_mismatch"
    assert bea.submit(flow, method="password", password=NEW_PASSWORD).error_id == "security_identity_mismatch"
    assert Native(world).sign_in(EMAIL).status == 200


@pytest.mark.parametrize("kind", [Browser, Spa])
def test_a_form_without_the_browsers_token_is_refused(world: World, kind: type[Client]) -> None:
    client = kind(world)
    client.sign_up(EMAIL)
    reply = client.submit(client.start("settings"), csrf_token="", method="password", password=NEW_PASSWORD)
    assert reply.status == (403 if kind is Spa else 303)
    assert Native(world).sign_in(EMAIL).status == 200


def test_an_expired_flow_gives_way_to_a_new_one(world: World) -> None:
    alice = Native(world)
    alice.sign_up(EMAIL)
    flow = alice.start("settings")
    world.clock.pass_by(hours=1, seconds=1)
    fetched = alice.fetch("settings", flow.id)
    assert (fetched.status, fetched.error_id) == (410, None)
    reply = alice.submit(flow, method="profile", traits={"email": EMAIL})
    assert (reply.status, reply.error_id) == (410, "self_service_flow_expired")
    again = alice.fetch("settings", reply.json["use_flow_id"]).flow
    assert again.message_ids == [messages.SETTINGS_FLOW_EXPIRED.id]
    assert alice.submit(again, method="profile", traits={"email": EMAIL}).status == 200


# --- a session that is not fresh --------------------------------------------------------------------------

_PRIVILEGED: list[dict[str, Any]] = [
    {"method": "password", "password": NEW_PASSWORD},
    {"method": "profile", "traits": {"email": OTHER}},
    {"method": "totp", "totp_code": "123456"},
    {"lookup_secret_regenerate": True},
    {"lookup_secret_reveal": True},
    {"lookup_secret_disable": True},
    {"totp_unlink": True},
]


@pytest.mark.attack("set-01")
@pytest.mark.parametrize("fields", _PRIVILEGED, ids=lambda fields: "-".join(map(str, fields.values()))[:40])
def test_what_is_privileged_needs_a_fresh_session(sqlite_table: SqliteTable, fields: dict[str, Any]) -> None:
    world = build(sqlite_table, flows(privileged_session_max_age="5m"))
    alice = Native(world)
    alice.sign_up(EMAIL)
    flow = alice.start("settings")
    before = stored(world)
    world.clock.pass_by(minutes=5)
    reply = alice.submit(flow, **fields)
    assert (reply.status, reply.error_id) == (403, "session_refresh_required")
    assert reply.json["redirect_browser_to"].startswith(f"{PUBLIC}/self-service/login/browser?refresh=true")
    assert stored(world) == before


@pytest.mark.attack("set-01")
@pytest.mark.parametrize("role", ["verification", "recovery"])
def test_an_address_that_is_no_identifier_needs_a_fresh_session_too(sqlite_table: SqliteTable, role: str) -> None:
    schema = copy.deepcopy(SCHEMA)
    address = {"type": "string", "format": "email", "ory.sh/kratos": {role: {"via": "email"}}}
    schema["properties"]["traits"]["properties"]["second"] = address
    world = build(sqlite_table, flows(privileged_session_max_age="5m"), schema)
    alice = Native(world)
    alice.sign_up(EMAIL)
    flow = alice.start("settings")
    before = stored(world)
    world.clock.pass_by(minutes=5)
    reply = alice.submit(flow, method="profile", traits={"email": EMAIL, "second": OTHER})
    assert (reply.status, reply.error_id) == (403, "session_refresh_required")
    assert stored(world) == before


def test_names_may_be_changed_by_an_older_session(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, flows(privileged_session_max_age="5m"))
    alice = Native(world)
    alice.sign_up(EMAIL)
    flow = alice.start("settings")
    world.clock.pass_by(minutes=50)
    assert alice.submit(flow, method="profile", traits={"email": EMAIL, "name": {"first": "Ann"}}).status == 200


def _parked(world: World) -> tuple[Browser, str]:
    """A browser whose new password waits for a fresh sign-in, and where it goes on behind it."""
    browser = Browser(world)
    browser.sign_up(EMAIL)
    flow = browser.start("settings")
    world.clock.pass_by(minutes=6)
    reply = browser.submit(flow, method="password", password=NEW_PASSWORD)
    assert reply.status == 303
    assert reply.query("refresh") == "true"
    return browser, reply.location


def _refreshed(browser: Browser, location: str, password: str = PASSWORD) -> str:
    flow = browser.fetch("login", browser.get(location).query("flow")).flow
    return browser.submit(flow, method="password", identifier=EMAIL, password=password).location


@pytest.fixture
def aging(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table, flows(privileged_session_max_age="5m"))


def test_a_browser_finds_the_change_made_behind_the_sign_in(aging: World) -> None:
    browser, location = _parked(aging)
    back = _refreshed(browser, location)
    assert back.startswith(f"{PUBLIC}/self-service/settings?flow=")
    flow = shown(browser, browser.get(back))
    assert flow.message_ids == [messages.SETTINGS_UPDATE_SUCCESS.id]
    assert Native(aging).sign_in(EMAIL, NEW_PASSWORD).status == 200


def test_a_parked_form_goes_on_once(aging: World) -> None:
    browser, location = _parked(aging)
    ticket = browser.cookies["ory_kratos_continuity"]
    back = _refreshed(browser, location)
    browser.get(back)
    third = "brown-window-23-cloud"
    shown(browser, browser.submit(browser.start("settings"), method="password", password=third))
    browser.cookies["ory_kratos_continuity"] = ticket
    browser.get(back)
    assert Native(aging).sign_in(EMAIL, third).status == 200


def test_a_parked_form_waits_a_quarter_of_an_hour(aging: World) -> None:
    browser, location = _parked(aging)
    aging.clock.pass_by(minutes=15)
    browser.get(_refreshed(browser, location))
    assert Native(aging).sign_in(EMAIL, PASSWORD).status == 200


def test_a_parked_form_is_of_no_use_to_somebody_else(aging: World) -> None:
    browser, location = _parked(aging)
    back = _refreshed(browser, location)
    thief = Browser(aging)
    thief.sign_up(OTHER)
    thief.cookies["ory_kratos_continuity"] = browser.cookies["ory_kratos_continuity"]
    thief.get(back)
    assert Native(aging).sign_in(OTHER).status == 200
    assert Native(aging).sign_in(EMAIL).status == 200


def test_a_parked_form_does_not_go_on_in_a_session_that_is_not_fresh(aging: World) -> None:
    browser, _ = _parked(aging)
    flow = browser.start("settings")
    browser.submit(flow, method="password", password=NEW_PASSWORD)
    reply = browser.get(flow.document["ui"]["action"])
    assert reply.query("refresh") == "true"
    assert Native(aging).sign_in(EMAIL).status == 200


def test_looking_at_the_way_back_takes_nothing(aging: World) -> None:
    browser, location = _parked(aging)
    back = _refreshed(browser, location)
    browser.send("HEAD", back)
    assert Native(aging).sign_in(EMAIL).status == 200
    browser.get(back)
    assert Native(aging).sign_in(EMAIL, NEW_PASSWORD).status == 200


def test_no_parked_password_lies_in_the_store(aging: World) -> None:
    _parked(aging)
    assert NEW_PASSWORD not in str(aging.stored())


# --- where to -------------------------------------------------------------------------------------------


def test_a_browser_goes_back_to_where_it_asked_for(sqlite_table: SqliteTable) -> None:
    after = {"default_browser_return_url": "https://app.example.org/changed"}
    method = {"default_browser_return_url": "https://app.example.org/password"}
    world = build(sqlite_table, flows(after=after | {"password": method}))
    browser = Browser(world)
    browser.sign_up(EMAIL)
    inside = "https://app.example.org/inside"
    flow = browser.start("settings", return_to=inside)
    assert browser.submit(flow, method="profile", traits={"email": EMAIL}).location == inside
    flow = browser.start("settings")
    assert (
        browser.submit(flow, method="profile", traits={"email": EMAIL}).location == after["default_browser_return_url"]
    )
    flow = browser.start("settings")
    reply = browser.submit(flow, method="password", password=NEW_PASSWORD)
    assert reply.location == method["default_browser_return_url"]


def test_without_a_place_to_go_the_form_is_shown_again(world: World) -> None:
    spa = Spa(world)
    spa.sign_up(EMAIL)
    flow = spa.start("settings")
    reply = spa.submit(flow, method="profile", traits={"email": EMAIL})
    assert reply.json["continue_with"] == [
        {"action": "redirect_browser_to", "redirect_browser_to": f"{PAGE}?flow={flow.id}"}
    ]


def test_an_unknown_button_is_a_message(alice: Client) -> None:
    reply = alice.submit(alice.start("settings"), method="telepathy")
    assert alice.refused_flow("settings", reply).message_ids == [messages.SETTINGS_NO_STRATEGY_FOUND.id]


def test_a_method_that_is_off_is_not_there(sqlite_table: SqliteTable) -> None:
    off = {"selfservice": {"methods": {"lookup_secret": {"enabled": False}, "totp": {"enabled": False}}}}
    alice = Native(build(sqlite_table, off))
    alice.sign_up(EMAIL)
    flow = alice.start("settings")
    assert not {"totp_code", "lookup_secret_regenerate"} & flow.nodes.keys()
    assert alice.submit(flow, method="totp", totp_code="123456").status == 404
    assert press(alice, flow, "lookup_secret_regenerate").status == 400


@pytest.mark.attack("enum-09")
def test_an_address_of_somebody_else_is_refused_without_saying_whose(alice: Client, world: World) -> None:
    """As a new sign-up with it is. Nothing is stored, and nobody else's account is touched."""
    other = world.identity("bobby@example.org")
    mine = alice.whoami().json["identity"]["traits"]
    reply = alice.submit(alice.start("settings"), method="profile", traits={"email": "bobby@example.org"})
    refused = alice.refused_flow("settings", reply)
    assert refused.message_ids == [messages.DUPLICATE_CREDENTIALS.id]
    assert other.id not in reply.body.decode() + str(refused.document)
    assert alice.whoami().json["identity"]["traits"] == mine
    assert world.svc.identities.find(other.id) == other
