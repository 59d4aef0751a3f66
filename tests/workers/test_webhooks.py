"""Calls that nobody waits for: stored with the step, made by the worker, tried again until somebody takes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.hooks.web_hook.target import INTERRUPT, REFUSAL, Scene, after, answer, before, hook
from tests.races.staging import Staged
from tests.world import CLIENTS, PASSWORD, Client, Native

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.delivery import DeliveryStatus
from vestibule.domain.event import WEB_HOOK_DUE
from vestibule.local.bus import Bus
from vestibule.ports import WebTimeout, WebUnreachable
from vestibule.stores.breakers import TOLERATED
from vestibule.workers import webhooks

EMAIL = "alice@example.org"
IGNORE: dict[str, Any] = {"response": {"ignore": True}}
TARGET = "https://target.example.org/hook"
MINUTES = [wait / 60 for wait in webhooks.WAITS]


class Delivering:
    """A deployment and its local bus, of which a restart keeps what the table keeps."""

    def __init__(self, table: SqliteTable, *changes: Mapping[str, Any]) -> None:
        self.scene = Scene(table, *changes)
        self.world, self.target = self.scene.world, self.scene.target
        self.restart()

    def restart(self) -> None:
        self.bus = Bus(self.world.svc)
        self.bus.restore()

    def run(self) -> list[Any]:
        """The calls that are made now."""
        before = len(self.target.calls)
        self.bus.step()
        return self.target.calls[before:]

    def wait(self, **duration: float) -> list[Any]:
        self.world.clock.pass_by(**duration)
        return self.run()

    def log(self) -> list[tuple[str, str, int]]:
        """(hook, status, runs), newest first."""
        found, _ = self.world.svc.deliveries.page(after=None, limit=100)
        return [(each.hook, str(each.status), each.runs) for each in found]


def delivering(table: SqliteTable, **config: Any) -> Delivering:
    return Delivering(table, after("registration", **IGNORE, **config))


def without(document: Any, *names: str) -> Any:
    """What is another one each time is left out."""
    if isinstance(document, dict):
        return {name: without(value, *names) for name, value in document.items() if name not in names}
    if isinstance(document, list):
        return [without(each, *names) for each in document]
    return document


# --- what is said ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize(
    "lists",
    [
        after("registration"),
        after("login"),
        before("login"),
        before("registration"),
    ],
    ids=["after registration", "after login", "before login", "before registration"],
)
def test_the_worker_says_what_the_hook_would_have_said(
    sqlite_table: SqliteTable, lists: dict[str, Any], kind: type[Client]
) -> None:
    """The same hook twice: once a step waits for it, once nobody does."""
    ((flow, section),) = lists.items()
    ((place, inner),) = section.items()
    twice = [hook(id="waited"), hook(id="ignored", **IGNORE)]
    listed = {"hooks": twice} if "hooks" in inner else {"password": {"hooks": twice}}
    made = Delivering(sqlite_table, {flow: {place: listed}})
    client = kind(made.world)
    client.sign_up(EMAIL)
    kind(made.world).sign_in(EMAIL)
    waited = [call.json for call in made.target.calls]
    ignored = [call.json for call in made.run()]
    assert len(ignored) == len(waited) > 0
    drawn = [ctx["flow"]["ui"]["nodes"] for ctx in ignored]
    assert all(drawn)
    tokens = {
        node["attributes"]["value"] for nodes in drawn for node in nodes if node["attributes"]["name"] == "csrf_token"
    }
    for one, other in zip(waited, ignored, strict=True):
        for ctx in (one, other):
            for node in ctx["flow"]["ui"]["nodes"]:
                if node["attributes"]["name"] == "csrf_token":
                    node["attributes"]["value"] = len(node["attributes"]["value"])
        assert without(one, "request_cookies") == without(other, "request_cookies")
    for secret in client.cookies.values():
        assert secret not in tokens


def test_nothing_that_the_call_says_is_stored_in_the_clear(sqlite_table: SqliteTable) -> None:
    auth = {"type": "api_key", "config": {"in": "header", "name": "X-Key", "value": "a-key-of-the-target"}}
    made = delivering(sqlite_table, auth=auth)
    Native(made.world).sign_up(EMAIL)
    events = [
        item for key, item in made.world.stored().items() if key[0].startswith("O#") and WEB_HOOK_DUE in item["ev"]
    ]
    assert len(events) == 1
    made.run()
    assert made.target.calls[0].headers["X-Key"] == "a-key-of-the-target"
    everything = json.dumps([*map(str, events), *map(str, made.world.stored().values())])
    assert "a-key-of-the-target" not in everything
    assert EMAIL not in json.dumps([item["ev"] for item in events])
    logged = [item for key, item in made.world.stored().items() if key[0].startswith("D#")]
    assert logged
    assert EMAIL not in str(logged)


def test_what_is_too_much_for_a_queue_is_a_failure_in_both_logs(
    sqlite_table: SqliteTable, caplog: pytest.LogCaptureFixture
) -> None:
    made = delivering(sqlite_table, id="crm")
    noise = made.world.svc.random.bytes(150_000).hex()
    assert Native(made.world).sign_up(EMAIL, transient_payload={"noise": noise}).status == 200
    assert made.run() == []
    assert [record.hook for record in caplog.records if record.levelname == "ERROR"] == ["crm"]
    assert made.log() == [("crm", "failed", 1)]
    ((delivery,), _) = made.world.svc.deliveries.page(after=None, limit=1)
    assert not delivery.waited_for
    assert "too large to be queued" in delivery.error
    reply = made.world.admin("POST", f"/admin/actions/deliveries/{delivery.event_id}/replay")
    assert (reply.status, "too long to be kept" in reply.json["error"]["reason"]) == (409, True)


# --- when it is said ------------------------------------------------------------------------------------


def test_a_step_that_fails_says_nothing_of_what_was_not_stored(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table)
    Native(made.world).sign_up(EMAIL)
    made.run()
    assert Native(made.world).sign_up(EMAIL).status == 400
    assert made.run() == []


def test_what_was_announced_in_front_of_a_refusal_goes_with_it(sqlite_table: SqliteTable) -> None:
    hooks = [hook(id="told", **IGNORE), hook(id="refuses", **INTERRUPT)]
    made = Delivering(sqlite_table, {"login": {"after": {"password": {"hooks": hooks}}}})
    Native(made.world).sign_up(EMAIL)
    made.target.answers = [answer(400, REFUSAL), answer()]
    assert Native(made.world).sign_in(EMAIL).status == 400
    assert len(made.run()) == 1
    assert ("told", "delivered", 1) in made.log()


def test_what_was_announced_in_front_of_a_failure_goes_too(sqlite_table: SqliteTable) -> None:
    hooks = [hook(id="told", **IGNORE), hook(id="fails")]
    made = Delivering(sqlite_table, {"login": {"after": {"password": {"hooks": hooks}}}})
    Native(made.world).sign_up(EMAIL)
    made.target.answers = [answer(404), answer()]
    assert Native(made.world).sign_in(EMAIL).status == 502
    assert len(made.run()) == 1
    assert ("told", "delivered", 1) in made.log()


def test_a_repeat_keeps_its_id_and_a_corrected_form_gets_another(sqlite_table: SqliteTable) -> None:
    hooks = [hook(id="told", **IGNORE), hook(id="refuses", **INTERRUPT)]
    made = Delivering(sqlite_table, {"login": {"after": {"password": {"hooks": hooks}}}})
    Native(made.world).sign_up(EMAIL)
    client = Native(made.world)
    flow = client.start("login")
    made.target.answers = [answer(400, REFUSAL)]
    fields = {"method": "password", "identifier": EMAIL, "password": PASSWORD}
    for payload in ({"code": "1"}, {"code": "1"}, {"code": "2"}):
        assert client.submit(flow, **fields, transient_payload=payload).status == 400
    events = [event.id for event in published(made)]
    assert len(events) == 3
    assert events[0] == events[1] != events[2]


def published(made: Delivering) -> list[Any]:
    from vestibule.workers.publish import publish  # noqa: PLC0415 (used here alone)

    found: list[Any] = []
    made.world.svc.events.keep = found.append
    after: str | None = None
    while changes := made.world.table.changes(after, 100):
        for change in changes:
            publish(change, made.world.svc)
        after = changes[-1].sequence
    return [event for event in found if event.type == WEB_HOOK_DUE]


# --- until it is taken ----------------------------------------------------------------------------------


def test_a_target_that_is_down_is_tried_for_a_day_and_then_buried(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table, id="crm")
    made.target.answers = [answer(503)]
    Native(made.world).sign_up(EMAIL)
    assert len(made.run()) == 3
    assert made.scene.pace.waits == [1.0, 2.0]
    for run, minutes in enumerate(MINUTES, start=2):
        assert made.log() == [("crm", "retrying", run - 1)]
        assert made.wait(minutes=minutes * 0.89) == []
        assert len(made.wait(minutes=minutes * 0.22 + 15)) == 3
    assert made.log() == [("crm", "dead", 7)]
    assert [event.type for event in made.world.svc.events.buried] == [WEB_HOOK_DUE]
    assert made.wait(days=2) == []
    ids = {call.headers["webhook-id"] for call in made.target.calls}
    assert len(ids) == 1


def test_a_replay_and_a_redriven_dead_letter_get_all_runs_again(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table, id="crm")
    made.target.answers = [answer(400)]
    Native(made.world).sign_up(EMAIL)
    made.run()
    ((delivery,), _) = made.world.svc.deliveries.page(after=None, limit=1)

    def seven_times(before: int) -> None:
        for run, minutes in enumerate(MINUTES, start=before + 1):
            assert made.log() == [("crm", "retrying", run)]
            assert len(made.wait(minutes=minutes * 1.11)) == 1
        assert made.log() == [("crm", "dead", before + 7)]

    seven_times(before=0)
    made.world.svc.events.send(made.world.svc.events.buried[-1])
    made.run()
    seven_times(before=7)
    made.world.clock.pass_by(days=4)
    assert made.world.admin("POST", f"/admin/actions/deliveries/{delivery.event_id}/replay").status == 202
    made.run()
    seven_times(before=14)
    assert {call.headers["webhook-id"] for call in made.target.calls} == {delivery.event_id}


def test_whoever_is_back_gets_it(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table)
    made.target.answers = [WebUnreachable("down")]
    Native(made.world).sign_up(EMAIL)
    made.run()
    made.target.answers = [answer(204)]
    assert len(made.wait(minutes=6)) == 1
    assert made.wait(days=1) == []
    assert made.log()[0][1:] == ("delivered", 2)


def test_a_target_that_says_how_long_to_wait_is_left_alone_for_so_long(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table)
    made.target.answers = [answer(429, Retry_After="3600")]
    Native(made.world).sign_up(EMAIL)
    assert len(made.run()) == 1
    assert made.wait(minutes=50) == []
    assert len(made.wait(minutes=11)) == 1


def test_a_target_that_is_gone_is_not_asked_again(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table)
    made.target.answers = [answer(410)]
    Native(made.world).sign_up(EMAIL)
    assert len(made.run()) == 1
    assert made.log()[0][1] == "dead"
    assert made.wait(days=1) == []


def test_a_template_may_want_no_call(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table, body="base64://ZnVuY3Rpb24oY3R4KSBlcnJvciAnY2FuY2VsJw==")
    Native(made.world).sign_up(EMAIL)
    assert made.run() == []
    assert made.log()[0][1] == "cancelled"


def test_a_template_that_breaks_is_tried_again(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table, body="base64://ZnVuY3Rpb24oY3R4KSBlcnJvciAnYm9vbSc=")
    Native(made.world).sign_up(EMAIL)
    assert made.run() == []
    assert made.log()[0][1:] == ("retrying", 1)


def test_a_hook_that_is_configured_no_more_is_dead(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table, id="crm")
    Native(made.world).sign_up(EMAIL)
    other = Delivering(sqlite_table, after("registration", id="another", **IGNORE))
    other.restart()
    assert other.run() == []
    assert other.log() == [("crm", "dead", 1)]


@pytest.mark.attack("flt-07")
def test_the_same_event_again_makes_no_second_call(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table)
    Native(made.world).sign_up(EMAIL)
    (event,) = published(made)
    for _ in range(3):
        webhooks.take(event, made.world.svc)
    made.world.clock.pass_by(days=1)
    webhooks.take(event, made.world.svc)
    assert len(made.target.calls) == 1


def test_what_another_worker_has_is_left_to_it_until_its_lease_ends(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table)
    Native(made.world).sign_up(EMAIL)
    (event,) = published(made)
    assert made.world.svc.deliveries.claim(event.id) == 1
    with pytest.raises(webhooks.TryLater) as later:
        webhooks.take(event, made.world.svc)
    made.world.clock.pass_by(seconds=later.value.seconds)
    webhooks.take(event, made.world.svc)
    assert len(made.target.calls) == 1


def test_waits_survive_a_restart(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table)
    made.target.answers = [answer(500)]
    Native(made.world).sign_up(EMAIL)
    made.run()
    made.target.answers = [answer()]
    made.restart()
    assert made.run() == []
    assert len(made.wait(minutes=6)) == 1


# --- the breaker ----------------------------------------------------------------------------------------


def test_a_target_that_keeps_failing_is_left_alone_and_then_tried_by_one(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table)
    made.target.answers = [answer(500)]
    for number in range(TOLERATED + 3):
        Native(made.world).sign_up(f"{number}-{EMAIL}")
    assert len(made.run()) == 3 * TOLERATED
    assert len(made.wait(seconds=40)) == 3  # one finds out
    made.target.answers = [answer()]
    assert len(made.wait(seconds=70)) == 2
    made.wait(minutes=6)
    assert [status for _, status, _ in made.log()] == ["delivered"] * (TOLERATED + 3)


def test_a_target_that_refuses_one_event_is_not_broken(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table)
    made.target.answers = [answer(400)]
    for number in range(TOLERATED + 2):
        Native(made.world).sign_up(f"{number}-{EMAIL}")
    assert len(made.run()) == TOLERATED + 2


def test_others_are_called_while_one_target_is_left_alone(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table)
    for _ in range(TOLERATED):
        made.world.svc.breakers.failed("https://target.example.org/other")
    breakers = made.world.svc.breakers
    assert not breakers.may_try(TARGET, breakers.state(TARGET))
    elsewhere = "https://elsewhere.example.org/hook"
    assert breakers.may_try(elsewhere, breakers.state(elsewhere))


def test_what_was_delivered_already_does_not_find_out_whether_the_target_is_back(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table)
    Native(made.world).sign_up(EMAIL)
    assert len(made.run()) == 1
    (delivered,) = published(made)
    made.restart()
    for _ in range(TOLERATED):
        made.world.svc.breakers.failed(TARGET)
    Native(made.world).sign_up(f"next-{EMAIL}")
    assert made.run() == []
    made.world.clock.pass_by(minutes=1)
    webhooks.take(delivered, made.world.svc)  # once more, as queues do
    assert len(made.run()) == 1


def test_a_run_that_waits_for_another_to_find_out_is_none(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table)
    made.target.answers = [answer(500)]
    for number in range(TOLERATED + 1):
        Native(made.world).sign_up(f"{number}-{EMAIL}")
    made.run()
    breakers = made.world.svc.breakers
    made.world.clock.pass_by(seconds=40)
    assert breakers.may_try(TARGET, breakers.state(TARGET))  # by somebody else
    assert made.run() == []
    made.target.answers = [answer()]
    made.wait(minutes=3)
    made.wait(minutes=6)
    assert sorted(runs for _, _, runs in made.log()) == [1] + [2] * TOLERATED


def test_a_call_whose_target_rested_for_days_is_in_the_log_and_can_be_replayed(sqlite_table: SqliteTable) -> None:
    made = delivering(sqlite_table, id="crm")
    Native(made.world).sign_up(EMAIL)
    for _ in range(3 * TOLERATED):
        made.world.svc.breakers.failed(TARGET)
    for _ in range(4 * 24 * 4):  # it fails for others, again and again
        assert made.wait(minutes=14) == []
        made.world.svc.breakers.failed(TARGET)
    assert made.log() == [("crm", "dead", 0)]
    ((delivery,), _) = made.world.svc.deliveries.page(after=None, limit=1)
    assert delivery.error == "its target has not worked for days"
    made.world.clock.pass_by(minutes=20)
    assert made.world.admin("POST", f"/admin/actions/deliveries/{delivery.event_id}/replay").status == 202
    assert len(made.run()) == 1
    assert made.log() == [("crm", "delivered", 1)]


def test_every_run_is_in_the_log_with_its_tries(sqlite_table: SqliteTable) -> None:
    template = "base64://" + base64.b64encode(b"function(ctx) {who: ctx.identity.traits.email}").decode()
    made = delivering(sqlite_table, id="crm", body=template)
    made.target.answers = [answer(500, {"error": "of somebody@example.org"}), answer(200, {"ok": True})]
    Native(made.world).sign_up(EMAIL)
    made.run()
    (event,) = published(made)
    delivery, runs = made.world.svc.deliveries.find(event.id) or pytest.fail("not logged")
    assert (delivery.status, delivery.last_status) == (DeliveryStatus.DELIVERED, 200)
    (run,) = runs
    assert [each.status for each in run.tries] == [500, 200]
    assert run.tries[0].response["body"] == {"error": "<redacted>"}
    assert run.tries[1].response["body"] == {"ok": True}
    assert run.tries[0].request["url"] == "https://target.example.org/hook"
    assert run.tries[0].request["body"] == {"who": "<redacted>"}


@pytest.mark.attack("hook-05")
def test_a_hook_that_nobody_waits_for_costs_a_step_no_call_and_no_round_trip(sqlite_table: SqliteTable) -> None:
    counted = Staged(sqlite_table, 0, lambda: None)
    plain = Scene(counted)  # pyright: ignore[reportArgumentType] every method of a Table
    told = Scene(counted, after("registration", **IGNORE))  # pyright: ignore[reportArgumentType] as above
    told.target.answers = [WebTimeout("it never answers")]
    calls: list[int] = []
    for scene in (plain, told):
        scene.world.svc.index.hmac("any", "thing")  # a process reads its index key once
        counted.calls = 0
        assert Native(scene.world).sign_up(f"{len(calls)}-{EMAIL}").status == 200
        calls.append(counted.calls)
    assert calls[0] - 1 == calls[1]  # without the session, which only the other one opens
    assert told.target.calls == []


@pytest.mark.parametrize("point", ["settings", "verification", "recovery"])
def test_every_flow_tells_of_its_end(sqlite_table: SqliteTable, point: str) -> None:
    place = {"after": {"profile": {"hooks": [hook(**IGNORE)]}}} if point == "settings" else after("", "", **IGNORE)[""]
    made = Delivering(sqlite_table, {point: place})
    client = Native(made.world)
    assert client.sign_up(EMAIL).status == 200
    made.run()
    if point == "settings":
        traits = {"email": EMAIL, "name": {"first": "Alice"}}
        assert client.submit(client.start(point), method="profile", traits=traits).status == 200
    else:
        client = Native(made.world)
        flow = client.start(point)
        client.submit(flow, method="code", email=EMAIL)
        made.world.clock.pass_by(seconds=1)
        data = made.world.svc.messages.page(limit=1, recipient=EMAIL)[0].data
        assert client.submit(flow, method="code", code=data[f"{point}_code"]).status in (200, 422)
    (call,) = made.run()
    assert call.json["flow"]["state"] in ("success", "passed_challenge", "show_form")
    assert call.json["identity"]["traits"]["email"] == EMAIL
    assert call.json["flow"]["ui"]["nodes"]
