"""What a step makes of a target's answer: every row of contract 02 §4.4, with our deviations."""

from __future__ import annotations

from typing import Any

import pytest
from tests import recovery, verification
from tests.hooks.journeys import ANN, FLOWS, JOURNEYS, default
from tests.hooks.web_hook.target import INTERRUPT, PARSE, REFUSAL, Scene, after, answer, before, hook
from tests.world import CLIENTS, Browser, Client, Native, Reply

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


def outcome(client: Client, kind: str, reply: Reply) -> str | int:
    """What somebody sees: `passed`, `form`, or the code of an error, which browsers are shown on a page of its own."""
    if client.kind != "browser":
        assert "error" not in reply.json or reply.json["error"]["code"] == reply.status
        return "passed" if reply.status == 200 else "form" if "ui" in reply.json else reply.status
    assert reply.status in (302, 303)
    if reply.location.startswith("https://app.example.org/error"):
        return client.get(f"/self-service/errors?id={reply.query('id')}").json["error"]["code"]
    return "form" if reply.location.startswith(f"https://app.example.org/{kind}?flow=") else "passed"


IGNORE: dict[str, Any] = {"response": {"ignore": True}}
COLUMNS = (*MODES, "ignored")
PASSED = ("passed", "passed", "passed", "passed")
ROWS: dict[str, tuple[WebResponse | WebUnreachable, tuple[str | int, ...]]] = {
    "201 with anything": (answer(201, b"anything"), PASSED),
    "204": (answer(204), PASSED),
    "302 to nowhere": (answer(302), PASSED),
    "304": (answer(304), PASSED),
    "200 that is empty": (answer(), PASSED),
    "200 without an identity": (answer(200, {}), PASSED),
    "200 with no identity": (answer(200, {"identity": None}), PASSED),
    "200 with anything": (answer(200, b"anything"), ("passed", "passed", 502, "passed")),
    "400 with messages": (answer(400, REFUSAL), (502, "form", "form", "passed")),
    "499 with messages": (answer(499, REFUSAL), (502, "form", "form", "passed")),
    "400 without a message": (answer(400, EMPTY), (502, 502, 502, "passed")),
    "400 that is no JSON": (answer(400, b"no JSON"), (502, 502, 502, "passed")),
    "400 that is empty": (answer(400), (502, 502, 502, "passed")),
    "429": (answer(429, REFUSAL), (502, 502, 502, "passed")),
    "500": (answer(500, REFUSAL), (502, 502, 502, "passed")),
    "501": (answer(501), (502, 502, 502, "passed")),
    "503": (answer(503), (502, 502, 502, "passed")),
    "no answer in time": (WebTimeout("slow"), (504, 504, 504, "passed")),
    "out of reach": (WebUnreachable("refused"), (502, 502, 502, "passed")),
}
"""An answer, and what comes of it for each of COLUMNS."""


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("column", range(len(COLUMNS)), ids=COLUMNS)
@pytest.mark.parametrize("row", ROWS)
def test_every_row_for_every_client(sqlite_table: SqliteTable, kind: type[Client], column: int, row: str):
    said, expected = ROWS[row]
    mode = (*MODES.values(), IGNORE)[column]
    scene = Scene(sqlite_table, after("login", **mode))
    scene.world.identity(EMAIL)
    scene.target.answers = [said]
    client = kind(scene.world)
    reply = client.sign_in(EMAIL)
    assert outcome(client, "login", reply) == expected[column]
    assert (client.whoami().status == 200) is (expected[column] == "passed")
    assert b"target.example.org" not in reply.body


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize(("said", "code"), [(answer(400, REFUSAL), 502), (answer(500), 502), (WebTimeout("slow"), 504)])
def test_a_failure_behind_a_flow_is_the_same_in_every_flow(
    sqlite_table: SqliteTable, kind: type[Client], flow: str, said: Any, code: int
):
    scene = Scene(sqlite_table, {flow: {"after": default(flow, hook())}})
    if flow != "registration":
        scene.world.identity(ANN)
    scene.target.answers = [said]
    client = kind(scene.world)
    assert outcome(client, flow, JOURNEYS[flow](client)) == code
    assert scene.target.calls


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize(("said", "code"), [(answer(400, REFUSAL), 502), (answer(500), 502), (WebTimeout("slow"), 504)])
def test_a_failure_in_front_of_a_flow_is_the_same_in_every_flow(
    sqlite_table: SqliteTable, kind: type[Client], flow: str, said: Any, code: int
):
    """As recorded, browsers too get the error itself where a recovery or verification does not begin."""
    scene = Scene(sqlite_table, before(flow))
    client = kind(scene.world)
    if flow == "settings":
        scene.world.identity(ANN)
        client.sign_in(ANN)
    scene.target.answers = [said]
    reply = client.get(f"/self-service/{flow}/{'api' if kind is Native else 'browser'}")
    if kind is Browser and flow in ("recovery", "verification"):
        assert (reply.status, reply.json["error"]["code"]) == (code, code)
    else:
        assert outcome(client, flow, reply) == code


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("config", [INTERRUPT, PARSE], ids=["interrupt", "parse"])
def test_a_refusal_behind_a_flow_opens_a_form(
    sqlite_table: SqliteTable, kind: type[Client], flow: str, config: dict[str, Any]
):
    """The one that was sent; a recovery or verification, whose code is used up, goes on with a new one."""
    scene = Scene(sqlite_table, {flow: {"after": default(flow, hook(**config))}})
    if flow != "registration":
        scene.world.identity(ANN)
    scene.target.answers = [answer(403, REFUSAL)]
    client = kind(scene.world)
    reply = JOURNEYS[flow](client)
    if flow == "recovery":
        assert recovery.restarted(client, reply).document["state"] == "choose_method"
    elif flow == "verification":
        assert verification.replacement(client, reply).document["state"] == "choose_method"
    else:
        assert client.refused_flow(flow, reply).messages_at("traits.email") == [1234]
    assert (client.whoami().status == 200) is (flow == "settings")


@pytest.mark.parametrize("body", [b"text", b'"text"', b"7", b"[]", b'{"identity": 1}', b'{"identity": {"state": 5}}'])
def test_a_200_that_is_parsed_and_no_object_is_a_502(sqlite_table: SqliteTable, body: bytes):
    assert signed_up(sqlite_table, PARSE, answer(200, body))[0].status == 502
    assert sqlite_table.query("I#") == []


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
@pytest.mark.parametrize("body", [{}, [], {"messages": [{"messages": [{"id": "x"}]}]}])
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


def test_what_earlier_hooks_took_is_gone_for_later_ones(sqlite_table: SqliteTable):
    _, scene = signed_up(sqlite_table, {}, answer(503, retry_after="20"), answer())
    assert scene.target.calls[0].timeout > 24
    assert scene.target.calls[1].timeout < 5.1


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("kind", FLOWS)
def test_a_refusal_before_a_flow_is_a_403_that_says_why(sqlite_table: SqliteTable, kind: str, client: type[Client]):
    scene = Scene(sqlite_table, before(kind, **PARSE))
    somebody = client(scene.world)
    somebody.sign_up(EMAIL)
    if kind != "settings":
        somebody = client(scene.world)
    scene.target.answers = [answer(403, REFUSAL)]
    reply = somebody.get(f"/self-service/{kind}/{'api' if client is Native else 'browser'}")
    if client is Browser:
        assert (reply.status, reply.location.split("?")[0]) == (303, "https://app.example.org/error")
        reply = somebody.get(f"/self-service/errors?id={reply.query('id')}")
    else:
        assert reply.status == 403
    assert reply.json["error"]["id"] == "self_service_flow_refused"
    assert reply.json["error"]["details"]["messages"][0]["text"] == "Not you."


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("flow", FLOWS)
def test_an_identity_in_the_answer_before_a_flow_changes_nothing(
    sqlite_table: SqliteTable, kind: type[Client], flow: str
):
    scene = Scene(sqlite_table, before(flow, **PARSE))
    person = scene.world.identity(ANN)
    client = kind(scene.world)
    if flow == "settings":
        client.sign_in(ANN)
    scene.target.answers = [answer(200, {"identity": {"state": "inactive", "metadata_public": {"a": 1}}})]
    assert client.start(flow).id == scene.target.calls[-1].json["flow"]["id"]
    stored = scene.world.svc.identities.find(person.id)
    assert stored is not None
    assert (stored.active, stored.metadata_public) == (True, None)


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
