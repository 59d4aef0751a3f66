"""From the table's change to the dead letters on AWS as far as moto is it: the rule and the queues of the template."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from msgspec.structs import replace
from tests.hooks.web_hook.target import Scene, after, answer
from tests.world import Native

from vestibule import wiring
from vestibule.adapters.aws import AwsService
from vestibule.adapters.eventbridge import EventBridge, Queues
from vestibule.adapters.sqlite import SqliteTable
from vestibule.edge import consumer
from vestibule.local import template
from vestibule.workers import webhooks
from vestibule.workers.publish import publish
from vestibule.workers.sweep import sweep

REGION = "eu-central-1"
BUS = "the-bus"
RESOURCES = template.read(Path(__file__).parents[2] / "infra" / "messaging.yaml")["Resources"]


class _Path:
    def __init__(self, text: str) -> None:
        self._name = text.removeprefix("$.").strip("'\"")

    def find(self, event: dict[str, Any]) -> list[Any]:
        return [SimpleNamespace(value=event[self._name])] if self._name in event else []


class Pipe:
    """Bus, rule and queues as infra/messaging.yaml has them, and the worker's function behind them."""

    def __init__(self, table: SqliteTable) -> None:
        self.sqs = boto3.client("sqs", region_name=REGION)
        events = boto3.client("events", region_name=REGION)
        events.create_event_bus(Name=BUS)
        self.dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        waits = str(RESOURCES["Webhooks"]["Properties"]["VisibilityTimeout"])
        self.queue = self.sqs.create_queue(QueueName="calls", Attributes={"VisibilityTimeout": waits})["QueueUrl"]
        pattern = RESOURCES["ToTheWebhooks"]["Properties"]["EventPattern"]
        events.put_rule(Name="calls", EventBusName=BUS, EventPattern=json.dumps(pattern))
        arn = f"arn:aws:sqs:{REGION}:{DEFAULT_ACCOUNT_ID}:calls"
        events.put_targets(Rule="calls", EventBusName=BUS, Targets=[{"Id": "calls", "Arn": arn}])
        self.scene = Scene(table, after("registration", response={"ignore": True}))
        queues = Queues(webhooks=self.queue, webhooks_dead=self.dead)
        bus = EventBridge(BUS, queues, AwsService("events", REGION), AwsService("sqs", REGION))
        self.world = self.scene.world
        self.world.svc = replace(self.world.svc, events=bus)
        self._handler = consumer.of_calls(webhooks.take)

    def publish(self) -> None:
        for change in self.world.table.changes(None, 1000):
            publish(change, self.world.svc)

    def receive(self) -> dict[str, Any] | None:
        """The record that the event source would bring."""
        found = self.sqs.receive_message(QueueUrl=self.queue, AttributeNames=["All"]).get("Messages", [])
        if not found:
            return None
        (message,) = found
        source = {"eventSource": "aws:sqs", "eventSourceARN": "calls", "awsRegion": REGION}
        return source | {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
        }

    def work(self, record: dict[str, Any]) -> list[Any]:
        """As Lambda does: what is not told back is deleted. Returns what is told back."""
        with wiring.using(self.world.svc):
            failures = self._handler({"Records": [record]}, None)["batchItemFailures"]
        if not failures:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=record["receiptHandle"])
        return failures

    def count(self, url: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(number) for number in found.values())


@pytest.fixture
def pipe(sqlite_table: SqliteTable, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    # moto reads the parts of every event by jsonpath_ng. They are all `$.name`, for which no library is needed.
    path = ModuleType("jsonpath_ng.ext")
    path.parse = _Path  # pyright: ignore[reportAttributeAccessIssue] a module that is made up here
    monkeypatch.setitem(sys.modules, "jsonpath_ng", ModuleType("jsonpath_ng"))
    monkeypatch.setitem(sys.modules, "jsonpath_ng.ext", path)
    with mock_aws():
        yield Pipe(sqlite_table)


def test_the_rule_brings_calls_and_nothing_else_to_the_worker(pipe: Pipe) -> None:
    assert Native(pipe.world).sign_up("alice@example.org").status == 200
    pipe.publish()
    assert pipe.count(pipe.queue) == 1
    record = pipe.receive()
    assert record is not None
    assert pipe.work(record) == []
    assert len(pipe.scene.target.calls) == 1
    assert pipe.count(pipe.queue) == 0


def test_what_fails_is_hidden_until_its_next_run_and_buried_behind_the_last(pipe: Pipe) -> None:
    Native(pipe.world).sign_up("alice@example.org")
    pipe.scene.target.answers = [answer(400)]
    pipe.publish()
    record = pipe.receive()
    assert record is not None
    for _ in webhooks.WAITS:
        assert pipe.work(record) == [{"itemIdentifier": record["messageId"]}]
        assert pipe.receive() is None  # hidden
        assert (pipe.count(pipe.queue), pipe.count(pipe.dead)) == (1, 0)
        pipe.world.clock.pass_by(hours=11)
    pipe.world.clock.pass_by(hours=-11 * len(webhooks.WAITS))  # no event is given up for its age here
    pipe.world.clock.pass_by(minutes=30)
    assert pipe.work(record) == []
    assert (pipe.count(pipe.queue), pipe.count(pipe.dead)) == (0, 1)
    (letter,) = pipe.sqs.receive_message(QueueUrl=pipe.dead)["Messages"]
    assert json.loads(letter["Body"])["detail"]["id"] == pipe.scene.target.calls[0].headers["webhook-id"]


def test_a_dead_letter_that_is_driven_back_runs_again(pipe: Pipe) -> None:
    Native(pipe.world).sign_up("alice@example.org")
    pipe.scene.target.answers = [answer(410), answer(204)]
    pipe.publish()
    record = pipe.receive()
    assert record is not None
    assert pipe.work(record) == []
    assert pipe.count(pipe.dead) == 1
    (letter,) = pipe.sqs.receive_message(QueueUrl=pipe.dead)["Messages"]
    pipe.sqs.send_message(QueueUrl=pipe.queue, MessageBody=letter["Body"])  # as the console's redrive does
    record = pipe.receive()
    assert record is not None
    assert pipe.work(record) == []
    assert (pipe.count(pipe.queue), len(pipe.scene.target.calls)) == (0, 2)
    first, second = (call.headers["webhook-id"] for call in pipe.scene.target.calls)
    assert first == second
    ((delivery,), _) = pipe.world.svc.deliveries.page(after=None, limit=1)
    assert (str(delivery.status), delivery.runs) == ("delivered", 2)


def test_what_a_publisher_missed_for_days_is_swept_to_the_worker(pipe: Pipe) -> None:
    Native(pipe.world).sign_up("alice@example.org")
    pipe.world.clock.pass_by(days=2)
    assert sweep(pipe.world.svc) == 3  # the call, what happened, and a mail
    record = pipe.receive()
    assert record is not None
    assert pipe.work(record) == []
    assert len(pipe.scene.target.calls) == 1
    assert sweep(pipe.world.svc) == 1  # the mail, which nobody delivers here
