"""The stores that the contract suite holds to one behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import Table

STORES = ["sqlite_memory", "sqlite_file"]
RACING_STORES = ["sqlite_memory", "sqlite_file"]


@pytest.fixture
def sqlite_memory_table(sqlite_table: SqliteTable) -> Table:
    return sqlite_table


@pytest.fixture
def sqlite_file_table(tmp_path: Path) -> Iterator[Table]:
    table = SqliteTable(tmp_path / "store.sqlite")
    yield table
    table.close()


@pytest.fixture(params=STORES)
def table(request: pytest.FixtureRequest) -> Table:
    """An empty table in every store."""
    return request.getfixturevalue(f"{request.param}_table")


@pytest.fixture(params=RACING_STORES)
def racing_table(request: pytest.FixtureRequest) -> Table:
    """An empty table in every store that is linearizable."""
    return request.getfixturevalue(f"{request.param}_table")
