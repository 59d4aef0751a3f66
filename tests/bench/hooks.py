"""What a web hook costs, but for the target: a step that waits for it, and the worker where none does."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

from msgspec.structs import replace
from tests.bench import table
from tests.budget.metering import Trips
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
    _beside()
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


def _beside() -> None:
    """What a hook adds to a step that waits for it: with and without one in turn."""
    names = ("without a hook", "with one")
    scenes = {
        name: _Metered(hooks) for name, hooks in zip(names, ((), (after("registration", body=BODY),)), strict=True)
    }
    for _ in range(ROUNDS + WARMING):
        for scene in scenes.values():
            scene.sign_up()
    rows = [[name, *scene.row()] for name, scene in scenes.items()]
    lean, hooked = (scene.row() for scene in scenes.values())
    rows.append(
        [
            "the hook",
            *(
                f"{float(more) - float(less):.{2 if '.' in more else 0}f}"
                for less, more in zip(lean, hooked, strict=True)
            ),
        ]
    )
    table.show(
        "A registration on SQLite that calls a web hook and waits",
        ["", "CPU ms", "wall ms", "round trips"],
        rows,
        "Medians. The target answers at once; signatures and the note of the call are in it.",
        "Jsonnet runs in a process of its own, whose time is in the wall's alone.",
    )


class _Metered:
    """Registrations of a scene, each with what it took."""

    def __init__(self, hooks: tuple[Any, ...]) -> None:
        self.trips = Trips(SqliteTable(None))
        scene = Scene(self.trips, *hooks)  # type: ignore[arg-type] every method of a Table
        scene.world.svc = replace(scene.world.svc, parallel=self.trips.parallel)
        self._once = _signing_up(scene)
        self._cpu: list[float] = []
        self._wall: list[float] = []

    def sign_up(self) -> None:
        self.trips.count = 0
        cpu, wall = time.process_time(), time.perf_counter()
        self._once()
        self._cpu.append((time.process_time() - cpu) * 1000)
        self._wall.append((time.perf_counter() - wall) * 1000)

    def row(self) -> list[str]:
        """The round trips are those of the last: earlier ones read the index key, too."""
        return [f"{median(self._cpu[WARMING:]):.2f}", f"{median(self._wall[WARMING:]):.2f}", str(self.trips.count)]


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
