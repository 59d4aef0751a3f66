"""Courier messages over the admin API."""

import re
from urllib.parse import urlsplit

import pytest
from tests.world import World

from vestibule.resources.courier import REDACTED
from vestibule.stores.addresses import Feedback, noting


@pytest.fixture
def dev(sqlite_table):
    return World.build(sqlite_table, {"dev": True})


def queue(world, recipient="ann@example.org", via="email"):
    put = world.svc.messages.queueing("login_code_valid", via=via, recipient=recipient, data={"login_code": "123456"})
    world.table.write(put)
    world.clock.pass_by(minutes=1)
    return put.item["g1sk"]


def link(reply, name):
    found = re.search(rf'<([^>]*)>; rel="{name}"', reply.headers["link"])
    return found[1] if found else None


@pytest.mark.parametrize("prefix", ["/admin", ""])
def test_a_message_has_the_recorded_shape(dev, prefix):
    message_id = queue(dev)
    reply = dev.admin("GET", f"{prefix}/courier/messages/{message_id}")
    assert (reply.status, list(reply.json)) == (
        200,
        ["id", "status", "type", "recipient", "body", "subject", "template_type", "channel", "send_count",
         "created_at", "updated_at"],
    )  # fmt: skip
    assert reply.json["status"] == "queued"
    assert "123456" in reply.json["body"]
    assert dev.admin("HEAD", f"{prefix}/courier/messages/{message_id}").status == 200


def test_text_messages_have_no_subject(dev):
    queue(dev, "+4915112345678", "sms")
    (message,) = dev.admin("GET", "/admin/courier/messages").json
    assert (message["type"], message["channel"], message["subject"]) == ("sms", "sms", "")


def test_outside_of_development_nobody_reads_the_words(world):
    queue(world)
    (message,) = world.admin("GET", "/admin/courier/messages").json
    assert (message["body"], message["subject"]) == (REDACTED, REDACTED)


def test_tries_are_shown_with_the_single_message_only(dev):
    message_id = queue(dev)
    claimed = dev.svc.messages.claim(message_id)
    dev.svc.messages.postponed(claimed, "The relay answered 550", refused=True, until=dev.clock.now())
    dev.svc.messages.sent(dev.svc.messages.claim(message_id))
    (listed,) = dev.admin("GET", "/admin/courier/messages").json
    assert "dispatches" not in listed
    message = dev.admin("GET", f"/admin/courier/messages/{message_id}").json
    assert (message["status"], message["send_count"]) == ("sent", 2)
    failed, success = message["dispatches"]
    assert (failed["status"], failed["error"]["message"]) == ("failed", "The relay answered 550")
    assert (success["status"], "error" in success, success["message_id"]) == ("success", False, message_id)


@pytest.mark.parametrize("kind", ["bounce", "complaint"])
def test_what_was_heard_of_the_recipient_is_shown_with_any_later_message(world, kind):
    world.svc.table.write(noting(world.svc.index, "ann@example.org", Feedback(kind, world.clock.now())))
    shown = world.admin("GET", f"/admin/courier/messages/{queue(world)}").json
    assert shown["recipient_feedback"] == {"kind": kind, "at": "2026-03-01T12:00:00Z"}
    assert "recipient_feedback" not in world.admin("GET", f"/admin/courier/messages/{queue(world, 'bob@x.org')}").json


def test_pages_lead_through_everything_once_newest_first(dev):
    queued = [queue(dev) for _ in range(12)]
    reply = dev.admin("GET", "/admin/courier/messages")
    assert [message["id"] for message in reply.json] == queued[:1:-1]
    following = dev.admin("GET", link(reply, "next"))
    assert [message["id"] for message in following.json] == queued[1::-1]
    assert link(following, "next") is None
    assert dev.admin("GET", link(following, "first")).json == reply.json


def test_filters_stay_in_the_links(dev):
    for _ in range(3):
        queue(dev)
        queue(dev, "ben@example.org")
    reply = dev.admin("GET", "/courier/messages?recipient=ben%40example.org&status=queued&page_size=2")
    assert {message["recipient"] for message in reply.json} == {"ben@example.org"}
    following = dev.admin("GET", link(reply, "next"))
    assert [message["recipient"] for message in following.json] == ["ben@example.org"]
    assert dev.admin("GET", "/courier/messages?recipient=ben%40example.org&status=sent").json == []


@pytest.mark.parametrize(
    ("path", "status", "reasoned"),
    [
        ("?status=nonsense", 400, True),
        ("?page_size=x", 400, True),
        ("?page_token=forged-forged-forged-forged", 400, True),
        ("/not-a-uuid", 400, False),
        ("/0190b1f0-0000-7000-8000-000000000000", 404, False),
    ],
)
def test_refusals_are_as_recorded(dev, path, status, reasoned):
    reply = dev.admin("GET", f"/admin/courier/messages{path}")
    assert (reply.status, "reason" in reply.json["error"]) == (status, reasoned)


def test_a_token_is_good_for_its_list_and_for_an_hour(dev):
    for _ in range(2):
        queue(dev)
    following = link(dev.admin("GET", "/admin/courier/messages?page_size=1"), "next")
    other = f"/admin/courier/messages?status=queued&{urlsplit(following).query}"
    assert dev.admin("GET", other).status == 400
    assert dev.admin("GET", following).status == 200
    dev.clock.pass_by(minutes=61)
    assert dev.admin("GET", following).status == 400
