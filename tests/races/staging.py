"""What races need: many at once, one between two calls of another, a process that dies, and what must hold after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from msgspec.structs import replace
from tests.world import World

from vestibule.ports import Item, Key, Table
from vestibule.stores.identity_items import addresses_of, credential_key, external_id_key, from_item, identifiers_of

T = TypeVar("T")

PAGE = 1000


class Killed(BaseException):
    """The process ends here; nobody handles that."""


def at_once(attempts: list[Callable[[], T]], threads: int | None = None) -> list[T]:
    """Run them side by side, started together as far as there are threads; their results in order."""
    crowd = min(threads or len(attempts), len(attempts))
    start = threading.Barrier(crowd)

    def run(number: int) -> T:
        if number < crowd:
            start.wait()
        return attempts[number]()

    with ThreadPoolExecutor(crowd) as pool:
        return list(pool.map(run, range(len(attempts))))


@dataclass
class Staged:
    """A Table that does `then` right before its call number `at` (from 1), or right after it."""

    table: Table
    at: int
    then: Callable[[], object]
    after: bool = False
    calls: int = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.table, name)

        def staged(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            due = self.calls == self.at
            if due and not self.after:
                self.then()
            result = method(*arguments, **options)
            if due and self.after:
                self.then()
            return result

        return staged


def one_after_the_other(*tasks: Callable[[], Any]) -> list[Any]:
    """A Parallel whose calls come in one order, so that they can be counted."""
    return [task() for task in tasks]


@dataclass
class Interruption:
    """One place in a request at which something else happens. `reached` tells whether the request got there."""

    table: Table
    at: int
    after: bool = False
    staged: Staged | None = None

    def world(self, then: Callable[[], object], changes: Mapping[str, Any] | None = None) -> World:
        """A deployment on the same table; its requests are interrupted once."""
        self.staged = Staged(self.table, 0, then, self.after)
        world = World.build(self.staged, changes)  # pyright: ignore[reportArgumentType] every method of a Table
        world.svc = replace(world.svc, parallel=one_after_the_other)
        world.svc.index.hmac("any", "thing")  # a process reads its index key once
        self.staged.calls, self.staged.at = 0, self.at
        return world

    @property
    def reached(self) -> bool:
        return self.staged is not None and self.staged.calls >= self.at


def interruptions(table: Table, *, after: bool = False, most: int = 40) -> Iterator[Interruption]:
    """Before (or after) the first call of a request, then the second one … until the request makes no more calls."""
    for at in range(1, most):
        place = Interruption(table, at, after)
        yield place
        if not place.reached:
            assert at > 2, "the request made no calls"
            return
    raise AssertionError(f"a request of more than {most} calls")


# --- what must hold ---------------------------------------------------------------------------------------


def rows(table: Table) -> dict[Key, Item]:
    """Everything that is stored, from the feed of changes, but for events that wait to be published."""
    found: dict[Key, Item] = {}
    after: str | None = None
    while changes := table.changes(after, PAGE):
        for change in changes:
            found.pop(change.key, None)
            if change.new is not None and not change.key[0].startswith("O#"):
                found[change.key] = change.new
        after = changes[-1].sequence
    return found


def assert_consistent(world: World) -> None:
    """Identities have all that points to them, and nothing points or belongs to an identity that is not there."""
    stored = rows(world.table)
    people = {pk: item for (pk, sk), item in stored.items() if pk.startswith("I#") and sk == "#"}
    for pk, item in people.items():
        identity = from_item(item)
        if identity is None:
            continue  # being deleted
        keys = [world.svc.identities.identifier_key(*pair) for pair in identifiers_of(identity)]
        keys += [
            (f"A#{via}#{world.svc.index.hmac(f'address:{via}', value)}", "#") for via, value in addresses_of(identity)
        ]
        keys += [external_id_key(identity.external_id)] if identity.external_id else []
        assert [stored.get(key, {}).get("id") for key in keys] == [identity.id] * len(keys)
        assert credential_key(identity.id, "password") in stored
        assert pk.removeprefix("I#") == identity.id
    for pk, sk in stored:
        if pk.startswith("I#"):
            assert pk in people, f"{sk.partition('#')[0]} of nobody"
        if pk.startswith(("C#", "A#", "X#")):
            assert f"I#{stored[pk, sk]['id']}" in people, f"{pk.partition('#')[0]} of nobody"


def nothing_of(table: Table, identity_id: str) -> bool:
    """No row of the identity is left, and none that names it."""
    return not [key for key, item in rows(table).items() if identity_id in f"{key}{item}"]
