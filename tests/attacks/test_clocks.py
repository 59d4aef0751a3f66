"""Clocks that differ between functions, or jump while somebody is at it."""

from __future__ import annotations

import pytest
from tests.recovery import build, enter, is_in, last_code, send
from tests.world import PASSWORD, Client, Native, World

from vestibule.adapters.sqlite import SqliteTable

EMAIL = "alice@example.org"
JUMPS = [-300, -60, 60]
"""Seconds between the clock that began and the one that goes on."""


@pytest.mark.attack("flt-14")
@pytest.mark.parametrize("seconds", JUMPS)
def test_a_form_that_another_clock_began_is_gone_on_with(client: Client, world: World, seconds: int) -> None:
    world.identity(EMAIL)
    flow = client.start("login")
    world.clock.pass_by(seconds=seconds)
    client.submit(flow, method="password", identifier=EMAIL, password=PASSWORD)
    assert client.whoami().status == 200


@pytest.mark.attack("flt-14")
@pytest.mark.parametrize("seconds", JUMPS)
def test_a_session_of_another_clock_is_good_and_lasts_no_longer(world: World, seconds: int) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    ends = app.whoami().json["expires_at"]
    world.clock.pass_by(seconds=seconds)
    session = app.whoami()
    assert session.status == 200
    assert session.json["expires_at"] == ends
    assert session.json["authenticated_at"] < session.json["expires_at"]
    world.clock.pass_by(hours=24, seconds=-seconds)
    assert app.whoami().status == 401


@pytest.mark.attack("flt-14")
@pytest.mark.parametrize("seconds", JUMPS)
def test_a_code_of_another_clock_is_good(client: Client, sqlite_table: SqliteTable, seconds: int) -> None:
    world = build(sqlite_table)
    client.world = world
    world.identity(EMAIL)
    flow = send(client, EMAIL)
    world.clock.pass_by(seconds=seconds)
    assert is_in(client, enter(client, flow, last_code(world, EMAIL)))
