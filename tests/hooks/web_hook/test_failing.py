"""What each hook says of its own patience, and of what follows when it fails: `timeout`, `retry`, `on_error`."""

from __future__ import annotations

from typing import Any

import pytest
from tests.hooks.web_hook.target import INTERRUPT, PARSE, REFUSAL, Scene, after, answer, before
from tests.world import Native

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.delivery import DeliveryStatus
from vestibule.ports import WebTimeout, WebUnreachable

EMAIL = "alice@example.org"
FAILURES = [answer(500), answer(404), WebTimeout("slow"), WebUnreachable("refused")]


def signed_up(table: SqliteTable, config: dict[str, Any], *answers: Any) -> tuple[Any, Scene]:
    scene = Scene(table, after("registration", **config))
    scene.target.answers = list(answers)
    return Native(scene.world).sign_up(EMAIL), scene


def stored(scene: Scene) -> bool:
    return any(key[0].startswith("I#") for key in scene.world.stored())


def noted(scene: Scene) -> list[DeliveryStatus]:
    found, _ = scene.world.svc.deliveries.page(after=None, limit=10)
    return [delivery.status for delivery in found]


def test_an_attempt_has_the_time_that_its_hook_gives_it(sqlite_table: SqliteTable):
    _, scene = signed_up(sqlite_table, {"timeout": "1500ms"}, answer())
    assert 1.4 < scene.target.calls[0].timeout <= 1.5


def test_a_hook_gets_no_more_than_what_is_left_of_the_step(sqlite_table: SqliteTable):
    _, scene = signed_up(sqlite_table, {"timeout": "5m"}, answer())
    assert scene.target.calls[0].timeout <= 25


@pytest.mark.parametrize(
    ("retry", "waits"),
    [
        ({"attempts": 1}, []),
        ({"attempts": 2}, [1.0]),
        ({"attempts": 5, "wait": "500ms"}, [0.5, 1.0, 2.0, 4.0]),
        ({"wait": "0s"}, [0.0, 0.0]),
    ],
)
@pytest.mark.parametrize("trouble", [answer(503), WebUnreachable("refused")])
def test_a_hook_is_tried_as_often_as_it_says(sqlite_table: SqliteTable, retry: Any, waits: list[float], trouble: Any):
    reply, scene = signed_up(sqlite_table, {"retry": retry}, trouble)
    assert (reply.status, len(scene.target.calls), scene.pace.waits) == (502, len(waits) + 1, waits)


@pytest.mark.parametrize(
    ("after_", "waits"),
    [
        ("Sun, 01 Mar 2026 12:00:05 GMT", [5.0]),
        ("Sun, 01 Mar 2026 11:00:00 GMT", [0.0]),
        ("soon", [1.0]),
        ("-5", [1.0]),
        ("²", [1.0]),
        ("Sun, 99 Mar 2026 99:00:00 GMT", [1.0]),
    ],
)
def test_a_target_says_how_long_to_wait_by_a_date_too(sqlite_table: SqliteTable, after_: str, waits: list[float]):
    _, scene = signed_up(sqlite_table, {}, answer(429, retry_after=after_), answer())
    assert scene.pace.waits == waits


def test_only_a_busy_target_says_how_long_to_wait(sqlite_table: SqliteTable):
    _, scene = signed_up(sqlite_table, {}, answer(500, retry_after="7"), answer())
    assert scene.pace.waits == [1.0]


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("mode", [{}, PARSE])
def test_a_step_goes_on_without_a_hook_that_may_fail(sqlite_table: SqliteTable, mode: dict[str, Any], failure: Any):
    reply, scene = signed_up(sqlite_table, {"on_error": "allow", **mode}, failure)
    assert (reply.status, stored(scene)) == (200, True)
    assert noted(scene) == [DeliveryStatus.FAILED]


def test_a_refusal_with_messages_is_no_failure(sqlite_table: SqliteTable):
    reply, scene = signed_up(sqlite_table, {"on_error": "allow", **INTERRUPT}, answer(400, REFUSAL))
    assert (reply.status, stored(scene)) == (400, False)
    assert noted(scene) == [DeliveryStatus.DELIVERED]


def test_a_hook_that_cannot_run_may_fail_too(sqlite_table: SqliteTable):
    reply, _ = signed_up(sqlite_table, {"on_error": "allow", "body": None}, answer())
    assert reply.status == 200


@pytest.mark.parametrize("kind", ["login", "registration", "recovery", "verification"])
def test_a_flow_begins_without_a_gate_that_may_fail(sqlite_table: SqliteTable, kind: str):
    scene = Scene(sqlite_table, before(kind, on_error="allow", **PARSE))
    scene.target.answers = [answer(500)]
    assert Native(scene.world).get(f"/self-service/{kind}/api").status == 200


@pytest.mark.parametrize("failure", FAILURES)
def test_a_registration_is_taken_back(sqlite_table: SqliteTable, failure: Any):
    reply, scene = signed_up(sqlite_table, {"on_error": "compensate"}, failure)
    assert reply.status == (504 if isinstance(failure, WebTimeout) else 502)
    assert not stored(scene)
    assert noted(scene) == [DeliveryStatus.FAILED]
    scene.target.answers = [answer()]
    again = Native(scene.world).sign_up(EMAIL)
    assert again.status == 200


def test_without_that_a_registration_stands(sqlite_table: SqliteTable):
    reply, scene = signed_up(sqlite_table, {}, answer(500))
    assert (reply.status, stored(scene)) == (502, True)


@pytest.mark.parametrize("on_error", ["fail", "compensate"])
def test_in_front_of_saving_there_is_nothing_to_take_back(sqlite_table: SqliteTable, on_error: str):
    reply, scene = signed_up(sqlite_table, {"on_error": on_error, **PARSE}, answer(500))
    assert (reply.status, stored(scene)) == (502, False)


@pytest.mark.parametrize("on_error", ["fail", "allow"])
def test_a_login_is_refused_or_goes_on(sqlite_table: SqliteTable, on_error: str):
    scene = Scene(sqlite_table, after("login", on_error=on_error))
    scene.world.identity(EMAIL)
    scene.target.answers = [answer(500)]
    reply = Native(scene.world).sign_in(EMAIL)
    assert reply.status == (200 if on_error == "allow" else 502)
    assert ("session_token" in reply.json) is (on_error == "allow")
