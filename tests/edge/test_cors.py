"""Which other sites' scripts may read the public API's answers."""

from __future__ import annotations

from typing import Any

import pytest
from tests.world import PUBLIC, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable

ALLOW = "access-control-allow-origin"


def world_with(table: SqliteTable, *origins: str, **cors: Any) -> World:
    settings = {"enabled": True, "allowed_origins": list(origins)} | cors
    return World.build(table, {"serve": {"public": {"base_url": f"{PUBLIC}/", "cors": settings}}})


def preflight(world: World, origin: str, method: str = "POST", names: str = "content-type") -> Reply:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": names}
    return world.send("OPTIONS", f"{PUBLIC}/self-service/login", headers=asked)


def test_an_allowed_origin_is_named_and_may_send_credentials(sqlite_table: SqliteTable) -> None:
    world = world_with(sqlite_table, "https://app.example.org")
    headers = Spa(world).get("/sessions/whoami", Origin="https://app.example.org").headers
    assert headers[ALLOW] == "https://app.example.org"
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["vary"] == "Origin, Cookie"


def test_nobody_is_allowed_while_it_is_off(world: World) -> None:
    reply = Spa(world).get("/sessions/whoami", Origin="https://app.example.org")
    assert ALLOW not in reply.headers


@pytest.mark.attack("csrf-09")
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "https://good.com.evil.example",
        "https://evilgood.com",
        "https://good.com",  # the wildcard stands for a label
        "http://app.good.com",
        "https://app.good.com:444",
        "https://app.good.com.",
        "https://.good.com",
        "https://evil.example/.good.com",
        "https://evil.example\\.good.com",
        "https://evil.example@app.good.com",
        "https://evil.example?.good.com",
        "https://evil.example#.good.com",
        "https://app.good.com/",
        "https://[evil",
        "https://[:::]",
        "https://app.good.com\r\nSet-Cookie: a=b",
        "https://äpp.good.com",
        "https://app.good.com, https://evil.example",
    ],
)
def test_no_look_alike_of_a_wildcard_origin_is_allowed(sqlite_table: SqliteTable, origin: str) -> None:
    world = world_with(sqlite_table, "https://*.good.com")
    reply = Spa(world).get("/sessions/whoami", Origin=origin)
    assert reply.status == 401
    assert ALLOW not in reply.headers


@pytest.mark.attack("csrf-09")
@pytest.mark.parametrize("unsafe", ["*", "https://*", "https://*good.com", "https://*.com", "https://good.*"])
def test_a_wildcard_that_fixes_no_domain_allows_nobody(sqlite_table: SqliteTable, unsafe: str) -> None:
    world = world_with(sqlite_table, unsafe)
    for origin in ("https://app.good.com", "https://evilgood.com", "https://good.com"):
        assert ALLOW not in Spa(world).get("/sessions/whoami", Origin=origin).headers


@pytest.mark.parametrize("origin", ["https://app.good.com", "https://a.b.good.com", "HTTPS://App.Good.com"])
def test_a_bounded_wildcard_allows_what_is_below_its_domain(sqlite_table: SqliteTable, origin: str) -> None:
    world = world_with(sqlite_table, "https://*.good.com")
    assert Spa(world).get("/sessions/whoami", Origin=origin).headers[ALLOW] == origin


def test_origins_of_apps_and_addresses_are_compared_whole(sqlite_table: SqliteTable) -> None:
    world = world_with(sqlite_table, "capacitor://localhost", "http://[::1]:3000")
    assert Spa(world).get("/sessions/whoami", Origin="capacitor://localhost").headers[ALLOW] == "capacitor://localhost"
    assert Spa(world).get("/sessions/whoami", Origin="http://[::1]:3000").headers[ALLOW] == "http://[::1]:3000"
    assert ALLOW not in Spa(world).get("/sessions/whoami", Origin="http://[::1]").headers


def test_credentials_are_not_allowed_where_they_are_off(sqlite_table: SqliteTable) -> None:
    world = world_with(sqlite_table, "https://app.example.org", allow_credentials=False)
    headers = Spa(world).get("/sessions/whoami", Origin="https://app.example.org").headers
    assert headers[ALLOW] == "https://app.example.org"
    assert "access-control-allow-credentials" not in headers


def test_a_preflight_is_answered_without_running_the_step(sqlite_table: SqliteTable) -> None:
    world = world_with(sqlite_table, "https://app.example.org", max_age=600)
    reply = preflight(world, "https://app.example.org")
    assert (reply.status, reply.body, reply.cookies) == (204, b"", [])
    assert reply.headers["access-control-allow-methods"] == "POST"
    assert reply.headers["access-control-allow-headers"] == "content-type"
    assert reply.headers["access-control-max-age"] == "600"
    assert world.stored() == {}


@pytest.mark.parametrize(
    ("method", "names"), [("POST", "x-evil"), ("POST", "content-type, x-evil"), ("TRACE", ""), ("post", "")]
)
def test_a_preflight_allows_only_what_is_listed(sqlite_table: SqliteTable, method: str, names: str) -> None:
    reply = preflight(world_with(sqlite_table, "https://app.example.org"), "https://app.example.org", method, names)
    assert reply.status == 204
    assert "access-control-allow-methods" not in reply.headers
    assert "access-control-allow-headers" not in reply.headers


def test_a_preflight_of_another_origin_is_told_nothing(sqlite_table: SqliteTable) -> None:
    reply = preflight(world_with(sqlite_table, "https://app.example.org"), "https://evil.example")
    assert reply.status == 204
    assert not [name for name in reply.headers if name.startswith("access-control")]


def test_the_admin_api_knows_no_other_origins(sqlite_table: SqliteTable) -> None:
    world = world_with(sqlite_table, "https://app.example.org")
    reply = world.send(
        "GET", "https://admin.example.org/health/alive", api="admin", headers={"Origin": "https://app.example.org"}
    )
    assert ALLOW not in reply.headers
