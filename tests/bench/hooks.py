"""What a web hook costs, but for the target: a step that waits for it, and the worker where none does."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

from tests.bench import table
from tests.hooks.web_hook.target import Scene, after
from tests.world import Native

from vestibule.adapters.jsonnet import Jsonnet
from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.event import WEB_HOOK_DUE
from vestibule.workers.publish import announced
from vestibule.workers.webhooks import take

ROUNDS = 100
WARMING = 5
TEMPLATES = {
    "a handful of fields": """function(ctx) {
        user: ctx.identity.id, email: ctx.identity.traits.email, invite: std.get(ctx.flow.transient_payload, 'invite'),
        ip: if 'True-Client-Ip' in ctx.request_headers then ctx.request_headers['True-Client-Ip'][0] else null,
    }""",
    "the whole context": "function(ctx) ctx",
}
BODY = "base64://" + base64.b64encode(TEMPLATES["a handful of fields"].encode()).decode()


def report() -> None:
    ctx = _context()
    size = len(json.dumps(ctx))
    engine = Jsonnet()
    try:
        rows = [[name, *_timed(partial(engine.evaluate, text, tla={"ctx": ctx}))] for name, text in TEMPLATES.items()]
    finally:
        engine.close()
    title = f"Jsonnet, a warm call with a context of {size} bytes: 2 ms at most"
    table.show(title, ["template", "median ms", "90 % within"], rows)
    rows = [["without a hook", *_timed(_sign_up())], ["with one", *_timed(_sign_up(hooked=True))]]
    note = "the target answers at once; signatures and the note of the call are in it"
    table.show("A registration on SQLite", ["", "median ms", "90 % within"], rows, note)
    per_second, *taken = _delivered()
    table.show(
        "Calls that nobody waits for, by one worker on SQLite",
        ["calls/s", "median ms", "90 % within"],
        [[per_second, *taken]],
        "the target answers at once; drawing the form, template, signatures and delivery log are in it",
    )


def _context() -> Any:
    """What a real registration tells."""
    store = SqliteTable(None)
    scene = Scene(store, after("registration"))
    Native(scene.world).sign_up("ann@example.org", transient_payload={"invite": "right"})
    store.close()
    return scene.target.calls[0].json


def _delivered() -> list[str]:
    """Calls a second, and how long one takes: the events of real registrations through the worker's step."""
    scene = Scene(SqliteTable(None), after("registration", body=BODY, response={"ignore": True}))
    sign_up = _signing_up(scene)
    for _ in range(ROUNDS + WARMING):
        sign_up()
    published = (announced(change) for change in scene.world.table.changes(None, 100_000))
    calls = iter([event for events in published for event in events if event.type == WEB_HOOK_DUE])
    before = len(scene.target.calls)
    started = time.perf_counter()
    taken = _timed(lambda: take(next(calls), scene.world.svc))
    seconds = time.perf_counter() - started
    made = len(scene.target.calls) - before
    assert made == ROUNDS + WARMING
    return [f"{made / seconds:.0f}", *taken]


def _sign_up(*, hooked: bool = False) -> Callable[[], None]:
    return _signing_up(Scene(SqliteTable(None), *([after("registration", body=BODY)] if hooked else [])))


def _signing_up(scene: Scene) -> Callable[[], None]:
    count = iter(range(10_000))

    def once() -> None:
        reply = Native(scene.world).sign_up(f"ann-{next(count)}@example.org", transient_payload={"invite": "right"})
        assert reply.status == 200, reply.body

    return once


def _timed(task: Callable[[], Any]) -> list[str]:
    for _ in range(WARMING):
        task()
    taken: list[float] = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        task()
        taken.append((time.perf_counter() - started) * 1000)
    return [f"{median(taken):.2f}", f"{sorted(taken)[ROUNDS * 9 // 10]:.2f}"]


if __name__ == "__main__":
    report()
