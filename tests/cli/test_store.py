"""The store's name on screen, and its folder."""

import pytest

from vestibule.cli import store
from vestibule.local.server import StartError


@pytest.mark.parametrize(
    ("dsn", "named"),
    [
        ("memory", "in memory"),
        ("dynamodb://people?region=eu-central-1", "DynamoDB, table people"),
        ("dynamodb://people?endpoint=http://127.0.0.1:8000", "DynamoDB, table people at http://127.0.0.1:8000"),
    ],
)
def test_a_store_is_named(dsn, named):
    assert store.prepare(dsn).startswith(named)


def test_the_folder_of_a_file_is_made(tmp_path):
    assert store.prepare(f"sqlite://{tmp_path}/new/db.sqlite?_fk=true") == f"SQLite, {tmp_path}/new/db.sqlite"
    assert (tmp_path / "new").is_dir()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    with pytest.raises(StartError, match=r"cannot make the store's folder .*--dsn"):
        store.prepare(f"sqlite://{tmp_path}/new/below/db.sqlite")


def test_an_unknown_store_is_one_line_without_its_password():
    with pytest.raises(StartError, match="memory, sqlite://FILE or dynamodb://TABLE") as caught:
        store.prepare("postgres://user:pa55word@db/kratos")
    assert "pa55word" not in str(caught.value)
