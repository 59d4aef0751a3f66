"""What only a file can do: last, be shared, be locked, be broken."""

from __future__ import annotations

import gc
import sqlite3
from pathlib import Path

import pytest

from vestibule.adapters import sqlite_connections
from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import Put, StoreUnavailable

ITEM = {"pk": "I#1", "sk": "#", "g1pk": "L", "g1sk": "1"}


def test_a_file_keeps_its_items_indexes_and_changes(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "store.sqlite"
    first = SqliteTable(path)
    first.write(Put(ITEM))
    first.close()
    second = SqliteTable(path)
    assert second.get([("I#1", "#")]) == [ITEM]
    assert len(second.page("GSI1", "L", limit=5)) == 1
    assert [change.new for change in second.changes(None, 5)] == [ITEM]
    second.close()
    assert path.stat().st_mode & 0o077 == 0


def test_two_openings_of_a_file_see_each_others_writes(tmp_path: Path) -> None:
    one, other = SqliteTable(tmp_path / "store"), SqliteTable(tmp_path / "store")
    one.write(Put(ITEM))
    assert other.get([("I#1", "#")]) == [ITEM]
    one.close()
    other.close()


def test_a_file_that_another_process_holds_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_connections, "BUSY_SECONDS", 0.01)
    table = SqliteTable(tmp_path / "store")
    other = sqlite3.connect(tmp_path / "store", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="store is locked by another process"):
        table.write(Put(ITEM))
    assert table.get([("I#1", "#")]) == [None]
    other.execute("ROLLBACK")
    table.write(Put(ITEM))
    other.close()
    table.close()


def test_a_path_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be written: "):
        SqliteTable(tmp_path / "file" / "store")
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        SqliteTable(tmp_path)


def test_a_file_that_is_no_database_is_unavailable_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.write_text("this is a letter, and no database at all\n" * 100)
    with pytest.raises(StoreUnavailable, match="is no SQLite database, or is damaged"):
        SqliteTable(path)
    assert path.read_text().startswith("this is a letter")


def test_a_damaged_file_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "store"
    table = SqliteTable(path)
    for number in range(50):
        table.write(Put({"pk": "p", "sk": f"{number:03}", "blob": "x" * 2000}))
    table.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xaa" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match="is damaged"):  # noqa: PT012 opening or reading may notice it
        table = SqliteTable(path)
        try:
            table.query("p")
        finally:
            table.close()


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (a)")
    other.close()
    with pytest.raises(StoreUnavailable, match="is a database of another program"):
        SqliteTable(path)


def test_a_file_of_another_format_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store"
    SqliteTable(path).close()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(StoreUnavailable, match="has format 99; this release reads 1"):
        SqliteTable(path)


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_closed_store_is_unavailable(tmp_path: Path, in_memory: bool) -> None:
    table = SqliteTable(None if in_memory else tmp_path / "store")
    table.close()
    with pytest.raises(StoreUnavailable, match="is closed"):
        table.get([("I#1", "#")])
    with pytest.raises(StoreUnavailable, match="is closed"):
        table.write(Put(ITEM))


def test_a_sweep_deletes_what_has_outlived_its_ttl_and_shows_it(sqlite_table: SqliteTable) -> None:
    sqlite_table.write(Put({**ITEM, "ttl": 1000}))
    sqlite_table.write(Put({"pk": "I#2", "sk": "#", "ttl": 3000}))
    sqlite_table.write(Put({"pk": "I#3", "sk": "#"}))
    assert sqlite_table.sweep(now=2000) == 1
    assert [item is None for item in sqlite_table.get([("I#1", "#"), ("I#2", "#"), ("I#3", "#")])] == [
        True,
        False,
        False,
    ]
    assert sqlite_table.page("GSI1", "L", limit=5) == []
    last = sqlite_table.changes(None, 10)[-1]
    assert (last.key, last.new) == (("I#1", "#"), None)


def test_a_sweep_forgets_changes_of_more_than_a_day_ago(sqlite_table: SqliteTable) -> None:
    sqlite_table.write(Put(ITEM))
    (change,) = sqlite_table.changes(None, 10)
    sqlite_table.sweep(now=5e9)
    assert sqlite_table.changes(None, 10) == []
    sqlite_table.write(Put({**ITEM, "n": 1}))
    assert [later.new for later in sqlite_table.changes(change.sequence, 10)] == [{**ITEM, "n": 1}]


def test_a_table_that_nobody_holds_is_closed(tmp_path: Path) -> None:
    table = SqliteTable(tmp_path / "store")
    table.write(Put(ITEM))
    assert (tmp_path / "store-wal").exists()
    del table
    gc.collect()
    assert not (tmp_path / "store-wal").exists()
