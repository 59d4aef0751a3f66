from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.providers import Provider, deployed
from tests.world import World

from vestibule.adapters.sqlite import SqliteTable

Deploy = Callable[..., World]


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def deploy(sqlite_table: SqliteTable, provider: Provider) -> Deploy:
    """A deployment that offers the provider, with changes of its configuration."""

    def made(changes: Any = None, schema: Any = None) -> World:
        return deployed(sqlite_table, provider, changes, schema)

    return made


@pytest.fixture
def world(deploy: Deploy) -> World:
    return deploy()
