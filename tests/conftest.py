"""Fixtures that every suite may use."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.store.dynamodb_local import running_dynamodb_local
from tests.store.fetch_dynamodb_local import Missing
from tests.world import CLIENTS, Client, World

from vestibule.adapters.dynamodb_http import HttpCall
from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import Table

if TYPE_CHECKING:
    from vestibule.adapters.dynamodb_call import Call


@pytest.fixture
def sqlite_table() -> Iterator[SqliteTable]:
    """An empty table in memory: the fast test store."""
    table = SqliteTable(None)
    yield table
    table.close()


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    """A deployment of its own, as `tests.world.CONFIG` says."""
    return World.build(sqlite_table)


@pytest.fixture(params=CLIENTS, ids=lambda client: client.__name__.lower())
def client(request: pytest.FixtureRequest, world: World) -> Client:
    """Each test that asks for it runs once for each of the three clients."""
    return request.param(world)


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[str]:
    """The endpoint of a DynamoDB Local that ends with the tests. Java and Maven missing: a skip that says so."""
    try:
        running = running_dynamodb_local()
        endpoint = running.__enter__()
    except Missing as missing:
        pytest.skip(str(missing))
    yield endpoint
    running.__exit__(None, None, None)


@pytest.fixture(scope="session")
def dynamodb_local_call(dynamodb_local: str) -> Iterator[Call]:
    """The seam of the DynamoDB adapter, to DynamoDB Local; wrap it to count, to record or to disturb."""
    call = HttpCall(endpoint=dynamodb_local)
    yield call
    call.close()


@pytest.fixture
def dynamodb_local_name(dynamodb_local_call: Call) -> Iterator[str]:
    """The name of an empty table on DynamoDB Local. Nothing expires in it: the clock of the tests is in the past."""
    from vestibule.adapters.dynamodb_table import create_table_from_template  # noqa: PLC0415 as above

    name = f"test-{uuid.uuid4()}"
    create_table_from_template(dynamodb_local_call, name)
    lasting = {"AttributeName": "ttl", "Enabled": False}
    dynamodb_local_call("UpdateTimeToLive", {"TableName": name, "TimeToLiveSpecification": lasting})
    yield name
    dynamodb_local_call("DeleteTable", {"TableName": name})


@pytest.fixture
def dynamodb_local_table(dynamodb_local_call: Call, dynamodb_local_name: str) -> Table:
    """An empty table on DynamoDB Local."""
    from vestibule.adapters.dynamodb import DynamoDbTable  # noqa: PLC0415 as above

    return DynamoDbTable(dynamodb_local_name, dynamodb_local_call)


@pytest.fixture(params=["sqlite", "dynamodb_local"])
def any_table(request: pytest.FixtureRequest) -> Table:
    """An empty table, once on SQLite and once on DynamoDB Local."""
    return request.getfixturevalue(f"{request.param}_table")
