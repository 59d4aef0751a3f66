"""The built stack on an AWS of this machine: API Gateway, Lambda, DynamoDB with its stream, EventBridge, SQS, SES."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from tests.artifact.lambda_runtime import ROOT, Missing
from tests.deployed.emulator import Stack, deploy, eventually, running

PASSWORD = "nine lives of a grey cat"


class Crm(BaseHTTPRequestHandler):
    """A target of web hooks. It is busy when it first hears of somebody, and closed for some."""

    calls: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.calls.append((self.headers["webhook-id"], body))
        again = [seen for seen in self.calls if seen[1] == body][1:]
        self.send_response(410 if body["email"].startswith("closed-to-") else 204 if again else 503)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def crm() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Crm) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/people"
        server.shutdown()


def configuration(target: str) -> dict[str, Any]:
    """What ships, with hashes that are cheap to make, and without the question to the list of breached passwords."""
    shipped = yaml.safe_load((ROOT / "infra" / "config" / "kratos.yml").read_text())
    schema = ROOT / "infra" / "config" / "identity.schema.json"
    shipped["identity"]["schemas"] = [{"id": "person", "url": schema.as_uri()}]
    shipped["hashers"] = {"algorithm": "bcrypt", "bcrypt": {"cost": 4}}
    shipped["selfservice"]["methods"]["password"]["config"]["haveibeenpwned_enabled"] = False
    body = base64.b64encode(b"function(ctx) { email: ctx.identity.traits.email }").decode()
    tell = {"url": target, "method": "POST", "body": f"base64://{body}", "response": {"ignore": True}}
    hooks = [{"hook": "show_verification_ui"}, {"hook": "web_hook", "config": tell}, {"hook": "session"}]
    shipped["selfservice"]["flows"]["registration"]["after"]["password"]["hooks"] = hooks
    return shipped


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("ministack")
    try:
        with running(folder) as endpoint, crm() as target:
            yield deploy(endpoint, folder, configuration(target))
    except Missing as missing:
        pytest.skip(str(missing))


def test_a_person_signs_up_gets_the_code_by_mail_and_proves_the_address(stack: Stack):
    token, flow = signed_up(stack, "ann@example.org")
    assert stack.call("public", "GET", "/sessions/whoami", X_Session_Token=token)[0] == 200
    code = eventually(lambda: code_mailed_to(stack, "ann@example.org"))
    status, proven = stack.call(
        "public", "POST", f"/self-service/verification?flow={flow}", {"method": "code", "code": code}
    )
    assert (status, proven["state"]) == (200, "passed_challenge")
    (ann,) = stack.call("admin", "GET", "/admin/identities?credentials_identifier=ann@example.org")[1]
    assert ann["verifiable_addresses"][0]["verified"] is True
    sent = stack.call("admin", "GET", "/admin/courier/messages?recipient=ann@example.org")[1]
    assert [message["status"] for message in sent] == ["sent"]


def test_a_web_hook_that_nobody_waits_for_is_called_until_it_is_taken(stack: Stack):
    signed_up(stack, "bea@example.org")
    mine = eventually(lambda: taken if len(taken := calls_about("bea@example.org")) > 1 else None)
    assert len(set(mine)) == 1  # both calls have the id of the one event
    delivered = eventually(lambda: delivery(stack, mine[0], status="delivered"))
    (run,) = delivered["runs"]
    assert [attempt["status"] for attempt in run["attempts"]] == [503, 204]


def test_what_nobody_takes_is_among_the_dead_letters_and_can_be_replayed(stack: Stack):
    signed_up(stack, "closed-to-cid@example.org")
    (mine,) = eventually(lambda: calls_about("closed-to-cid@example.org") or None)
    dead = eventually(lambda: delivery(stack, mine, status="dead"))
    assert [attempt["status"] for attempt in dead["runs"][0]["attempts"]] == [410]
    sqs = stack.client("sqs")
    (queue,) = [url for url in sqs.list_queues()["QueueUrls"] if "WebhooksDead" in url]
    (buried,) = eventually(lambda: taken_from(sqs, queue))
    assert (buried["detail-type"], buried["detail"]["id"]) == ("WebHookDue", mine)
    assert "cid@example.org" not in json.dumps(buried)
    status, again = stack.call("admin", "POST", f"/admin/actions/deliveries/{mine}/replay")
    assert (status, again["status"]) == (202, "retrying")
    assert eventually(lambda: two if len(two := calls_about("closed-to-cid@example.org")) == 2 else None) == [mine] * 2


def test_the_rule_of_the_readme_brings_events_to_somebody_else(stack: Stack):
    (example,) = re.findall(r"```yaml\n(WelcomeRule:.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    rule = yaml.safe_load(example.replace("!GetAtt ", "").replace("!Ref ", ""))["WelcomeRule"]["Properties"]
    events, sqs = stack.client("events"), stack.client("sqs")
    queue = sqs.create_queue(QueueName="welcome")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    where = {"EventBusName": rule["EventBusName"]}
    events.put_rule(Name="welcome", EventPattern=json.dumps(rule["EventPattern"]), **where)
    events.put_targets(Rule="welcome", Targets=[{"Id": rule["Targets"][0]["Id"], "Arn": arn}], **where)
    signed_up(stack, "dora@example.org")
    (told,) = eventually(lambda: taken_from(sqs, queue))
    assert (told["source"], told["detail-type"]) == ("vestibule", "RegistrationSucceeded")
    (dora,) = stack.call("admin", "GET", "/admin/identities?credentials_identifier=dora@example.org")[1]
    assert told["detail"]["identity"] == dora["id"]


def taken_from(sqs: Any, queue: str) -> list[dict[str, Any]] | None:
    """What waits in the queue, which it is taken from; None where nothing does."""
    taken = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for each in taken:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
    return [json.loads(each["Body"]) for each in taken] or None


def delivery(stack: Stack, event: str, *, status: str) -> dict[str, Any] | None:
    """What the delivery log says of the event's calls, once that is their status."""
    found = stack.call("admin", "GET", f"/admin/actions/deliveries/{event}")[1]
    return found if found["status"] == status else None


def calls_about(email: str) -> list[str]:
    """The ids of the calls that the target took or refused, oldest first."""
    return [event for event, body in Crm.calls if body == {"email": email}]


def signed_up(stack: Stack, email: str) -> tuple[str, str]:
    """(session token, id of the verification flow)."""
    flow = stack.call("public", "GET", "/self-service/registration/api")[1]["id"]
    form = {"method": "password", "password": PASSWORD, "traits": {"email": email}}
    status, done = stack.call("public", "POST", f"/self-service/registration?flow={flow}", form)
    assert status == 200, done
    shown = next(each for each in done["continue_with"] if each["action"] == "show_verification_ui")
    return done["session_token"], shown["flow"]["id"]


def code_mailed_to(stack: Stack, email: str) -> str | None:
    """The code in the first mail that SES took for her, once it did."""
    mails = stack.mails_to(email)
    return re.search(r"\b\d{6}\b", mails[0]["BodyText"])[0] if mails else None
