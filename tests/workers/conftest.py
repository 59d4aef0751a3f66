"""A deployment whose channel does what a test says."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from tests.world import World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.courier import CourierMessage, Letter
from vestibule.local.bus import Bus


@dataclass
class Channel:
    """Port Deliver. `failures` are raised by the next tries, in order; with `down`, every try raises it."""

    sent: list[tuple[CourierMessage, Letter]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    down: Exception | None = None
    tries: int = 0

    def __call__(self, message: CourierMessage, letter: Letter) -> None:
        self.tries += 1
        if self.down is not None:
            raise self.down
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((message, letter))


@dataclass
class Post:
    """`queue` writes a message as a flow's transaction does; `run` lets the local bus do what is due now."""

    world: World
    channel: Channel
    bus: Bus

    def queue(self, recipient: str = "ann@example.org", type_: str = "login_code_valid", **data: object) -> str:
        filled = {"to": recipient, "login_code": "123456", "expires_in_minutes": 60} | data
        put = self.world.svc.messages.queueing(type_, via="email", recipient=recipient, data=filled)
        self.world.table.transact([put])
        return put.item["g1sk"]

    def run(self) -> None:
        self.bus.step()

    def wait(self, **duration: float) -> None:
        self.world.clock.pass_by(**duration)
        self.run()

    def status(self, message_id: str) -> str:
        return str(self.world.svc.messages.find(message_id).status)


@pytest.fixture
def post(sqlite_table: SqliteTable) -> Post:
    channel = Channel()
    world = World.build(sqlite_table, {"courier": {"message_retries": 2}}, deliver=channel)
    return Post(world, channel, Bus(world.svc))
