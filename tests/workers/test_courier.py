"""From a queued message to a sent one, on good days and bad ones."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.world import World

from vestibule.domain.event import MESSAGE_QUEUED, Event
from vestibule.local.bus import Bus
from vestibule.ports import ChannelUnavailable, MessageRefused
from vestibule.workers import courier
from vestibule.workers.sweep import sweep

DOWN = ChannelUnavailable("SES answered TooManyRequestsException")
REFUSED = MessageRefused("SES answered MessageRejected")


def test_a_message_leaves_as_soon_as_it_is_written(post):
    message_id = post.queue()
    post.run()
    ((message, letter),) = post.channel.sent
    assert message.id == message_id
    assert "123456" in letter.plain
    assert post.status(message_id) == "sent"


def test_nothing_leaves_for_a_write_that_failed(post):
    put = post.world.svc.messages.queueing("login_code_valid", via="email", recipient="a@example.org", data={})
    post.world.table.transact([put])
    with pytest.raises(Exception, match="conditions failed"):
        post.world.table.transact([put])
    post.run()
    assert len(post.channel.sent) == 1


@pytest.mark.attack("flt-07")
def test_the_same_event_thrice_at_once_and_a_day_later_is_one_mail(post):
    message_id = post.queue()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: courier.deliver(message_id, post.world.svc), range(8)))
    post.wait(days=1)
    courier.deliver(message_id, post.world.svc)
    assert len(post.channel.sent) == 1


def test_eight_workers_on_dynamodb_send_it_once(dynamodb_local_table):
    sent = []
    world = World.build(dynamodb_local_table, deliver=lambda message, letter: sent.append(message.id))
    put = world.svc.messages.queueing("login_code_valid", via="email", recipient="a@example.org", data={})
    world.table.transact([put])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: courier.deliver(put.item["g1sk"], world.svc), range(8)))
    assert sent == [put.item["g1sk"]]


def test_an_event_of_no_message_is_done_with(post):
    courier.deliver("0190b1f0-0000-7000-8000-000000000000", post.world.svc)
    assert post.channel.tries == 0


# --- failures -------------------------------------------------------------------------------------------------


@pytest.mark.attack("flt-10")
def test_an_hour_without_ses_loses_nothing_and_repeats_nothing(post):
    post.channel.down = DOWN
    queued = []
    for _ in range(12):
        queued.append(post.queue(expires_in_minutes=120))
        post.wait(minutes=5)
    assert {post.status(message_id) for message_id in queued} == {"queued"}
    post.channel.down = None
    for _ in range(6):
        post.wait(minutes=1, seconds=10)
    assert sorted(message.id for message, _ in post.channel.sent) == sorted(queued)
    assert {post.status(message_id) for message_id in queued} == {"sent"}


@pytest.mark.attack("flt-10")
def test_a_code_is_not_sent_once_it_has_expired(post):
    post.channel.down = DOWN
    message_id = post.queue(expires_in_minutes=10)
    for _ in range(9):
        post.wait(minutes=1)
    assert post.status(message_id) == "queued"
    post.channel.down = None
    post.world.clock.pass_by(minutes=2)
    sweep(post.world.svc, overdue=timedelta())
    post.run()
    assert post.channel.sent == []
    message, dispatches = post.world.svc.messages.with_dispatches(message_id)
    assert str(message.status) == "abandoned"
    assert dispatches[-1].error == courier.EXPIRED


@pytest.mark.parametrize(
    ("failure", "said"), [(DOWN, [courier.GIVEN_UP]), (RuntimeError(), [courier.GIVEN_UP]), (REFUSED, [])]
)
def test_who_runs_this_is_told_of_messages_that_were_given_up_for_no_fault_of_their_address(post, failure, said):
    post.channel.down = failure
    event, told = Event(post.queue(), MESSAGE_QUEUED), []
    for _ in range(20):
        post.world.clock.pass_by(minutes=6)
        told.append(courier.take(event, post.world.svc))
    assert post.status(event.id) == "abandoned"
    assert [each for each in told if each] == said


def test_a_refused_message_is_tried_as_often_as_configured_then_given_up(post):
    post.channel.down = REFUSED
    message_id = post.queue()
    for _ in range(10):
        post.wait(minutes=6)
    message, dispatches = post.world.svc.messages.with_dispatches(message_id)
    assert (str(message.status), message.send_count, post.channel.tries) == ("abandoned", 3, 3)
    assert [dispatch.error for dispatch in dispatches] == ["SES answered MessageRejected"] * 3


def test_tries_come_further_and_further_apart(post):
    post.channel.down = DOWN
    post.queue(expires_in_minutes=600)
    post.run()
    tries = []
    for second in range(1200):
        before = post.channel.tries
        post.wait(seconds=1)
        if post.channel.tries > before:
            tries.append(second + 1)
    waits = [after - before for before, after in zip([0, *tries], tries, strict=False)]
    for wait, expected in zip(waits, (10, 30, 90, 270, 300), strict=False):
        assert expected <= wait <= expected * 1.2 + 1


def test_a_channel_that_comes_back_gets_the_message(post):
    post.channel.failures = [DOWN, REFUSED, DOWN]
    message_id = post.queue()
    for _ in range(5):
        post.wait(minutes=2)
    assert post.status(message_id) == "sent"
    assert post.world.svc.messages.find(message_id).send_count == 4


def test_a_message_that_breaks_its_channel_holds_up_nobody(post):
    post.channel.failures = [RuntimeError("a code 123456 in it")]
    first, second = post.queue(), post.queue("ben@example.org")
    post.run()
    assert [post.status(first), post.status(second)] == ["queued", "sent"]
    _, dispatches = post.world.svc.messages.with_dispatches(first)
    assert dispatches[0].error == "It could not be made (RuntimeError)"


def test_a_worker_that_died_is_followed_by_another(post):
    message_id = post.queue()
    assert post.world.svc.messages.claim(message_id) is not None  # and nothing more of that worker
    post.wait(minutes=1)
    assert sweep(post.world.svc) == 0
    post.world.clock.pass_by(minutes=7)
    assert sweep(post.world.svc) == 1
    post.run()
    assert post.status(message_id) == "sent"


def test_messages_that_no_secret_opens_any_more_are_given_up(post, sqlite_table):
    message_id = post.queue()
    other = World.build(sqlite_table, {"secrets": {"cipher": ["another-cipher-secret-for-tests1"]}})
    other.svc.messages._items._index = post.world.svc.index
    courier.deliver(message_id, other.svc)
    assert post.status(message_id) == "abandoned"


def test_the_sweeper_brings_what_the_publisher_never_saw(post):
    message_id = post.queue()
    assert sweep(post.world.svc) == 0
    post.world.clock.pass_by(minutes=6)
    assert sweep(post.world.svc) == 1
    for event in post.world.svc.events.take():
        courier.take(event, post.world.svc)
    assert post.status(message_id) == "sent"
    assert sweep(post.world.svc) == 0


# --- the local bus --------------------------------------------------------------------------------------------


def test_a_new_bus_goes_on_where_the_last_one_stopped(post):
    first = post.queue()
    post.run()
    second = post.queue("ben@example.org")
    again = Bus(post.world.svc)
    again.restore()
    again.step()
    assert [message.id for message, _ in post.channel.sent] == [first, second]


def test_what_waited_for_its_next_try_survives_a_restart(post):
    post.channel.down = DOWN
    message_id = post.queue()
    post.run()
    post.world.svc.events._waiting.clear()  # the process ended
    post.channel.down = None
    post.world.clock.pass_by(minutes=1)
    again = Bus(post.world.svc)
    again.restore()
    again.step()
    assert post.status(message_id) == "sent"
