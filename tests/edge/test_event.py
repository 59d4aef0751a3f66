"""Events that no honest client causes are answered like any other bad request."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.world import PASSWORD, Browser, Native, Spa, World

from vestibule import wiring
from vestibule.adapters.sqlite import SqliteTable
from vestibule.edge.endpoint import endpoint
from vestibule.edge.event import to_request
from vestibule.resources import sessions

PROXY_KEY = "what-the-proxy-sends-as-its-own-key"


def event(**changes: Any) -> dict[str, Any]:
    """As API Gateway sends it for `GET /sessions/whoami`."""
    plain: dict[str, Any] = {
        "version": "2.0",
        "rawPath": "/sessions/whoami",
        "rawQueryString": "",
        "headers": {"accept": "application/json"},
        "requestContext": {"http": {"method": "GET", "sourceIp": "192.0.2.7"}},
        "isBase64Encoded": False,
    }
    return plain | changes


def answered(world: World, given: dict[str, Any]) -> dict[str, Any]:
    with wiring.using(world.svc):
        return endpoint(sessions.whoami)(given, None)


def test_a_query_of_too_many_parameters_is_refused(world: World) -> None:
    query = "&".join(f"a{number}=1" for number in range(1001))
    assert Spa(world).get(f"/self-service/login/browser?{query}").status == 400
    reply = Browser(world).get(f"/self-service/login/browser?{query}")
    assert reply.status == 303
    assert reply.location.startswith("https://app.example.org/error?id=")


def test_a_body_that_is_no_base64_is_refused(world: World) -> None:
    assert answered(world, event(body="%%%", isBase64Encoded=True))["statusCode"] == 400


def test_a_body_in_base64_is_read(world: World) -> None:
    body = base64.b64encode(b"{}").decode()
    assert answered(world, event(body=body, isBase64Encoded=True))["statusCode"] == 401


@pytest.mark.parametrize("missing", ["headers", "rawQueryString", "rawPath"])
def test_an_event_may_lack_what_is_empty(world: World, missing: str) -> None:
    given = event()
    del given[missing]
    assert answered(world, given)["statusCode"] == 401


@pytest.mark.parametrize("text", ["x\ud800", "\udfff", "\x00", "é" * 600, "😀" * 600])
def test_whatever_a_user_agent_is_the_session_keeps_a_text(world: World, text: str) -> None:
    alice = world.identity("alice@example.org")
    app = Native(world)
    app.headers["User-Agent"] = text
    assert app.sign_in("alice@example.org").status == 200
    kept = world.svc.sessions.of_identity(alice)[0].devices[0].user_agent
    assert kept.encode()
    assert len(kept) <= 512


def test_half_a_surrogate_pair_in_path_or_query_is_no_error_of_ours(world: World) -> None:
    assert Spa(world).get("/self-service/login/browser?x=\udcff").status == 200
    assert Spa(world).get("/nowhere/\udcff").status == 404


@pytest.mark.attack("ses-14")
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-For": 'a, "b", ' + "1" * 10_000},
        {"X-Forwarded-For": "fe80::1%eth0"},
        {"True-Client-IP": "203.0.113.9", "CF-Connecting-IP": "203.0.113.9", "X-Real-IP": "203.0.113.9"},
        {"True-Client-IP": "203.0.113.9\r\nX-Evil: 1"},
        {"Forwarded": "for=203.0.113.9", "CF-IPCity": "Nowhere", "CF-IPCountry": "XX"},
    ],
)
def test_a_device_has_the_address_that_the_gateway_saw(world: World, headers: dict[str, str]) -> None:
    alice = world.identity("alice@example.org")
    app = Native(world)
    app.headers |= headers
    assert app.sign_in("alice@example.org").status == 200
    device = world.svc.sessions.of_identity(alice)[0].devices[0]
    assert (device.ip_address, device.location) == ("192.0.2.7", "")


@pytest.mark.attack("redir-05")
@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "X-Original-Host", "Forwarded", "X-Forwarded-Proto"])
def test_addresses_are_ours_whatever_host_a_request_names(world: World, name: str) -> None:
    browser = Spa(world)
    browser.headers[name] = "host=evil.example" if name == "Forwarded" else "evil.example"
    flow = browser.start("registration")
    reply = browser.submit(flow, method="password", password=PASSWORD, traits={"email": "alice@example.org"})
    assert reply.status == 200
    logout = browser.get("/self-service/logout/browser")
    for seen in (flow.document, reply.json, logout.json, reply.cookies, logout.headers):
        assert "evil.example" not in str(seen)


def test_who_goes_around_the_proxy_is_refused_and_leaves_nothing(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table, {"vestibule": {"proxy_key": PROXY_KEY, "trusted_proxy": True}})
    start = event(rawPath="/self-service/login/browser")
    for headers in (
        {},
        {"x-vestibule-proxy-key": ""},
        {"x-vestibule-proxy-key": "x" * 32},
        {"true-client-ip": "192.0.2.1"},
    ):
        assert answered(world, start | {"headers": headers})["statusCode"] == 403
    assert not world.stored()


def test_who_comes_through_the_proxy_is_known_by_its_word(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table, {"vestibule": {"proxy_key": PROXY_KEY, "trusted_proxy": True}})
    sent = {"headers": {"x-vestibule-proxy-key": PROXY_KEY, "true-client-ip": "198.51.100.9"}}
    request = to_request(event(**sent), world.svc, public=True)
    assert request.client_ip == "198.51.100.9"
    assert PROXY_KEY not in str(request.headers)
    assert answered(world, event(**sent))["statusCode"] == 401
