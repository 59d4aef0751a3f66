"""The life of a message in every store."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.world import World

from vestibule.domain.courier import MessageStatus
from vestibule.stores.messages import LEASE


@pytest.fixture
def made(any_table):
    return World.build(any_table)


def queue(world, recipient="ann@example.org", type_="verification_code_valid", via="email", **data):
    put = world.svc.messages.queueing(type_, via=via, recipient=recipient, data={"verification_code": "123456"} | data)
    world.table.write(put)
    return put.item["g1sk"]


def test_a_message_comes_back_as_it_was_queued(made):
    message = made.svc.messages.find(queue(made, language="de"))
    assert (message.recipient, message.status, message.send_count) == ("ann@example.org", MessageStatus.QUEUED, 0)
    assert message.data == {"verification_code": "123456", "language": "de"}
    assert message.created_at == made.clock.now()


def test_neither_code_nor_recipient_stands_in_the_clear(made):
    queue(made)
    ((_, item),) = [(key, item) for key, item in made.stored().items() if key[0].startswith("M#")]
    assert "123456" not in repr(item)
    assert "ann@example.org" not in repr(item)


def test_the_newest_come_first_and_pages_go_on_behind_their_last(made):
    ids = []
    for hours in (0, 30, 1, 50):
        made.clock.pass_by(hours=hours)
        ids.append(queue(made))
    newest_first = ids[::-1]
    messages = made.svc.messages
    first = messages.page(limit=3)
    assert [message.id for message in first] == newest_first[:3]
    assert [message.id for message in messages.page(after=first[-1].id, limit=3)] == newest_first[3:]


def test_lists_are_filtered_by_status_and_recipient(made):
    anns, bens, texts = queue(made), queue(made, "ben@example.org"), queue(made, "+4915112345678", via="sms")
    messages = made.svc.messages
    messages.sent(messages.claim(anns))
    assert [message.id for message in messages.page(limit=10, status=MessageStatus.SENT)] == [anns]
    assert {message.id for message in messages.page(limit=10, status=MessageStatus.QUEUED)} == {bens, texts}
    assert [message.id for message in messages.page(limit=10, recipient="ben@example.org")] == [bens]
    assert [message.id for message in messages.page(limit=10, recipient="+4915112345678")] == [texts]
    assert messages.page(limit=10, recipient="ann@example.org", status=MessageStatus.QUEUED) == []
    assert messages.page(limit=10, recipient="nobody@example.org") == []


def test_one_of_eight_workers_gets_a_message(made):
    message_id = queue(made)
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: made.svc.messages.claim(message_id), range(8)))
    assert sum(message is not None for message in claimed) == 1


def test_a_lease_that_ran_out_is_taken_over_and_its_worker_says_nothing_more(made):
    message_id, messages = queue(made), made.svc.messages
    slow = messages.claim(message_id)
    assert messages.claim(message_id) is None
    made.clock.pass_by(seconds=LEASE.total_seconds() + 1)
    quick = messages.claim(message_id)
    assert quick.send_count == 2
    assert not messages.sent(slow)
    assert messages.sent(quick)
    message, dispatches = messages.with_dispatches(message_id)
    assert message.status is MessageStatus.SENT
    assert [str(dispatch.status) for dispatch in dispatches] == ["success"]


def test_a_postponed_message_waits_until_it_is_due(made):
    message_id, messages = queue(made), made.svc.messages
    until = made.clock.now() + timedelta(minutes=1)
    assert messages.postponed(messages.claim(message_id), "The gateway answered 500", refused=True, until=until)
    assert messages.claim(message_id) is None
    made.clock.pass_by(minutes=1)
    again = messages.claim(message_id)
    assert (again.send_count, again.refusals) == (2, 1)
    _, dispatches = messages.with_dispatches(message_id)
    assert [dispatch.error for dispatch in dispatches] == ["The gateway answered 500"]


@pytest.mark.parametrize("end", ["sent", "abandoned"])
def test_what_ended_is_claimed_no_more(made, end):
    message_id, messages = queue(made), made.svc.messages
    claimed = messages.claim(message_id)
    assert messages.sent(claimed) if end == "sent" else messages.abandoned(claimed, "given up")
    made.clock.pass_by(days=1)
    assert messages.claim(message_id) is None


def test_a_bounce_is_noted_once(made):
    message_id, messages = queue(made), made.svc.messages
    messages.sent(messages.claim(message_id))
    assert messages.bounced(message_id, "feedback-1", "The mail came back")
    assert not messages.bounced(message_id, "feedback-1", "The mail came back")
    assert not messages.bounced("0190b1f0-0000-7000-8000-000000000000", "feedback-1", "The mail came back")
    _, dispatches = messages.with_dispatches(message_id)
    assert [str(dispatch.status) for dispatch in dispatches] == ["success", "failed"]


def test_rotated_secrets_still_open_messages(made):
    message_id = queue(made)
    rotated = World.build(made.table, {"secrets": {"cipher": ["another-cipher-secret-for-tests1", *CIPHER]}})
    assert rotated.svc.messages.find(message_id).recipient == "ann@example.org"


CIPHER = ["a-cipher-secret-for-tests-123456"]
