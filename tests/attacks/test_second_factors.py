"""Attacks on codes and second factors."""

from __future__ import annotations

import copy
from itertools import permutations
from typing import Any

import pytest
from tests import codes
from tests.settings import CONFIG as FACTORS
from tests.settings import code_of, enrol_totp
from tests.verification import PAGE
from tests.world import PASSWORD, Client, Flow, Native, Reply, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged
from vestibule.domain.code import Purpose
from vestibule.domain.flow import Kind
from vestibule.methods import codes as sent_codes

EMAIL, NEWCOMER = "alice@example.org", "newcomer@example.org"
EVERY_CODE: dict[str, Any] = {
    "selfservice": {
        "methods": {"code": {"enabled": True, "passwordless_enabled": True}},
        "flows": {
            "registration": {"after": {"code": codes.SESSION}},
            "verification": {"enabled": True, "ui_url": PAGE},
            "recovery": {"enabled": True, "ui_url": "https://app.example.org/recovery"},
            "settings": {"ui_url": "https://app.example.org/settings"},
        },
    },
    "session": {"whoami": {"required_aal": "aal1"}},
    "vestibule": {"codes_per_address": 100, "guesses": {"free": 90}},
}
SECOND = merged(
    EVERY_CODE, {"selfservice": {"methods": {"code": {"passwordless_enabled": False, "mfa_enabled": True}}}}
)
NAMES = ("login_code", "registration_code", "recovery_code", "verification_code")


class Journey:
    """A flow that waits for its code, and the code."""

    def __init__(self, kind: str, client: Client, flow: Flow, fields: dict[str, Any], address: str) -> None:
        self.kind, self.client, self.flow, self.fields = kind, client, flow, fields
        data = codes.letters(client.world, address)[0]
        self.code = next(data[name] for name in NAMES if name in data)

    def enter(self, code: str) -> Reply:
        return self.client.submit(self.flow, **{"method": "code", **self.fields, "code": code})

    @staticmethod
    def done(reply: Reply) -> bool:
        """A recovery of an app ends in a browser: 422."""
        return reply.status == 422 or (reply.status == 200 and reply.json.get("state") in (None, "passed_challenge"))


def waiting(table: SqliteTable) -> list[Journey]:
    """One journey of each kind; the second factor is asked for where codes do not sign in."""
    first, second = World.build(table, EVERY_CODE, codes.schema()), World.build(table, SECOND, codes.schema())
    first.identity(EMAIL)
    journeys: list[Journey] = []
    for kind, world, address, start, fields in (
        ("login", first, EMAIL, {"identifier": EMAIL}, {"identifier": EMAIL}),
        ("registration", first, NEWCOMER, {"traits": {"email": NEWCOMER}}, {"traits": {"email": NEWCOMER}}),
        ("recovery", first, EMAIL, {"email": EMAIL}, {}),
        ("verification", first, EMAIL, {"email": EMAIL}, {}),
    ):
        world.clock.pass_by(seconds=1)
        client = Native(world)
        flow = client.submit(client.start(kind), method="code", **start).flow
        journeys.append(Journey(kind, client, flow, fields, address))
    client = Native(second)
    client.sign_in(EMAIL)
    second.clock._now = first.clock.now()
    second.clock.pass_by(seconds=1)
    journeys.append(Journey("second_factor", client, client.start("login", aal="aal2"), {}, EMAIL))
    return journeys


@pytest.mark.attack("code-06")
def test_a_code_is_good_for_what_it_was_sent_for_alone(sqlite_table: SqliteTable) -> None:
    journeys = waiting(sqlite_table)
    assert len({journey.code for journey in journeys}) == len(journeys)
    for one, other in permutations(journeys, 2):
        reply = one.enter(other.code)
        assert reply.status != 429, "not even compared"
        assert not one.done(reply), f"{other.kind} opens {one.kind}"
        assert one.client.token is None or one.client.whoami().json["authenticator_assurance_level"] == "aal1"
    assert [journey.kind for journey in journeys if not journey.done(journey.enter(journey.code))] == []


@pytest.mark.attack("code-06")
@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.LOGIN])
def test_not_even_in_the_same_flow(sqlite_table: SqliteTable, purpose: Purpose) -> None:
    world = World.build(sqlite_table, EVERY_CODE, codes.schema())
    world.identity(EMAIL)
    flow = codes.send(Native(world), EMAIL)
    stored = world.svc.flows.find(flow.id, Kind.LOGIN)
    assert stored is not None
    assert sent_codes.matching(stored, codes.last_code(world, EMAIL), Purpose.LOGIN, world.svc) is not None
    assert sent_codes.matching(stored, codes.last_code(world, EMAIL), purpose, world.svc) is None


@pytest.mark.attack("code-13")
def test_codes_are_uniform_and_keep_their_zeros(world: World) -> None:
    drawn = [sent_codes.new_code(world.svc) for _ in range(10_000)]
    assert {len(code) for code in drawn} == {6}
    assert all(code.isascii() and code.isdigit() for code in drawn)
    for position in range(6):
        counts = [sum(code[position] == str(digit) for code in drawn) for digit in range(10)]
        squares = sum((count - 1000) ** 2 / 1000 for count in counts)
        assert squares < 50, "chi squared with nine degrees of freedom: one in ten million"


@pytest.mark.attack("bf-06")
def test_guesses_at_an_app_are_bounded_over_flows_and_sessions(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table, FACTORS)
    owner = Native(world)
    owner.sign_up(EMAIL)
    secret = enrol_totp(owner)
    world.clock.pass_by(minutes=2)
    statuses: list[int] = []
    for _ in range(20):
        thief = Native(world)
        thief.sign_in(EMAIL, PASSWORD)
        for _ in range(5):
            flow = thief.start("login", aal="aal2")
            statuses.append(thief.submit(flow, method="totp", totp_code="000000").status)
    assert statuses == [400] * 10 + [429] * 90
    late = Native(world)
    late.sign_in(EMAIL, PASSWORD)
    reply = late.submit(late.start("login", aal="aal2"), method="totp", totp_code=code_of(world, secret))
    assert reply.status == 429
    assert late.whoami().status == 403
    world.clock.pass_by(minutes=1)
    reply = late.submit(late.start("login", aal="aal2"), method="totp", totp_code=code_of(world, secret))
    assert reply.status == 200, "who waits gets in"


@pytest.mark.attack("data-07")
def test_the_admin_api_shows_secrets_only_on_request(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table, FACTORS)
    owner = Native(world)
    identity = owner.sign_up(EMAIL).json["identity"]["id"]
    secret = enrol_totp(owner)
    for path in (f"/admin/identities/{identity}", "/admin/identities", f"/admin/identities/{identity}/sessions"):
        body = world.admin("GET", path).body.decode()
        assert secret not in body
        assert "$argon2" not in body
        assert "totp_url" not in body
    assert secret in world.admin("GET", f"/admin/identities/{identity}?include_credential=totp").body.decode()
    refused = [{"op": "replace", "path": "/credentials", "value": {}}]
    assert world.admin("PATCH", f"/admin/identities/{identity}", copy.deepcopy(refused)).status == 400
