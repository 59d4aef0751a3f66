"""The mailbox of the local server, and the bus that fills it."""

import time

import pytest
from tests.world import World

from vestibule.local import mailbox
from vestibule.local.bus import Bus
from vestibule.local.event import HttpRequest
from vestibule.ports import Put


@pytest.fixture
def dev(sqlite_table):
    return World.build(sqlite_table, {"dev": True})


def shown(world, path="/mailbox"):
    pages = mailbox.pages(world.svc)
    request = HttpRequest(
        api="admin", method="GET", path=path, query="", headers=(), body=b"", source_ip="127.0.0.1",
        protocol="HTTP/1.1", request_id="request", at=world.clock.now(),
    )  # fmt: skip
    return pages["admin", path](request)


def queue(world, recipient="ann@example.org", **data):
    put = world.svc.messages.queueing("verification_code_valid", via="email", recipient=recipient, data=data)
    world.table.transact([put])
    return put.item["g1sk"]


def test_the_mailbox_shows_to_whom_what_was_sent_with_its_code(dev):
    queue(dev, verification_code="482915", verification_url="https://id.example.org/x?a=1&b=2")
    text = shown(dev).body.decode()
    assert "<code>482915</code>" in text
    assert "ann@example.org" in text
    assert 'href="https://id.example.org/x?a=1&amp;b=2"' in text
    assert "queued" in text


def test_what_somebody_typed_is_text_in_it(dev):
    queue(dev, "<script>alert(1)</script>", verification_code='"><script>')
    assert b"<script>alert" not in shown(dev).body
    assert b'"><script>' not in shown(dev).body


def test_an_empty_mailbox_says_what_to_do(dev):
    assert b"Nothing yet" in shown(dev).body


@pytest.mark.parametrize("path", ["/mailbox", "/mailbox/style.css", "/mailbox/live.js"])
def test_nothing_of_it_comes_from_elsewhere_or_is_kept(dev, path):
    headers = dict(shown(dev, path).headers)
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_a_message_is_sent_within_a_fifth_of_a_second(dev):
    bus = Bus(dev.svc)
    bus.start()
    try:
        message_id = queue(dev, verification_code="482915")
        bus.wake()
        deadline = time.monotonic() + 5
        started = time.monotonic()
        while str(dev.svc.messages.find(message_id).status) != "sent" and time.monotonic() < deadline:
            time.sleep(0.005)
        assert time.monotonic() - started < 1  # 0.2 s where the machine has nothing else to do
    finally:
        bus.close()


def test_the_bus_goes_on_after_a_change_that_it_cannot_read(dev):
    dev.table.write(Put({"pk": "F#1", "sk": "#", "ev": "{broken"}))
    dev.table.write(dev.svc.messages.queueing("x", via="email", recipient="a@example.org", data={}))
    bus = Bus(dev.svc)
    bus.step()
    assert str(dev.svc.messages.page(limit=1)[0].status) == "sent"
