"""SES, text messages and the bus, on moto and with the errors that moto does not know."""

import email
import json
from datetime import UTC, datetime
from email.policy import default

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from vestibule.adapters.aws import AwsRefused, AwsService, AwsUnanswered
from vestibule.adapters.eventbridge import EventBridge, Queues
from vestibule.adapters.ses import Ses
from vestibule.adapters.sms import AwsSms
from vestibule.config.courier import Smtp
from vestibule.config.vestibule import SmsSender
from vestibule.domain.courier import CourierMessage, Letter
from vestibule.domain.event import Event
from vestibule.ports import ChannelUnavailable, EventsUnavailable, MessageRefused

REGION = "eu-central-1"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = Smtp.model_validate({"from_address": "no-reply@example.org"})
QUEUES = Queues("https://sqs.example.org/courier", "https://sqs.example.org/calls", "https://sqs.example.org/dead")
LETTER = Letter("Hello", "Text", "<p>Text</p>")


class Clock:
    def now(self):
        return AT


class Answers:
    """An AwsService that answers what it is told, in turn."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.calls = []

    def call(self, operation, **arguments):
        self.calls.append((operation, arguments))
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        return answer


def message(via="email", recipient="ann@example.org"):
    return CourierMessage(
        id="01970000-0000-7000-8000-000000000000", via=via, channel=via, recipient=recipient,
        template_type="login_code_valid", data={}, created_at=AT, updated_at=AT,
    )  # fmt: skip


# --- SES ------------------------------------------------------------------------------------------------------


@mock_aws
def test_a_mail_leaves_through_ses():
    client = boto3.client("sesv2", region_name=REGION)
    client.create_email_identity(EmailIdentity="no-reply@example.org")
    Ses(SETTINGS, None, AwsService("sesv2", REGION), Clock())(message(), LETTER)
    (sent,) = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    mail = email.message_from_string(sent.raw_data, policy=default)
    assert (mail["To"], mail["Subject"]) == ("ann@example.org", "Hello")


def test_ses_is_told_the_configuration_set_and_which_message_it_is():
    service = Answers()
    Ses(SETTINGS, "the-set", service, Clock())(message(), LETTER)
    ((operation, arguments),) = service.calls
    assert (operation, arguments["ConfigurationSetName"]) == ("send_email", "the-set")
    assert arguments["Destination"] == {"ToAddresses": ["ann@example.org"]}
    assert arguments["EmailTags"] == [{"Name": "vestibule-message", "Value": "01970000-0000-7000-8000-000000000000"}]


@pytest.mark.attack("flt-10")
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (AwsRefused("MessageRejected"), MessageRefused),
        (AwsRefused("TooManyRequestsException"), ChannelUnavailable),
        (AwsRefused("SendingPausedException"), ChannelUnavailable),
        (AwsRefused("AccountSuspendedException"), ChannelUnavailable),
        (AwsRefused("AccessDeniedException"), ChannelUnavailable),
        (AwsUnanswered("ReadTimeoutError"), ChannelUnavailable),
    ],
)
def test_failures_of_ses_are_the_messages_or_the_channels(answer, error):
    with pytest.raises(error):
        Ses(SETTINGS, None, Answers(answer), Clock())(message(), LETTER)


def test_an_endpoint_that_is_not_there_is_unanswered(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with pytest.raises(AwsUnanswered):
        AwsService("sesv2", REGION).call("get_account")


# --- text messages --------------------------------------------------------------------------------------------


def test_a_text_message_leaves_through_end_user_messaging():
    messaging, sns = Answers(), Answers()
    settings = SmsSender.model_validate({"origination_identity": "pool-1"})
    AwsSms(settings, messaging, sns)(message("sms", "+4915112345678"), Letter("", "Text"))
    ((operation, arguments),) = messaging.calls
    assert operation == "send_text_message"
    assert arguments["OriginationIdentity"] == "pool-1"
    assert "ConfigurationSetName" not in arguments
    assert sns.calls == []


def test_sns_stands_in_where_the_account_has_no_number():
    sns = Answers()
    messaging = Answers(AwsRefused("ResourceNotFoundException"))
    AwsSms(SmsSender(), messaging, sns)(message("sms", "+4915112345678"), Letter("", "Text"))
    ((operation, arguments),) = sns.calls
    assert (operation, arguments["PhoneNumber"], arguments["Message"]) == ("publish", "+4915112345678", "Text")


def test_what_may_have_been_sent_is_not_sent_by_another_service():
    sns = Answers()
    with pytest.raises(ChannelUnavailable):
        AwsSms(SmsSender(), Answers(AwsUnanswered("ReadTimeoutError")), sns)(message("sms"), Letter("", "Text"))
    assert sns.calls == []


@pytest.mark.parametrize(
    ("messaging", "sns", "error"),
    [
        (AwsRefused("ValidationException"), {}, MessageRefused),
        (AwsRefused("ThrottlingException"), {}, ChannelUnavailable),
        (AwsRefused("AccessDeniedException"), AwsRefused("InvalidParameter"), MessageRefused),
        (AwsRefused("AccessDeniedException"), AwsRefused("AuthorizationError"), ChannelUnavailable),
        (AwsRefused("AccessDeniedException"), AwsUnanswered("ConnectTimeoutError"), ChannelUnavailable),
    ],
)
def test_failures_of_text_messages(messaging, sns, error):
    with pytest.raises(error):
        AwsSms(SmsSender(), Answers(messaging), Answers(sns))(message("sms"), Letter("", "Text"))


# --- the bus --------------------------------------------------------------------------------------------------


def bus(events=None, sqs=None):
    return EventBridge("the-bus", QUEUES, events or Answers(), sqs or Answers())


def test_events_are_published_ten_at_a_time():
    service = Answers()
    assert bus(service).publish([Event(str(number), "Type") for number in range(25)]) == []
    assert [len(arguments["Entries"]) for _, arguments in service.calls] == [10, 10, 5]
    entry = service.calls[0][1]["Entries"][0]
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == ("the-bus", "vestibule", "Type")
    assert json.loads(entry["Detail"]) == {"type": "Type", "id": "0"}


def test_large_events_go_alone():
    service = Answers()
    bus(service).publish([Event(str(number), "Type", {"text": "x" * 150_000}) for number in range(3)])
    assert [len(arguments["Entries"]) for _, arguments in service.calls] == [1, 1, 1]


def test_those_that_were_not_taken_are_told_by_position():
    rows = [{"EventId": "a"}, {"ErrorCode": "InternalFailure"}, {"EventId": "b"}]
    service = Answers({"FailedEntryCount": 1, "Entries": rows})
    assert bus(service).publish([Event(str(number), "Type") for number in range(3)]) == [1]


def test_an_outage_fails_all_of_a_call_and_none_of_the_others():
    service = Answers(AwsUnanswered("ConnectTimeoutError"))
    assert bus(service).publish([Event(str(number), "Type") for number in range(12)]) == list(range(10))


@mock_aws
def test_moto_takes_events_and_delayed_messages():
    boto3.client("events", region_name=REGION).create_event_bus(Name="the-bus")
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.create_queue(QueueName="courier")["QueueUrl"]
    made = EventBridge("the-bus", Queues(courier=url), AwsService("events", REGION), AwsService("sqs", REGION))
    assert made.publish([Event("1", "CourierMessageQueued")]) == []
    made.later(Event("1", "CourierMessageQueued"), 0)
    (received,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(received["Body"])["detail"] == {"type": "CourierMessageQueued", "id": "1"}


def test_a_later_try_that_cannot_be_queued_is_left_to_the_sweeper():
    service = Answers(AwsUnanswered("ConnectTimeoutError"))
    bus(sqs=service).later(Event("1", "CourierMessageQueued"), 5000)
    assert service.calls[0][1]["DelaySeconds"] == 900


def test_what_a_queue_brought_is_held_for_at_most_twelve_hours(caplog):
    service = Answers({}, AwsRefused("InvalidParameterValue"))
    bus(sqs=service).hold("handle", 39_600)
    bus(sqs=service).hold("handle", 90_000)
    operation, arguments = service.calls[0]
    assert (operation, arguments["QueueUrl"], arguments["ReceiptHandle"], arguments["VisibilityTimeout"]) == (
        "change_message_visibility",
        QUEUES.webhooks,
        "handle",
        39_600,
    )
    assert service.calls[1][1]["VisibilityTimeout"] == 43_140
    (record,) = caplog.records  # nothing is lost by it, but it is said
    assert "InvalidParameterValue" in record.getMessage()


def test_what_is_given_up_is_among_the_dead_letters_as_the_rule_brought_it():
    service = Answers({}, {})
    event = Event("evt_1", "WebHookDue", {"hook": "crm"})
    bus(sqs=service).bury(event)
    bus(sqs=service).send(event)
    assert [arguments["QueueUrl"] for _, arguments in service.calls] == [QUEUES.webhooks_dead, QUEUES.webhooks]
    assert json.loads(service.calls[0][1]["MessageBody"])["detail"] == event.to_json()


def test_a_queue_that_cannot_be_reached_is_an_error_where_something_would_be_lost():
    with pytest.raises(EventsUnavailable):
        bus(sqs=Answers(AwsUnanswered("ConnectTimeoutError"))).bury(Event("1", "WebHookDue"))
