"""Sessions over the admin API."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.resources.administrator import NOBODY, created, next_page, password, signed_in
from tests.world import Native, Reply, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.times import to_rfc3339
from vestibule.resources import admin_sessions, admin_sessions_manage


def session_of(world: World, email: str) -> dict[str, Any]:
    """A new session of somebody who is made when missing."""
    if world.admin("GET", f"/admin/identities?credentials_identifier={email}").json == []:
        created(world, email, credentials=password())
    world.clock.pass_by(seconds=1)
    reply = signed_in(world, email)
    assert reply.status == 200, reply.body
    return reply.json["session"] | {"token": reply.json["session_token"]}


def is_active(world: World, session: dict[str, Any]) -> bool:
    client = Native(world)
    client.token = session["token"]
    return client.whoami().status == 200


def extended(world: World, session_id: str) -> Reply:
    return world.admin("PATCH", f"/admin/sessions/{session_id}/extend")


def managed(world: World, **document: Any) -> Reply:
    return world.admin("POST", "/admin/sessions", document)


def test_sessions_of_everybody_are_listed_newest_first(world: World) -> None:
    sessions = [session_of(world, f"{name}@example.org")["id"] for name in ("ann", "bea", "ann", "bea", "ann")]
    pages: list[list[str]] = []
    path: str | None = "/admin/sessions?page_size=2"
    while path:
        reply = world.admin("GET", path)
        pages.append([each["id"] for each in reply.json])
        assert all(each["identity"] is None and each["devices"] is None for each in reply.json)
        path = next_page(reply)
    assert pages == [sessions[:2:-1], sessions[2:0:-1], sessions[:1]]


def test_a_page_of_active_sessions_is_filled_from_behind_ended_ones(world: World) -> None:
    sessions = [session_of(world, "ann@example.org")["id"] for _ in range(6)]
    for each in sessions[1:5]:
        world.admin("DELETE", f"/admin/sessions/{each}")
    reply = world.admin("GET", "/admin/sessions?active=true&page_size=2")
    assert [each["id"] for each in reply.json] == [sessions[5], sessions[0]]
    ended = world.admin("GET", "/admin/sessions?active=false").json
    assert [each["id"] for each in ended] == sessions[4:0:-1]


def test_a_request_does_not_look_at_everything_for_a_few_active_sessions(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_sessions, "ROUNDS", 2)
    sessions = [session_of(world, "ann@example.org")["id"] for _ in range(6)]
    for each in sessions[1:]:
        world.admin("DELETE", f"/admin/sessions/{each}")
    reply = world.admin("GET", "/admin/sessions?active=true&page_size=1")
    assert reply.json == []
    following = next_page(reply)
    assert following
    assert [each["id"] for each in world.admin("GET", following).json] == sessions[:1]


def test_page_tokens_are_opaque_and_open_only_the_list_they_were_made_for(world: World) -> None:
    for _ in range(2):
        session_of(world, "ann@example.org")
    following = next_page(world.admin("GET", "/admin/sessions?page_size=1"))
    assert following
    assert world.admin("GET", following).status == 200
    assert world.admin("GET", following.replace("page_size", "active=true&page_size")).status == 400
    assert world.admin("GET", following + "x").status == 400
    for wrong in ("wrong", NOBODY, "x" * 5000):
        assert world.admin("GET", f"/admin/sessions?page_token={wrong}").status == 400


@pytest.mark.parametrize("query", ["expand=nonsense", "active=perhaps", "page_size=many"])
def test_parameters_of_lists_are_checked(world: World, query: str) -> None:
    assert world.admin("GET", f"/admin/sessions?{query}").status == 400


def test_one_session_is_expanded_as_asked(world: World) -> None:
    session = session_of(world, "ann@example.org")
    plain = world.admin("GET", f"/admin/sessions/{session['id']}").json
    assert (plain["identity"], plain["devices"]) == (None, [])
    full = world.admin("GET", f"/admin/sessions/{session['id']}?expand=Identity&expand=devices").json
    assert full["identity"]["metadata_admin"] is None
    assert full["devices"] == session["devices"]
    assert "token" not in json.dumps(full)


def test_ids_of_no_session_are_told_from_what_is_no_id(world: World) -> None:
    for session_id, status in ((NOBODY, 404), ("not-a-uuid", 400)):
        path = f"/admin/sessions/{session_id}"
        assert world.admin("GET", path).status == status
        assert world.admin("DELETE", path).status == status
        assert world.admin("PATCH", f"{path}/extend").status == status


def test_a_disabled_session_is_over_and_stays_listed(world: World) -> None:
    session = session_of(world, "ann@example.org")
    for _ in range(2):
        assert world.admin("DELETE", f"/admin/sessions/{session['id']}").status == 204
    assert not is_active(world, session)
    assert world.admin("GET", f"/admin/sessions/{session['id']}").json["active"] is False


def test_sessions_live_as_long_as_the_organization_says(sqlite_table: SqliteTable) -> None:
    ours, others = "5a1f9f0e-6f0b-4d8e-8a52-f4d3b6f4c9d1", "7b1f9f0e-6f0b-4d8e-8a52-f4d3b6f4c9d1"
    organizations = [{"id": others}, {"id": ours, "session_lifespan": "2h"}]
    b2b = {"b2b": {"config": {"organizations": organizations}}}
    world = World.build(sqlite_table, {"selfservice": {"methods": b2b}})
    for email, organization, hours in (("a@example.org", ours, 2), ("b@example.org", others, 24)):
        created(world, email, credentials=password(), organization_id=organization)
        app = Native(world)
        session = app.sign_in(email).json["session"]
        assert session["expires_at"] == to_rfc3339(world.clock.now() + timedelta(hours=hours))
        world.clock.pass_by(minutes=30)
        assert extended(world, session["id"]).json["expires_at"] == to_rfc3339(
            world.clock.now() + timedelta(hours=hours)
        )


def test_extending_starts_a_new_lifespan(world: World) -> None:
    session = session_of(world, "ann@example.org")
    world.clock.pass_by(hours=23)
    reply = extended(world, session["id"])
    assert reply.status == 200
    assert reply.json["expires_at"] > session["expires_at"]
    world.clock.pass_by(hours=23)
    assert is_active(world, session)


@pytest.mark.parametrize("ending", ["expired", "revoked", "voided", "inactive"])
def test_what_has_ended_stays_ended(world: World, ending: str) -> None:
    session = session_of(world, "ann@example.org")
    identity = session["identity"]["id"]
    match ending:
        case "expired":
            world.clock.pass_by(hours=25)
        case "revoked":
            world.admin("DELETE", f"/admin/sessions/{session['id']}")
        case "voided":
            stored = world.svc.identities.find(identity)
            assert stored is not None
            world.svc.sessions.revoke_all(stored, keep=None, at=world.clock.now())
        case _:
            state = {"op": "replace", "path": "/state", "value": "inactive"}
            assert world.admin("PATCH", f"/admin/identities/{identity}", [state]).status == 200
    assert extended(world, session["id"]).status == 404
    assert not is_active(world, session)


def test_an_extension_never_undoes_a_revocation_in_between(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_of(world, "ann@example.org")
    store = world.svc.sessions
    prolong = type(store).prolong

    def revoked_first(self: object, changed: Any) -> Any:
        store.revoke(changed.identity_id, changed.id)
        return prolong(store, changed)

    monkeypatch.setattr(type(store), "prolong", revoked_first)
    assert extended(world, session["id"]).status == 404
    assert not is_active(world, session)


def test_too_early_an_extension_changes_nothing(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table, {"session": {"earliest_possible_extend": "1h"}})
    session = session_of(world, "ann@example.org")
    assert extended(world, session["id"]).json["expires_at"] == session["expires_at"]
    world.clock.pass_by(hours=23, minutes=1)
    assert extended(world, session["id"]).json["expires_at"] > session["expires_at"]


def test_a_fast_extension_says_nothing(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table, {"feature_flags": {"faster_session_extend": True}})
    session = session_of(world, "ann@example.org")
    world.clock.pass_by(hours=23)
    reply = extended(world, session["id"])
    assert (reply.status, reply.body) == (204, b"")
    world.clock.pass_by(hours=23)
    assert is_active(world, session)


def test_the_sessions_of_an_identity_come_in_numbered_pages(world: World) -> None:
    sessions = [session_of(world, "ann@example.org") for _ in range(3)]
    path = f"/admin/identities/{sessions[0]['identity']['id']}/sessions"
    reply = world.admin("GET", f"{path}?page_size=2")
    assert [each["id"] for each in reply.json] == [sessions[2]["id"], sessions[1]["id"]]
    assert reply.headers["x-total-count"] == "3"
    following = next_page(reply)
    assert following
    assert [each["id"] for each in world.admin("GET", following).json] == [sessions[0]["id"]]
    world.admin("DELETE", f"/admin/sessions/{sessions[1]['id']}")
    assert len(world.admin("GET", f"{path}?active=true").json) == 2
    assert len(world.admin("GET", f"{path}?active=false").json) == 1
    assert world.admin("GET", f"/admin/identities/{NOBODY}/sessions").json == []
    assert world.admin("GET", "/admin/identities/not-a-uuid/sessions").status == 400


def test_deleting_the_sessions_of_an_identity_leaves_none(world: World) -> None:
    sessions = [session_of(world, "ann@example.org") for _ in range(2)]
    path = f"/admin/identities/{sessions[0]['identity']['id']}/sessions"
    assert world.admin("DELETE", path).status == 204
    assert not any(is_active(world, each) for each in sessions)
    assert world.admin("GET", path).json == []
    assert world.admin("DELETE", path).status == 404
    assert is_active(world, session_of(world, "ann@example.org"))


def test_managing_counts_what_it_ends_and_what_it_deletes(world: World) -> None:
    ann = [session_of(world, "ann@example.org") for _ in range(3)]
    bea = session_of(world, "bea@example.org")
    assert managed(world, action="disable", sessions=[ann[0]["id"], NOBODY]).json == {"processed": 1, "more": False}
    assert managed(world, action="disable", identities=[ann[0]["identity"]["id"]]).json["processed"] == 2
    assert managed(world, action="delete", identities=[ann[0]["identity"]["id"]]).json["processed"] == 3
    assert is_active(world, bea)
    assert managed(world, action="delete", sessions=[bea["id"]]).json["processed"] == 1
    assert world.admin("GET", "/admin/sessions").json == []


@pytest.mark.parametrize("action", ["disable", "delete"])
def test_everybodys_sessions_end_in_steps(world: World, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    monkeypatch.setattr(admin_sessions_manage, "PART", 2)
    monkeypatch.setattr(admin_sessions_manage, "MOST_AT_ONCE", 2)
    sessions = [session_of(world, f"{name}@example.org") for name in ("ann", "bea", "ann")]
    assert managed(world, action=action, identities=["*"]).json == {"processed": 2, "more": True}
    assert managed(world, action=action, identities=["*"]).json == {"processed": 1, "more": False}
    assert managed(world, action=action, identities=["*"]).json == {"processed": 0, "more": False}
    assert not any(is_active(world, each) for each in sessions)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"action": "disable"},
        {"action": "forget", "identities": ["*"]},
        {"action": "disable", "identities": ["*"], "sessions": []},
        {"action": "disable", "identities": []},
        {"action": "disable", "identities": ["*", NOBODY]},
        {"action": "disable", "identities": ["not-a-uuid"]},
        {"action": "disable", "sessions": ["*"]},
        {"action": "disable", "sessions": [NOBODY] * 501},
        {"action": "disable", "identities": ["*"], "surprise": 1},
    ],
    ids=str,
)
def test_who_is_meant_has_to_be_said_plainly(world: World, document: dict[str, Any]) -> None:
    session = session_of(world, "ann@example.org")
    assert world.admin("POST", "/admin/sessions", document).status == 400
    assert is_active(world, session)
