"""Which factors a session needs, for whoami, for settings and for what is privileged. Contract 01 §8 and §14."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import pytest
from tests import codes
from tests.settings import NEW_PASSWORD, build, code_of, enrol_codes, enrol_totp, flows, press, shown, step_up
from tests.world import PASSWORD, PUBLIC, Browser, Client, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged

EMAIL = "alice@example.org"
STEP_UP = f"{PUBLIC}/self-service/login/browser?aal=aal2"

STORED: dict[str, Callable[[Client], Any]] = {"totp": enrol_totp, "lookup_secret": enrol_codes}
SETS = [
    *[(), ("totp",), ("lookup_secret",), ("code",), ("totp", "lookup_secret"), ("totp", "code")],
    *[("lookup_secret", "code"), ("totp", "lookup_secret", "code")],
]
LEVELS = ["aal1", "highest_available"]
MFA: dict[str, Any] = {"selfservice": {"methods": {"code": {"enabled": True, "mfa_enabled": True}}}}


def configured(whoami: str, settings: str) -> dict[str, Any]:
    return merged(flows(required_aal=settings), {"session": {"whoami": {"required_aal": whoami}}})


def enrolled(world: World, factors: tuple[str, ...]) -> dict[str, Any]:
    """Somebody with these second factors; what each of them gave."""
    alice = Native(world)
    alice.sign_up(EMAIL)
    return {factor: STORED[factor](alice) for factor in factors if factor in STORED}


@pytest.mark.attack("set-09")
@pytest.mark.parametrize(("factors", "whoami", "settings"), [*product(SETS, LEVELS, LEVELS)])
def test_the_highest_level_that_can_be_reached_is_asked_for(
    sqlite_table: SqliteTable, factors: tuple[str, ...], whoami: str, settings: str
) -> None:
    """Codes count by the configuration of now: people have their addresses before codes become a factor."""
    config, person = configured(whoami, settings), codes.schema()
    given = enrolled(build(sqlite_table, config, person), factors)
    world = build(sqlite_table, merged(config, MFA) if "code" in factors else config, person)
    alice = Native(world)
    reply = alice.sign_in(EMAIL)
    lacks = bool(factors) and whoami == "highest_available"
    assert reply.status == 200
    assert (reply.json["session"]["identity"] is None) is lacks
    assert alice.whoami().status == (403 if lacks else 200)
    assert alice.get("/sessions", Accept="application/json").status == (403 if lacks else 200)
    start = alice.get("/self-service/settings/api")
    assert start.status == (403 if factors and settings == "highest_available" else 200)
    for factor in factors:
        other = Native(world)
        other.sign_in(EMAIL)
        world.clock.pass_by(seconds=60)
        assert show(other, factor, given).status == 200
        assert other.whoami().json["authenticator_assurance_level"] == "aal2"
        assert other.get("/self-service/settings/api").status == 200
    assert alice.whoami().status == (403 if lacks else 200)


def show(client: Client, factor: str, given: Mapping[str, Any]) -> Reply:
    """The second factor of somebody who is signed in with the first."""
    flow = client.start("login", aal="aal2")
    if factor == "totp":
        return client.submit(flow, method="totp", totp_code=code_of(client.world, given["totp"]))
    if factor == "lookup_secret":
        return client.submit(flow, method="lookup_secret", lookup_secret=given["lookup_secret"][0])
    if flow.document["state"] == "choose_method":
        flow = client.refused_flow("login", client.submit(flow, method="code", address=EMAIL))
    return client.submit(flow, method="code", code=codes.last_code(client.world, EMAIL))


@pytest.mark.parametrize("factors", [factors for factors in SETS if factors])
def test_every_factor_that_somebody_has_is_on_offer_and_no_other(
    sqlite_table: SqliteTable, factors: tuple[str, ...]
) -> None:
    person = codes.schema()
    enrolled(build(sqlite_table, None, person), factors)
    world = build(sqlite_table, MFA if "code" in factors else None, person)
    alice = Native(world)
    alice.sign_in(EMAIL)
    flow = alice.start("login", aal="aal2")
    assert {node["group"] for node in flow.document["ui"]["nodes"]} - {"default"} == set(factors)


@pytest.mark.parametrize("kind", [Browser, Spa])
def test_a_browser_is_led_to_the_second_factor_and_on_to_where_it_was_going(
    sqlite_table: SqliteTable, kind: type[Client]
) -> None:
    world = build(sqlite_table)
    secret = enrolled(world, ("totp",))["totp"]
    inside = "https://app.example.org/inside"
    client = kind(world)
    reply = client.sign_in(EMAIL, return_to=inside)
    where = reply.location if kind is Browser else reply.json["redirect_browser_to"]
    assert reply.status == (303 if kind is Browser else 422)
    assert where == f"{STEP_UP}&return_to=https%3A%2F%2Fapp.example.org%2Finside"
    assert client.whoami().error_id == "session_aal2_required"
    flow = client.start("login", aal="aal2", return_to=inside)
    reply = client.submit(flow, method="totp", totp_code=code_of(world, secret, 1))
    assert inside in (reply.location, reply.body.decode().partition('redirect_browser_to":"')[2].partition('"')[0])
    assert client.whoami().status == 200


def test_a_factor_taken_on_shuts_out_sessions_without_it(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table)
    alice, older = Native(world), Native(world)
    alice.sign_up(EMAIL)
    older.sign_in(EMAIL)
    flow = older.start("settings")
    enrol_totp(alice)
    assert older.whoami().json["redirect_browser_to"] == STEP_UP
    assert older.fetch("settings", flow.id).error_id == "session_aal2_required"
    assert older.submit(flow, method="password", password=NEW_PASSWORD).error_id == "session_aal2_required"
    assert alice.whoami().status == 200


def test_a_second_factor_alone_opens_nothing(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table)
    secret = enrolled(world, ("totp",))["totp"]
    alice = Native(world)
    assert alice.get("/self-service/login/api?aal=aal2").error_id == "session_aal1_required"
    first = alice.start("login")
    assert alice.submit(first, method="totp", totp_code=code_of(world, secret, 1)).status == 400
    alice.sign_in(EMAIL)
    flow = alice.start("login", aal="aal2")
    assert alice.submit(flow, method="password", identifier=EMAIL, password=PASSWORD).status == 400
    assert Native(world).submit(flow, method="totp", totp_code=code_of(world, secret, 1)).status == 401


def test_a_step_up_keeps_the_session_and_its_token(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table)
    secret = enrolled(world, ("totp",))["totp"]
    alice = Native(world)
    before = alice.sign_in(EMAIL).json
    after = step_up(alice, method="totp", totp_code=code_of(world, secret, 1)).json
    assert (after["session_token"], after["session"]["id"]) == (before["session_token"], before["session"]["id"])


@pytest.mark.attack("set-07")
def test_the_second_factor_has_to_be_as_fresh_as_the_first(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, flows(privileged_session_max_age="5m"))
    secret = enrolled(world, ("totp",))["totp"]
    alice = Native(world)
    alice.sign_in(EMAIL)
    step_up(alice, method="totp", totp_code=code_of(world, secret, 1))
    world.clock.pass_by(minutes=6)
    flow = alice.start("settings")
    assert alice.sign_in(EMAIL, refresh="true").status == 200
    reply = press(alice, flow, "totp_unlink")
    assert (reply.status, reply.error_id) == (403, "session_refresh_required")
    assert "refresh=true&aal=aal2" in reply.json["redirect_browser_to"]
    again = alice.start("login", aal="aal2", refresh="true")
    assert alice.submit(again, method="totp", totp_code=code_of(world, secret)).status == 200
    shown(alice, press(alice, flow, "totp_unlink"))


def test_an_age_of_nothing_turns_the_rule_off(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, flows(privileged_session_max_age="0s"))
    alice = Native(world)
    alice.sign_up(EMAIL)
    world.clock.pass_by(hours=5)
    assert alice.submit(alice.start("settings"), method="password", password=NEW_PASSWORD).status == 200
