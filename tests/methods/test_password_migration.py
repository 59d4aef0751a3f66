"""Passwords that another system has: it is asked at the first sign-in, and never again. Contract 02 §5."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from tests.hooks.web_hook.target import TEMPLATES, Pace, Target, answer
from tests.world import CLIENTS, Client, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import WebTimeout, WebUnreachable

EMAIL, PASSWORD = "alice@example.org", "an old secret of hers"
MATCH = answer(200, {"status": "password_match"})


class Migrating:
    """A deployment with somebody whose password is elsewhere."""

    def __init__(
        self, table: SqliteTable, *answers: Any, selfservice: Mapping[str, Any] | None = None, **config: Any
    ) -> None:
        self.target = Target(list(answers) or [MATCH])
        hook = {"enabled": True, "config": {"url": "https://old.example.org/check", **config}}
        changes: Mapping[str, Any] = {
            "selfservice": {"methods": {"password": {"config": {"migrate_hook": hook}}}, **(selfservice or {})}
        }
        self.world = World.build(table, changes, web=self.target, pace=Pace(), templates=TEMPLATES)
        self.identity(EMAIL)

    def identity(self, email: str) -> None:
        credentials = {"password": {"config": {"use_password_migration_hook": True}}}
        body = {"schema_id": "person", "traits": {"email": email}, "credentials": credentials}
        assert self.world.admin("POST", "/admin/identities", body).status == 201

    def sign_in(self, password: str = PASSWORD) -> Any:
        return Native(self.world).sign_in(EMAIL, password)


@pytest.mark.parametrize("kind", CLIENTS)
def test_the_first_sign_in_brings_the_password_here(sqlite_table: SqliteTable, kind: type[Client]):
    scene = Migrating(sqlite_table)
    assert kind(scene.world).sign_in(EMAIL, PASSWORD).status in (200, 303)
    (call,) = scene.target.calls
    assert (call.method, call.json) == ("POST", {"identifier": EMAIL, "password": PASSWORD})
    assert call.headers["webhook-signature"].startswith("v1,")
    assert scene.sign_in().status == 200
    assert scene.sign_in("another one").flow.message_ids == [4000006]
    assert len(scene.target.calls) == 1


def test_who_comes_first_is_then_asked_for_a_password_that_is_elsewhere(sqlite_table: SqliteTable):
    steps: Mapping[str, Any] = {"flows": {"login": {"style": "identifier_first"}}}
    scene = Migrating(sqlite_table, selfservice=steps)
    spa = Spa(scene.world)
    second = spa.submit(spa.start("login"), method="identifier_first", identifier=EMAIL).flow
    assert second.nodes["identifier"]["messages"] == []
    assert spa.submit(second, method="password", identifier=EMAIL, password=PASSWORD).status == 200


@pytest.mark.parametrize(
    "said",
    [
        answer(403),
        answer(403, {"status": "password_match"}),
        answer(200),
        answer(200, b"no json"),
        answer(200, []),
        answer(200, {"status": "no"}),
        answer(200, {"status": True}),
    ],
)
def test_whoever_is_not_known_there_is_told_what_everybody_is_told(sqlite_table: SqliteTable, said: Any):
    scene = Migrating(sqlite_table, said)
    refused = scene.sign_in()
    assert (refused.status, refused.flow.message_ids) == (400, [4000006])
    stranger = Native(scene.world).sign_in("nobody@example.org", PASSWORD)
    assert set(refused.json) == set(stranger.json)
    assert refused.flow.nodes.keys() == stranger.flow.nodes.keys()
    scene.sign_in()
    assert len(scene.target.calls) == 2


@pytest.mark.parametrize("said", [answer(500), answer(404), answer(201), WebUnreachable("refused"), WebTimeout("slow")])
def test_a_system_that_does_not_answer_is_a_502(sqlite_table: SqliteTable, said: Any):
    scene = Migrating(sqlite_table, said)
    reply = scene.sign_in()
    assert reply.status == 502
    assert b"old.example.org" not in reply.body


def test_without_the_hook_it_is_a_misconfiguration(sqlite_table: SqliteTable):
    scene = Migrating(sqlite_table)
    world = World.build(sqlite_table, web=scene.target)
    reply = Native(world).sign_in(EMAIL, PASSWORD)
    assert (reply.status, reply.error_id) == (500, "invalid_configuration")


def test_guesses_are_counted_before_anybody_is_asked(sqlite_table: SqliteTable):
    scene = Migrating(sqlite_table, answer(403))
    statuses = [scene.sign_in(f"guess {number}").status for number in range(14)]
    assert statuses == [400] * 10 + [429] * 4 or statuses.count(429) >= 3
    assert len(scene.target.calls) == statuses.count(400)


def test_nobody_else_is_asked_about(sqlite_table: SqliteTable):
    scene = Migrating(sqlite_table)
    scene.world.identity("bob@example.org", "a password of his own")
    assert Native(scene.world).sign_in("bob@example.org", PASSWORD).flow.message_ids == [4000006]
    assert Native(scene.world).sign_in("nobody@example.org", PASSWORD).flow.message_ids == [4000006]
    assert scene.target.calls == []


def test_a_template_gets_the_context_with_what_was_typed(sqlite_table: SqliteTable):
    text = "function(ctx) {u: ctx.identifier, p: ctx.password, id: ctx.identity.id, via: ctx.request_method}"
    scene = Migrating(sqlite_table, body="base64://" + base64.b64encode(text.encode()).decode())
    reply = scene.sign_in()
    told = scene.target.calls[0].json
    assert (told["u"], told["p"], told["via"]) == (EMAIL, PASSWORD, "POST")
    assert told["id"] == reply.json["session"]["identity"]["id"]


def test_the_password_is_neither_logged_nor_stored(sqlite_table: SqliteTable, caplog: pytest.LogCaptureFixture):
    scene = Migrating(sqlite_table, answer(500), answer(403), MATCH)
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            scene.sign_in()
    assert PASSWORD not in f"{caplog.text}{scene.world.stored()}"


def test_a_password_that_was_set_meanwhile_stays(sqlite_table: SqliteTable):
    """The other system answers while the person sets a new password here."""
    scene = Migrating(sqlite_table)
    svc = scene.world.svc

    class Setting(Target):
        def request(self, *arguments: Any, **keys: Any) -> Any:
            identity = svc.identities.by_identifier(["password"], EMAIL)
            assert identity is not None
            svc.identities.update(
                identity, identity, {"password": {"hashed_password": svc.hasher.hash("set meanwhile 42")}}, told=()
            )
            return super().request(*arguments, **keys)

    setting = Setting([MATCH])
    world = World.build(sqlite_table, _hooked(), web=setting, pace=Pace(), templates=TEMPLATES)
    Native(world).sign_in(EMAIL, PASSWORD)
    assert Native(world).sign_in(EMAIL, "set meanwhile 42").status == 200


def _hooked() -> Mapping[str, Any]:
    hook = {"enabled": True, "config": {"url": "https://old.example.org/check"}}
    return {"selfservice": {"methods": {"password": {"config": {"migrate_hook": hook}}}}}


@pytest.mark.parametrize(
    ("said", "status", "last", "error"),
    [
        (MATCH, "delivered", 200, ""),
        (answer(403), "delivered", 403, ""),
        (answer(404), "failed", 404, "it answered 404"),
    ],
)
def test_what_was_asked_there_is_in_the_delivery_log_without_the_password(
    sqlite_table: SqliteTable, said: Any, status: str, last: int, error: str
):
    scene = Migrating(sqlite_table, said)
    scene.sign_in()
    ((found,), _) = scene.world.svc.deliveries.page(after=None, limit=2)
    assert (found.hook, str(found.status), found.last_status, found.error) == (
        "password_migration_hook",
        status,
        last,
        error,
    )
    rows = [item for key, item in scene.world.stored().items() if key[0].startswith("D#")]
    assert rows
    assert PASSWORD not in str(rows)
    assert EMAIL not in str(rows)
