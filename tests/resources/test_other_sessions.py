"""The other sessions of whoever asks: listed in pages, ended one by one or all. Contract 06 §7."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from tests.world import Client, Native, World

EMAIL = "alice@example.org"


def test_a_list_has_the_other_active_sessions_newest_first(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    expected: list[str] = []
    for _ in range(3):
        world.clock.pass_by(minutes=1)
        expected.insert(0, Native(world).sign_in(EMAIL).json["session"]["id"])
    ended = expected.pop(1)
    assert app.send("DELETE", f"/sessions/{ended}").status == 204
    reply = app.get("/sessions")
    assert [session["id"] for session in reply.json] == expected
    assert reply.headers["x-total-count"] == "2"
    assert all(session["identity"]["schema_url"] == "" for session in reply.json)


@pytest.mark.attack("dos-05")
def test_a_list_comes_in_pages_of_bounded_size(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    for _ in range(5):
        world.clock.pass_by(minutes=1)
        Native(world).sign_in(EMAIL)
    every = [session["id"] for session in app.get("/sessions").json]
    assert [session["id"] for session in app.get("/sessions?page_size=2").json] == every[:2]
    assert [session["id"] for session in app.get("/sessions?per_page=2&page=2").json] == every[:2]
    assert [session["id"] for session in app.get("/sessions?page_size=1000000000").json] == every
    assert [session["id"] for session in app.get("/sessions?page_size=-1").json] == every
    assert [session["id"] for session in app.get("/sessions?page_size=0").json] == every[:1]


def test_as_recorded_page_one_is_the_first_page_once_more(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    for _ in range(5):
        world.clock.pass_by(minutes=1)
        Native(world).sign_in(EMAIL)
    every = [session["id"] for session in app.get("/sessions").json]
    seen: list[list[str]] = []
    link: str | None = "/sessions?page_size=2"
    while link:
        reply = app.get(link)
        seen.append([session["id"] for session in reply.json])
        nexts = [part for part in reply.headers["link"].split(",") if 'rel="next"' in part]
        link = nexts[0].partition("<")[2].partition(">")[0] if nexts and len(seen) < 9 else None
    assert seen == [every[:2], every[:2], every[2:4]]


@pytest.mark.attack("in-17")
@pytest.mark.parametrize("token", ["x", "0", "-1", "W10", "e30=", "%00", "A" * 5000, "é", "null"])
def test_a_forged_page_token_leads_nowhere_else(world: World, token: str) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    Native(world).sign_in(EMAIL)
    first = app.get("/sessions").json
    reply = app.get(f"/sessions?page_token={quote(token)}")
    assert reply.status == 400 or (reply.status == 200 and reply.json == first)


@pytest.mark.attack("in-17")
def test_a_page_token_of_another_list_is_no_token(world: World) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    Native(world).sign_in(EMAIL)
    other = world.svc.page_tokens.seal("schemas", ["250"])
    assert len(app.get(f"/sessions?page_token={other}").json) == 1


def test_one_session_is_ended(client: Client, world: World) -> None:
    client.sign_up(EMAIL)
    other = Native(world)
    other.sign_in(EMAIL)
    session_id = other.whoami().json["id"]
    reply = client.send("DELETE", f"/sessions/{session_id}", Accept="application/json")
    assert (reply.status, reply.body) == (204, b"")
    assert other.whoami().status == 401
    assert client.whoami().status == 200
    assert client.send("DELETE", f"/sessions/{session_id}").status == 204


def test_ones_own_session_is_ended_by_logging_out_only(client: Client) -> None:
    client.sign_up(EMAIL)
    own = client.whoami().json["id"]
    assert client.send("DELETE", f"/sessions/{own}", Accept="application/json").status == 400
    assert client.send("DELETE", f"/sessions/{own.upper()}", Accept="application/json").status == 400
    assert client.whoami().status == 200


@pytest.mark.parametrize("session_id", ["x", "%00", "..", "00000000-0000-0000-0000", "a" * 36])
def test_what_is_no_session_id_is_refused(world: World, session_id: str) -> None:
    app = Native(world)
    app.sign_up(EMAIL)
    assert app.send("DELETE", f"/sessions/{session_id}").status == 400


@pytest.mark.attack("ses-12")
def test_nobody_reaches_the_sessions_of_somebody_else(world: World) -> None:
    alice, bob = Native(world), Native(world)
    alice.sign_up(EMAIL)
    bob.sign_up("bob@example.org")
    bobs = bob.whoami().json
    unknown = alice.send("DELETE", "/sessions/00000000-0000-4000-8000-000000000000")
    reply = alice.send("DELETE", f"/sessions/{bobs['id']}")
    assert (reply.status, reply.body) == (unknown.status, unknown.body)
    assert alice.get("/sessions").json == []
    mine = alice.get(f"/sessions/whoami?id={bobs['id']}&identity_id={bobs['identity']['id']}").json
    assert mine["identity"]["traits"]["email"] == EMAIL
    assert alice.send("DELETE", "/sessions").json == {"count": 0}
    assert bob.whoami().json == bobs


def test_all_others_are_ended_at_once(client: Client, world: World) -> None:
    client.sign_up(EMAIL)
    others = [Native(world) for _ in range(3)]
    for other in others:
        other.sign_in(EMAIL)
    world.clock.pass_by(seconds=1)
    assert client.send("DELETE", "/sessions", Accept="application/json").json == {"count": 3}
    assert [other.whoami().status for other in others] == [401] * 3
    assert client.whoami().status == 200
    world.clock.pass_by(seconds=1)
    later = Native(world)
    later.sign_in(EMAIL)
    assert later.whoami().status == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/sessions"), ("DELETE", "/sessions"), ("DELETE", "/sessions/x")])
def test_whoever_is_nobody_has_no_sessions(client: Client, method: str, path: str) -> None:
    reply = client.send(method, path, Accept="application/json")
    assert (reply.status, reply.error_id) == (401, None)
