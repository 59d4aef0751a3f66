"""A deployment for each test."""

from __future__ import annotations

import pytest
from tests.world import World

from vestibule.adapters.sqlite import SqliteTable


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return World.build(sqlite_table)
