"""What a step makes of a target's answer: every row of contract 02 §4.4, with our deviations."""

from __future__ import annotations

from typing import Any

import pytest
from tests.hooks.web_hook.target import INTERRUPT, PARSE, REFUSAL, Scene, after, answer, before
from tests.world import Browser, Client, Native, Spa

from vestibule.adapters.sqlite import SqliteTable
from vestibule.local.bus import Bus
from vestibule.ports import WebResponse, WebTimeout, WebUnreachable

EMAIL = "alice@example.org"
EMPTY = {"messages": []}
MODES: dict[str, dict[str, Any]] = {"plain": {}, "interrupt": INTERRUPT, "parse": PARSE}


def signed_up(table: SqliteTable, config: dict[str, Any], *answers: WebResponse | WebUnreachable) -> tuple[Any, Scene]:
    scene = Scene(table, after("registration", **config))
    scene.target.answers = list(answers)
    return Native(scene.world).sign_up(EMAIL), scene


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "said", [answer(), answer(200, {}), answer(201, b"x"), answer(204), answer(304), answer(200, {"identity": None})]
)
def test_answers_below_400_pass(sqlite_table: SqliteTable, mode: str, said: WebResponse):
    assert signed_up(sqlite_table, MODES[mode], said)[0].status == 200


@pytest.mark.parametrize("body", [b"text", b'"text"', b"7", b"[]", b'{"identity": 1}', b'{"identity": {"state": 5}}'])
def test_a_200_that_is_parsed_and_no_object_is_a_502(sqlite_table: SqliteTable, body: bytes):
    assert signed_up(sqlite_table, PARSE, answer(200, body))[0].status == 502
    assert sqlite_table.query("I#") == []


@pytest.mark.parametrize("mode", ["plain", "interrupt"])
def test_a_200_that_is_not_parsed_may_say_anything(sqlite_table: SqliteTable, mode: str):
    reply, _ = signed_up(sqlite_table, MODES[mode], answer(200, b"anything"))
    assert reply.status == 200


@pytest.mark.parametrize("mode", ["interrupt", "parse"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 499])
def test_messages_of_a_4xx_stand_in_the_form(sqlite_table: SqliteTable, mode: str, status: int):
    reply, scene = signed_up(sqlite_table, MODES[mode], answer(status, REFUSAL))
    assert reply.status == 400
    (message,) = reply.flow.nodes["traits.email"]["messages"]
    assert message == {"id": 1234, "text": "Not you.", "type": "error", "context": {}}
    assert reply.flow.nodes["traits.email"]["attributes"]["value"] == EMAIL
    assert Native(scene.world).sign_in(EMAIL).flow.message_ids == [4000006]


@pytest.mark.parametrize("mode", ["interrupt", "parse"])
@pytest.mark.parametrize("body", [None, b"no json", EMPTY, {}, [], {"messages": [{"messages": [{"id": "x"}]}]}])
def test_a_4xx_without_messages_is_a_502(sqlite_table: SqliteTable, mode: str, body: Any):
    assert signed_up(sqlite_table, MODES[mode], answer(400, body))[0].status == 502


def test_a_4xx_of_a_plain_hook_is_a_502_behind_the_stored_identity(sqlite_table: SqliteTable):
    reply, scene = signed_up(sqlite_table, {}, answer(400, REFUSAL))
    assert reply.status == 502
    assert set(reply.json["error"]) == {"code", "status", "message", "reason"}
    scene.target.answers = [answer()]
    assert Native(scene.world).sign_up(EMAIL).flow.message_ids == [4000007]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_failures_are_tried_three_times(sqlite_table: SqliteTable, mode: str, status: int):
    reply, scene = signed_up(sqlite_table, MODES[mode], answer(status, REFUSAL))
    assert (reply.status, len(scene.target.calls), scene.pace.waits) == (502, 3, [1.0, 2.0])


def test_a_501_is_tried_once(sqlite_table: SqliteTable):
    reply, scene = signed_up(sqlite_table, {}, answer(501))
    assert (reply.status, len(scene.target.calls)) == (502, 1)


def test_a_failure_that_passes_is_forgotten(sqlite_table: SqliteTable):
    reply, scene = signed_up(sqlite_table, {}, answer(500), WebUnreachable("refused"), answer())
    assert (reply.status, len(scene.target.calls)) == (200, 3)
    ids = [call.headers["Ory-Webhook-Request-ID"] for call in scene.target.calls]
    triggers = {call.headers["Ory-Webhook-Trigger-ID"] for call in scene.target.calls}
    assert (len(set(ids)), len(triggers)) == (3, 1)


def test_a_target_says_how_long_to_wait(sqlite_table: SqliteTable):
    _, scene = signed_up(sqlite_table, {}, answer(503, retry_after="7"), answer())
    assert scene.pace.waits == [7.0]


def test_nobody_waits_beyond_the_deadline_of_the_step(sqlite_table: SqliteTable):
    reply, scene = signed_up(sqlite_table, {}, answer(503, retry_after="60"), answer())
    assert (reply.status, scene.pace.waits) == (502, [])


@pytest.mark.parametrize(("trouble", "status"), [(WebTimeout("slow"), 504), (WebUnreachable("refused"), 502)])
@pytest.mark.parametrize("mode", MODES)
def test_a_target_that_does_not_answer(sqlite_table: SqliteTable, mode: str, trouble: WebUnreachable, status: int):
    reply, _ = signed_up(sqlite_table, MODES[mode], trouble)
    assert reply.status == status
    assert b"target.example.org" not in reply.body


def test_what_earlier_hooks_took_is_gone_for_later_ones(sqlite_table: SqliteTable):
    _, scene = signed_up(sqlite_table, {}, answer(503, retry_after="20"), answer())
    assert scene.target.calls[0].timeout > 24
    assert scene.target.calls[1].timeout < 5.1


def test_browsers_see_the_error_page(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("registration"))
    scene.target.answers = [answer(500)]
    reply = Browser(scene.world).sign_up(EMAIL)
    assert reply.status == 303
    assert reply.location.startswith("https://app.example.org/error?id=")


@pytest.mark.parametrize("client", [Native, Spa])
@pytest.mark.parametrize("kind", ["login", "registration", "recovery", "verification"])
def test_a_refusal_before_a_flow_is_a_403_that_says_why(sqlite_table: SqliteTable, kind: str, client: type[Client]):
    scene = Scene(sqlite_table, before(kind, **PARSE))
    scene.target.answers = [answer(403, REFUSAL)]
    path = f"/self-service/{kind}/{'api' if client is Native else 'browser'}"
    reply = client(scene.world).get(path)
    assert reply.status == 403
    assert reply.json["error"]["id"] == "self_service_flow_refused"
    assert reply.json["error"]["details"]["messages"][0]["text"] == "Not you."


@pytest.mark.parametrize("kind", ["login", "registration", "recovery", "verification"])
def test_browsers_that_are_refused_see_the_error_page(sqlite_table: SqliteTable, kind: str):
    scene = Scene(sqlite_table, before(kind, **PARSE))
    scene.target.answers = [answer(403, REFUSAL)]
    reply = Browser(scene.world).get(f"/self-service/{kind}/browser")
    assert (reply.status, reply.location.split("?")[0]) == (303, "https://app.example.org/error")


def test_an_identity_in_the_answer_before_a_flow_changes_nothing(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, before("login", **PARSE))
    scene.target.answers = [answer(200, {"identity": {"state": "inactive"}})]
    assert Native(scene.world).get("/self-service/login/api").status == 200


def test_nobody_waits_for_an_answer_that_is_ignored(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("registration", response={"ignore": True}))
    scene.target.answers = [answer(500)]
    assert Native(scene.world).sign_up(EMAIL).status == 200
    assert scene.target.calls == []
    Bus(scene.world.svc).step()
    assert len(scene.target.calls) == 3


def test_an_ignored_answer_cannot_be_parsed(sqlite_table: SqliteTable):
    reply, scene = signed_up(sqlite_table, {"response": {"ignore": True, "parse": True}}, answer())
    assert (reply.status, reply.json["error"]["code"], scene.target.calls) == (400, 500, [])


@pytest.mark.parametrize("mode", ["interrupt", "parse"])
def test_default_hooks_that_may_refuse_run_too(sqlite_table: SqliteTable, mode: str):
    scene = Scene(
        sqlite_table,
        {
            "registration": {
                "after": {
                    "hooks": after("registration", "", **MODES[mode])["registration"]["after"]["hooks"],
                    "password": {"hooks": []},
                }
            }
        },
    )
    scene.target.answers = [answer(400, REFUSAL)]
    assert Native(scene.world).sign_up(EMAIL).flow.messages_at("traits.email") == [1234]


@pytest.mark.parametrize("location", ["http://[a/", "ftp://a/", "//", "http://[::1", "javascript:alert(1)"])
def test_a_redirect_to_nowhere_is_a_502(sqlite_table: SqliteTable, location: str):
    unreachable = WebUnreachable("no address")
    reply, _ = signed_up(sqlite_table, {}, answer(302, location=location), unreachable)
    assert reply.status == 502
