"""Batches of records through the workers' doors, with what goes wrong in them."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.world import World

from vestibule import wiring
from vestibule.adapters.queued_events import QueuedEvents
from vestibule.domain.event import MESSAGE_QUEUED, Event, written
from vestibule.edge import telemetry
from vestibule.local import doors, routes
from vestibule.ports import Change, ChannelUnavailable
from vestibule.stores.addresses import heard
from vestibule.workers import courier
from vestibule.workers.publish import NotPublished, announced, publish

ROOT = Path(__file__).parents[2]


class Bus(QueuedEvents):
    """Does not take the event with the id 3."""

    def publish(self, events):
        super().publish([event for event in events if event.id != "3"])
        return [position for position, event in enumerate(events) if event.id == "3"]


class Deployment:
    def __init__(self, table):
        self.sent = []
        self.world = World.build(table, deliver=lambda message, letter: self.sent.append(message.id))
        self.svc = self.world.svc

    def invoke(self, worker, records):
        function = routes.Function(worker, ROOT / "functions" / "workers" / worker, "app.handler", {})
        handler = doors.load([function])[worker]
        with wiring.using(self.svc):
            return handler(records, doors.Context(worker, "request"))

    def queue(self):
        put = self.svc.messages.queueing("login_code_valid", via="email", recipient="ann@example.org", data={})
        self.world.table.write(put)
        return put.item["g1sk"]


@pytest.fixture
def deployment(sqlite_table):
    return Deployment(sqlite_table)


def queued(*bodies):
    """Records of SQS; texts are bodies as they are."""
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    records = [
        {"messageId": f"record-{number}", "eventSource": "aws:sqs", "body": text} for number, text in enumerate(texts)
    ]
    return {"Records": records}


def of_bus(message_id):
    return {"detail-type": MESSAGE_QUEUED, "source": "vestibule", "detail": {"type": MESSAGE_QUEUED, "id": message_id}}


def streamed(*images):
    """Records of a table's stream: (old, new), texts only."""
    return {
        "Records": [
            {
                "eventSource": "aws:dynamodb",
                "eventName": "MODIFY" if old else "INSERT",
                "dynamodb": {
                    "Keys": {"pk": {"S": f"M#{number}"}, "sk": {"S": "#"}},
                    "SequenceNumber": str(number),
                    **({"OldImage": {"ev": {"S": old}, "n": {"N": "1"}}} if old else {}),
                    **({"NewImage": {"ev": {"S": new}, "b": {"B": "AAEC"}}} if new else {}),
                },
            }
            for number, (old, new) in enumerate(images)
        ]
    }


@pytest.mark.attack("flt-08")
def test_a_poisoned_message_among_ten_comes_back_alone(deployment):
    ids = [deployment.queue() for _ in range(9)]
    bodies = [of_bus(message_id) for message_id in ids]
    bodies.insert(4, "{no json")
    assert deployment.invoke("courier", queued(*bodies)) == {"batchItemFailures": [{"itemIdentifier": "record-4"}]}
    assert deployment.sent == ids


def test_a_batch_of_nothing_but_poison_is_told_record_by_record(deployment):
    answer = deployment.invoke("courier", queued("{}", '{"detail": {}}', "[]"))
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == [
        "record-0",
        "record-1",
        "record-2",
    ]


@pytest.mark.attack("flt-07")
def test_the_same_record_thrice_in_a_batch_is_one_mail(deployment):
    message_id = deployment.queue()
    for _ in range(2):
        answer = deployment.invoke("courier", queued(*[of_bus(message_id)] * 3))
        assert answer == {"batchItemFailures": []}
    assert deployment.sent == [message_id]


@pytest.mark.attack("flt-08")
def test_changes_that_the_bus_refused_come_back_alone(sqlite_table):
    deployment = Deployment(sqlite_table)
    bus = Bus(deployment.world.clock)
    deployment.svc = replace(deployment.svc, events=bus)
    events = [written([Event(str(number), MESSAGE_QUEUED)]) for number in range(10)]
    answer = deployment.invoke("publish", streamed(*((None, event) for event in events)))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "3"}]}
    assert [event.id for event in bus.take()] == ["0", "1", "2", "4", "5", "6", "7", "8", "9"]


def test_the_publisher_says_an_event_once_however_often_its_item_changes(deployment):
    event, other = (written([Event(name, MESSAGE_QUEUED)]) for name in ("a", "b"))
    images = [(None, event), (event, event), (event, other), (other, None), (None, None)]
    assert deployment.invoke("publish", streamed(*images)) == {"batchItemFailures": []}
    assert [event.id for event in deployment.svc.events.take()] == ["a", "b"]


def test_what_is_announced_is_what_the_new_image_says_and_the_old_did_not():
    event = written([Event("a", "Type", {"of": "x"})])
    assert announced(Change("1", ("p", "s"), None, {"ev": event})) == [Event("a", "Type", {"of": "x"})]
    assert announced(Change("1", ("p", "s"), {"ev": event}, {"ev": event, "n": 2})) == []
    assert announced(Change("1", ("p", "s"), {"ev": event}, None)) == []


def test_a_bus_that_takes_nothing_is_an_error(deployment, sqlite_table):
    class Deaf(QueuedEvents):
        def publish(self, events):
            return range(len(events))

    world = World.build(sqlite_table, events=Deaf(deployment.world.clock))
    with pytest.raises(NotPublished, match="1 of 1"):
        publish(Change("1", ("p", "s"), None, {"ev": written([Event("a", "Type")])}), world.svc)


def test_a_message_that_was_given_up_is_counted_for_an_alarm(deployment, monkeypatch):
    counted = []
    monkeypatch.setattr(telemetry, "alarming", counted.append)
    message_id = deployment.queue()
    deployment.world.clock.pass_by(days=2)

    def out_of_reach(message, letter):
        raise ChannelUnavailable("SES cannot be reached")

    deployment.svc = replace(deployment.svc, deliver=out_of_reach)
    for _ in range(2):  # it is given up once, however often the queue brings it
        assert deployment.invoke("courier", queued(of_bus(message_id))) == {"batchItemFailures": []}
    assert counted == [courier.GIVEN_UP]


# --- what SES reports -----------------------------------------------------------------------------------------


def report(message_id, *, kind="Bounce", sort="Permanent", feedback="feedback-1"):
    said = {
        "Bounce": {"bounceType": sort, "bouncedRecipients": [{"emailAddress": "ann@example.org"}]},
        "Complaint": {"complainedRecipients": [{"emailAddress": "ann@example.org"}]},
        "Delivery": {},
    }[kind]
    mail = {"tags": {"vestibule-message": [message_id], "ses:configuration-set": ["x"]}}
    return {"detail": {"eventType": kind, kind.lower(): said | {"feedbackId": feedback}, "mail": mail}}


def noted_of_ann(deployment):
    (noted,) = heard(deployment.svc.table, deployment.svc.index, [("email", "ann@example.org")])
    return noted.kind if noted else None


@pytest.mark.parametrize(
    ("kind", "sort", "said", "marked"),
    [
        ("Bounce", "Permanent", "does not exist", "bounce"),
        ("Bounce", "Transient", "full or busy", None),
        ("Complaint", "", "complained", "complaint"),
    ],
)
def test_a_report_marks_the_message_and_the_address(deployment, kind, sort, said, marked):
    message_id = deployment.queue()
    deployment.invoke("courier", queued(of_bus(message_id)))
    bodies = [report(message_id, kind=kind, sort=sort)] * 2
    assert deployment.invoke("feedback", queued(*bodies)) == {"batchItemFailures": []}
    _, dispatches = deployment.svc.messages.with_dispatches(message_id)
    assert [said in dispatch.error for dispatch in dispatches] == [False, True]
    assert noted_of_ann(deployment) == marked


def test_reports_of_other_kinds_and_other_mails_change_nothing(deployment):
    unknown = "0190b1f0-0000-7000-8000-000000000000"
    assert deployment.invoke("feedback", queued(report(unknown, kind="Delivery"))) == {"batchItemFailures": []}
    untagged = report(unknown)
    untagged["detail"]["mail"] = {}
    assert deployment.invoke("feedback", queued(untagged)) == {"batchItemFailures": []}
    assert noted_of_ann(deployment) == "bounce"


def test_the_clock_brings_what_nobody_took(deployment):
    message_id = deployment.queue()
    deployment.world.clock.pass_by(minutes=6)
    assert deployment.invoke("sweep", {"detail-type": "Scheduled Event"}) is None
    assert [event.id for event in deployment.svc.events.take()] == [message_id]
