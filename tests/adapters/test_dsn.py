from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vestibule.adapters.dsn import DynamoDb, Sqlite, open_table, parse_dsn
from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import Put, StoreUnavailable

ITEM = {"pk": "a", "sk": "#"}


@pytest.mark.parametrize(
    ("dsn", "store"),
    [
        ("memory", Sqlite(None)),
        ("sqlite://data/store.sqlite", Sqlite("data/store.sqlite")),
        ("sqlite://./store", Sqlite("./store")),
        ("sqlite:///var/lib/vestibule/db.sqlite", Sqlite("/var/lib/vestibule/db.sqlite")),
        ("sqlite:///var/lib/db.sqlite?_fk=true&mode=rwc", Sqlite("/var/lib/db.sqlite")),
        ("dynamodb://vestibule", DynamoDb("vestibule", None, None)),
        ("dynamodb://vestibule?region=eu-central-1", DynamoDb("vestibule", "eu-central-1", None)),
        (
            "dynamodb://conform-a.b_c?endpoint=http://127.0.0.1:8000&region=us-east-1",
            DynamoDb("conform-a.b_c", "us-east-1", "http://127.0.0.1:8000"),
        ),
        ("dynamodb://table?endpoint=http%3A%2F%2Flocalhost%3A8000", DynamoDb("table", None, "http://localhost:8000")),
    ],
)
def test_a_dsn_names_a_store(dsn: str, store: Sqlite | DynamoDb) -> None:
    assert parse_dsn(dsn) == store


@pytest.mark.parametrize(
    "dsn",
    [
        "",
        "Memory",
        "memory://",
        "/var/lib/db.sqlite",
        "sqlite:/var/lib/db.sqlite",
        "sqlite://",
        "sqlite://?mode=memory",
        "sqlite://:memory:",
        "sqlite://file::memory:?cache=shared",
        "postgres://user:pass-of-theirs@db/kratos",
        "mysql://user:pass-of-theirs@tcp(db)/kratos",
        "dynamodb://",
        "dynamodb://ab",
        "dynamodb://a/b/c",
        "dynamodb://user:pass-of-theirs@table",
        "dynamodb://table?zone=eu",
        "dynamodb://table?region=",
        "dynamodb://table?region=a&region=b",
        "dynamodb://table?endpoint=127.0.0.1:8000",
        "dynamodb://table?endpoint=file:///etc/passwd",
        "dynamodb://table?endpoint=http://",
    ],
)
def test_anything_else_is_refused_in_a_sentence_that_names_the_three_forms(dsn: str) -> None:
    with pytest.raises(ValueError, match=r"^dsn: .*memory, sqlite://FILE or dynamodb://TABLE") as refusal:
        open_table(dsn)
    assert "pass-of-theirs" not in str(refusal.value)


def test_memory_and_files_open(tmp_path: Path) -> None:
    for dsn in ("memory", f"sqlite://{tmp_path}/store.sqlite"):
        table = open_table(dsn)
        assert isinstance(table, SqliteTable)
        assert table.write(Put(ITEM)) == ITEM
        table.close()
    assert (tmp_path / "store.sqlite").exists()


def test_a_dynamodb_table_is_made_on_this_machine_when_that_is_asked_for(dynamodb_local: str) -> None:
    dsn = f"dynamodb://made-by-dsn?endpoint={dynamodb_local}"
    unmade = open_table(dsn)
    assert isinstance(unmade, DynamoDbTable)
    with pytest.raises(StoreUnavailable, match="does not exist"):
        unmade.get([("a", "#")])
    made = open_table(dsn, make_missing=True)
    assert made.write(Put(ITEM)) == ITEM
    assert unmade.get([("a", "#")]) == [ITEM]
    unmade.close()
    made.close()


@pytest.mark.parametrize(
    ("endpoint", "is_local"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://localhost:8000", True),
        ("https://dynamodb.eu-central-1.amazonaws.com", False),
        ("http://10.0.0.1:8000", False),
        ("http://localhost.example.com", False),
        (None, False),
    ],
)
def test_only_an_endpoint_of_this_machine_is_local(endpoint: str | None, is_local: bool) -> None:
    assert DynamoDb("table", None, endpoint).is_local is is_local


@pytest.mark.parametrize(
    ("dsn", "absent"), [("memory", ["boto3", "botocore"]), ("sqlite://{}/s", ["boto3", "botocore"])]
)
def test_a_store_loads_only_the_libraries_that_it_needs(tmp_path: Path, dsn: str, absent: list[str]) -> None:
    program = (
        "import sys; from vestibule.adapters.dsn import open_table; open_table(sys.argv[1]).close();"
        "print(*[name for name in sys.argv[2:] if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, dsn.format(tmp_path), *absent], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
