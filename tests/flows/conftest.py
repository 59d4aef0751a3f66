"""The deployment and its clients."""

from __future__ import annotations

import pytest
from tests.world import CLIENTS, Client, World

from vestibule.adapters.sqlite import SqliteTable


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return World.build(sqlite_table)


@pytest.fixture(params=CLIENTS, ids=lambda client: client.__name__.lower())
def client(request: pytest.FixtureRequest, world: World) -> Client:
    """Each test that asks for it runs once for each of the three clients."""
    return request.param(world)
