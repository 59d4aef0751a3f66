"""Forms that were open for too long. Contract 01 §12."""

from __future__ import annotations

import pytest
from tests.world import PASSWORD, Browser, Client, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ui import messages

EMAIL = "alice@example.org"
TOLD = {"login": messages.LOGIN_FLOW_EXPIRED.id, "registration": messages.REGISTRATION_FLOW_EXPIRED.id}
KINDS = pytest.mark.parametrize("kind", ["login", "registration"])


@pytest.mark.attack("flow-02")
@KINDS
def test_an_expired_form_is_replaced_by_one_that_says_so(client: Client, world: World, kind: str) -> None:
    flow = client.start(kind, return_to="https://app.example.org/inside")
    world.clock.pass_by(hours=1, seconds=5)
    reply = client.submit(flow, method="password", identifier=EMAIL, password=PASSWORD, traits={"email": EMAIL})
    if client.kind == "browser":
        assert reply.status == 303
        assert reply.location.startswith(f"https://app.example.org/{kind}?flow=")
        again = client.fetch(kind, reply.query("flow")).flow
    else:
        assert (reply.status, reply.error_id) == (410, "self_service_flow_expired")
        assert reply.json["expired_at"] == "2026-03-01T13:00:00Z"
        assert reply.json["since"] == 5_000_000_000
        again = client.fetch(kind, reply.json["use_flow_id"]).flow
    assert again.id != flow.id
    assert again.message_ids == [TOLD[kind]]
    assert again.document["return_to"] == "https://app.example.org/inside"
    assert again.document["request_url"] == flow.document["request_url"]
    assert client.whoami().status == 401


@KINDS
def test_the_replacement_works(client: Client, world: World, kind: str) -> None:
    if kind == "login":
        world.identity(EMAIL)
    flow = client.start(kind)
    world.clock.pass_by(hours=2)
    fields = {"method": "password", "identifier": EMAIL, "password": PASSWORD, "traits": {"email": EMAIL}}
    reply = client.submit(flow, **fields)
    new = reply.query("flow") if client.kind == "browser" else reply.json["use_flow_id"]
    client.submit(client.fetch(kind, new).flow, **fields)
    assert client.whoami().status == 200


def test_the_replacement_of_a_refresh_is_a_refresh(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    flow = app.start("login", refresh="true")
    world.clock.pass_by(hours=2)
    reply = app.submit(flow, method="password", identifier=EMAIL, password=PASSWORD)
    assert app.fetch("login", reply.json["use_flow_id"]).flow.document["refresh"] is True


@pytest.mark.attack("flow-02")
@KINDS
@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_expiry_is_compared_by_the_clock_not_left_to_the_store(world: World, kind: str, seconds: int) -> None:
    app = Native(world)
    flow = app.start(kind)
    world.clock.pass_by(hours=1, seconds=seconds)
    assert app.fetch(kind, flow.id).status == (200 if seconds < 0 else 410)
    assert app.submit(flow, method="password", identifier=EMAIL, password="x", traits={"email": EMAIL}).status == (
        400 if seconds < 0 else 410
    )


@KINDS
def test_who_fetches_an_expired_form_is_told_how_to_start_again(world: World, kind: str) -> None:
    app, browser, elsewhere = Native(world), Spa(world), Spa(world)
    flows = [
        app.start(kind).id,
        browser.start(kind).id,
        elsewhere.start(kind, return_to="https://app.example.org/inside").id,
    ]
    world.clock.pass_by(hours=1)
    replies = [client.fetch(kind, flow) for client, flow in zip((app, browser, elsewhere), flows, strict=True)]
    assert [reply.error_id for reply in replies] == ["self_service_flow_expired"] * 3
    base = f"https://id.example.org/self-service/{kind}"
    details = [reply.json["error"]["details"] for reply in replies]
    assert details[0] == {"api": f"{base}/api"}
    assert details[1] == {"redirect_to": f"{base}/browser", "return_to": ""}
    inside = "https%3A%2F%2Fapp.example.org%2Finside"
    assert details[2] == {
        "redirect_to": f"{base}/browser?return_to={inside}",
        "return_to": "https://app.example.org/inside",
    }


@KINDS
def test_an_expired_form_of_another_browser_is_not_shown(world: World, kind: str) -> None:
    flow = Spa(world).start(kind)
    world.clock.pass_by(hours=1)
    assert Spa(world).fetch(kind, flow.id).error_id == "security_csrf_violation"


def test_the_lifespan_is_configured(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table, {"selfservice": {"flows": {"login": {"lifespan": "5m"}}}})
    assert Browser(world).start("login").document["expires_at"] == "2026-03-01T12:05:00Z"


@KINDS
def test_an_expired_form_is_kept_a_week_so_that_it_can_say_so(world: World, kind: str) -> None:
    flow = Native(world).start(kind)
    item = world.stored()[f"F#{flow.id}", "#"]
    assert item["ttl"] * 1_000_000 == item["exp"] + 7 * 24 * 3600 * 1_000_000
