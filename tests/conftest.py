"""Fixtures that every suite may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import Table


@pytest.fixture
def sqlite_table() -> Iterator[SqliteTable]:
    """An empty table in memory: the fast test store."""
    table = SqliteTable(None)
    yield table
    table.close()


@pytest.fixture(params=["sqlite"])
def any_table(request: pytest.FixtureRequest) -> Table:
    """An empty table, once for each kind of store."""
    return request.getfixturevalue(f"{request.param}_table")
