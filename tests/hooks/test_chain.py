"""Which hooks run at a point, and in which order. Contract 02 §1."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.world import Native, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.points import CAPABILITIES, Point
from vestibule.domain.outcome import Empty, Outcome
from vestibule.hooks import chain, registry
from vestibule.hooks.hook import Moment
from vestibule.services import Services

NOT_BUILT = {"b2b_sso", "organization", "two_step_registration"}
EMAIL = "alice@example.org"
SESSION = {"hook": "session"}
VERIFICATION = {"hook": "verification"}
UI = {"hook": "show_verification_ui"}


def after(kind: str, default: list[Any], **methods: list[Any]) -> dict[str, Any]:
    hooks: dict[str, Any] = {name: {"hooks": entries} for name, entries in methods.items()}
    return {"selfservice": {"flows": {kind: {"after": {"hooks": default, **hooks}}}}}


class Noting:
    """A hook that notes that it ran, and stops where it is told to."""

    ran: list[str]
    stops: str = ""

    def __init__(self, entry: Any) -> None:
        self.name = entry.hook

    def __call__(self, moment: Moment, svc: Services) -> Outcome | None:
        Noting.ran.append(f"{moment.point} {self.name}")
        return Empty(status=204) if self.name == Noting.stops else None


@pytest.fixture(autouse=True)
def noting(monkeypatch: pytest.MonkeyPatch) -> type[Noting]:
    """Every known hook is there, and only notes."""
    Noting.ran, Noting.stops = [], ""
    monkeypatch.setattr(chain, "made", lambda name, entry: Noting(entry) if name in CAPABILITIES else None)
    return Noting


def names(table: SqliteTable, changes: dict[str, Any], point: Point, method: str = "password") -> list[str]:
    hooks: list[Any] = chain.chain(point, method, World.build(table, changes).svc)
    return [hook.name for hook in hooks]


def test_the_list_of_the_method_comes_before_the_default_one(sqlite_table: SqliteTable) -> None:
    changes = after("registration", [VERIFICATION], password=[UI])
    assert names(sqlite_table, changes, Point.REGISTRATION_POST_PERSIST) == ["show_verification_ui"]


def test_an_empty_list_of_the_method_means_the_default_one(sqlite_table: SqliteTable) -> None:
    changes = after("registration", [VERIFICATION], password=[])
    assert names(sqlite_table, changes, Point.REGISTRATION_POST_PERSIST) == ["verification"]


def test_a_method_without_a_list_has_the_default_one(sqlite_table: SqliteTable) -> None:
    changes = after("registration", [VERIFICATION], password=[UI])
    assert names(sqlite_table, changes, Point.REGISTRATION_POST_PERSIST, "code") == ["verification"]


def test_session_runs_last_wherever_it_stands(sqlite_table: SqliteTable) -> None:
    changes = after("registration", [], password=[SESSION, VERIFICATION, UI])
    ran = names(sqlite_table, changes, Point.REGISTRATION_POST_PERSIST)
    assert ran == ["verification", "show_verification_ui", "session"]


def test_the_others_keep_their_order(sqlite_table: SqliteTable) -> None:
    for entries in ([UI, VERIFICATION], [VERIFICATION, UI]):
        ran = names(sqlite_table, after("registration", [], password=entries), Point.REGISTRATION_POST_PERSIST)
        assert ran == [entry["hook"] for entry in entries]


def test_a_hook_runs_only_where_it_can(sqlite_table: SqliteTable) -> None:
    changes = after("registration", [], password=[SESSION])
    assert names(sqlite_table, changes, Point.REGISTRATION_PRE_PERSIST) == []


def test_the_first_outcome_stops_the_chain_and_is_the_answer(sqlite_table: SqliteTable, noting: type[Noting]) -> None:
    noting.stops = "verification"
    app = Native(World.build(sqlite_table, after("registration", [], password=[UI, VERIFICATION, SESSION])))
    assert app.sign_up(EMAIL).status == 204
    assert noting.ran == [
        "registration.post_persist show_verification_ui",
        "registration.post_persist verification",
    ]


def test_a_hook_that_stops_a_sign_in_leaves_no_session(sqlite_table: SqliteTable, noting: type[Noting]) -> None:
    world = World.build(sqlite_table, after("login", [VERIFICATION]))
    app = Native(world)
    app.sign_up(EMAIL)
    app.token = None
    noting.stops = "verification"
    assert app.sign_in(EMAIL).status == 204
    assert not [key for key in world.stored() if key[1].startswith("S#")]


def test_hooks_after_a_sign_in_do_not_run_for_a_wrong_password(sqlite_table: SqliteTable, noting: type[Noting]) -> None:
    world = World.build(sqlite_table, after("login", [VERIFICATION]))
    Native(world).sign_up(EMAIL)
    noting.ran.clear()
    assert Native(world).sign_in(EMAIL, "wrong").status == 400
    assert noting.ran == []


@pytest.mark.parametrize("name", sorted(CAPABILITIES))
def test_every_hook_that_may_be_configured_is_built_or_known_not_to_be(name: str) -> None:
    hook = registry.made(name, SimpleNamespace(hook=name, config=SimpleNamespace(recipients="all")))
    assert callable(hook) is (name not in NOT_BUILT)
