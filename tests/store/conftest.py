"""The stores that the contract suite holds to one behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_boto import BotoCall, boto_call
from vestibule.adapters.dynamodb_table import create_table_from_template
from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import Table

STORES = ["sqlite", "sqlite_file", "moto", "dynamodb_local", "dynamodb_local_boto"]
FAITHFUL_STORES = ["sqlite", "sqlite_file", "dynamodb_local", "dynamodb_local_boto"]


@pytest.fixture
def sqlite_file_table(tmp_path: Path) -> Iterator[Table]:
    table = SqliteTable(tmp_path / "store.sqlite")
    yield table
    table.close()


@pytest.fixture(scope="session")
def moto_client() -> Iterator[BotoCall]:
    call = boto_call("eu-central-1")
    yield call
    call.close()


@pytest.fixture
def moto_call(moto_client: BotoCall) -> Iterator[BotoCall]:
    """The seam, to moto in this process; the table `test` stands there."""
    with mock_aws():  # made-up credentials are part of it
        create_table_from_template(moto_client, "test")
        yield moto_client


@pytest.fixture
def moto_table(moto_call: BotoCall) -> Table:
    return DynamoDbTable("test", moto_call)


@pytest.fixture(scope="session")
def dynamodb_local_boto_call(dynamodb_local: str) -> Iterator[BotoCall]:
    call = boto_call(endpoint=dynamodb_local)
    yield call
    call.close()


@pytest.fixture
def dynamodb_local_boto_table(dynamodb_local_boto_call: BotoCall, dynamodb_local_name: str) -> Table:
    """DynamoDB Local by botocore, which stays where functions' own transport does not suffice."""
    return DynamoDbTable(dynamodb_local_name, dynamodb_local_boto_call)


@pytest.fixture(params=STORES)
def table(request: pytest.FixtureRequest) -> Table:
    """An empty table in every store."""
    return request.getfixturevalue(f"{request.param}_table")


@pytest.fixture(params=FAITHFUL_STORES)
def faithful_table(request: pytest.FixtureRequest) -> Table:
    """An empty table in every store but moto, for what moto gets wrong.

    It has no stream, is not linearizable, takes True for 1 and nothing for null, fails at comparing text with numbers,
    counts the bytes of an item in another way, and applies a transaction again that was sent again.
    """
    return request.getfixturevalue(f"{request.param}_table")
