"""Editors of the configuration at the same moment, and a process that dies between any two calls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.live import lived

from vestibule import wiring
from vestibule.ports import StoreUnavailable, Table

LIFESPAN = "/selfservice/flows/login/lifespan"
EDITORS = 6


def change(number: int) -> dict[str, Any]:
    return {"op": "add", "path": LIFESPAN, "value": f"{number + 1}m"}


def test_of_editors_at_the_same_moment_all_who_are_told_so_have_made_their_change(
    tmp_path: Path, any_table: Table, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(wiring, "open_table", lambda dsn, make_missing: any_table)
    with lived(tmp_path) as live, ThreadPoolExecutor(EDITORS) as pool:
        replies = list(pool.map(lambda number: live.patch(change(number)), range(EDITORS)))
        assert {reply.status for reply in replies} <= {200, 409}
        made = {number: reply.json["revision"] for number, reply in enumerate(replies) if reply.status == 200}
        assert sorted(made.values()) == list(range(1, len(made) + 1))
        past = live.admin("GET", "/admin/config/history").json["revisions"]
        assert {each["revision"]: each["changes"][0]["value"] for each in past} == {
            revision: f"{number + 1}m" for number, revision in made.items()
        }


def test_of_two_who_saw_the_same_one_is_told_of_the_other(
    tmp_path: Path, any_table: Table, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(wiring, "open_table", lambda dsn, make_missing: any_table)
    with lived(tmp_path) as live, ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda number: live.patch(change(number), If_Match="0"), range(2)))
        assert sorted(reply.status for reply in replies) == [200, 409]


def test_a_change_that_dies_at_any_call_is_made_or_not_and_never_in_between(
    tmp_path: Path, sqlite_table: Table, monkeypatch: pytest.MonkeyPatch
):
    table: Any = sqlite_table
    for deadly in range(4):
        dying = _Dying(table, deadly)
        monkeypatch.setattr(wiring, "open_table", lambda dsn, make_missing, dying=dying: dying)
        with lived(tmp_path) as live:
            before = live.svc.configurations.head()
            dying.calls = 0
            status = live.patch(change(deadly)).status
            dying.deadly = -1
            revision = live.svc.configurations.current()
            assert live.svc.configurations.head() == before + (status == 200)
            assert status == 503 or (revision is not None and revision.changes == (change(deadly),))


class _Dying:
    """A table whose call of that number gets no answer."""

    def __init__(self, table: Any, deadly: int) -> None:
        self._table = table
        self.deadly = -1 if deadly < 0 else deadly
        self.calls = -1_000

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._table, name)

        def called(*args: Any, **options: Any) -> Any:
            self.calls += 1
            if self.calls - 1 == self.deadly:
                raise StoreUnavailable("gone")
            return method(*args, **options)

        return called
