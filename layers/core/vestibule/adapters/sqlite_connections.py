"""Connections to one SQLite store: a writer behind a lock and, for a file, readers that never wait for it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from vestibule.ports import StoreUnavailable

BUSY_SECONDS = 5.0
"""How long a write waits for another process to finish its own."""

APPLICATION = 0x56535442
"""`PRAGMA application_id` of our files ("VSTB"), so that a foreign database is left alone."""

VERSION = 1
"""`PRAGMA user_version`: the shape of the tables below."""

SCHEMA = """
CREATE TABLE items (
    pk TEXT NOT NULL, sk TEXT NOT NULL,
    g1pk TEXT, g1sk TEXT, g2pk TEXT, g2sk TEXT,
    ttl INTEGER, document TEXT NOT NULL,
    PRIMARY KEY (pk, sk)
) WITHOUT ROWID;
CREATE INDEX gsi1 ON items (g1pk, g1sk, pk, sk) WHERE g1pk IS NOT NULL AND g1sk IS NOT NULL;
CREATE INDEX gsi2 ON items (g2pk, g2sk, pk, sk) WHERE g2pk IS NOT NULL AND g2sk IS NOT NULL;
CREATE INDEX expiring ON items (ttl) WHERE ttl IS NOT NULL;
CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL, pk TEXT NOT NULL, sk TEXT NOT NULL, old TEXT, new TEXT
);
CREATE INDEX aged ON changes (at);
"""

SENTENCES = (
    ("locked", "is locked by another process"),
    ("readonly", "cannot be written"),
    ("unable to open", "cannot be opened: check that the folder exists and can be written"),
    ("not a database", "is no SQLite database, or is damaged"),
    ("malformed", "is damaged"),
    ("disk is full", "cannot grow: the disk is full"),
    ("disk i/o", "cannot be read or written: the disk reports an error"),
    ("closed", "is closed"),
)
"""What SQLite says → what we say of the store. Its own words may quote values, so that they are not passed on."""


class Connections:
    """All connections to the store at `path`, or to one in memory (None). Safe under threads."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._closed = False
        self._write_lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        with self._sentences():
            self._create_file()
            self._writer = self._connect()
            try:
                self._prepare(self._writer)
            except BaseException:  # an interrupt, too, must not leave the file open
                self._writer.close()
                raise

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        if self._path is None:  # a store in memory has one connection
            with self._sentences(), self._write_lock:
                yield self._writer
            return
        with self._sentences():
            connection = self._take_reader()
            try:
                yield connection
            finally:
                self._give_back(connection)

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        with self._sentences(), self._write_lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:  # an interrupt, too, must not leave the transaction open
                with suppress(sqlite3.Error):  # SQLite has rolled back by itself after some errors
                    self._writer.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close everything; whoever comes later gets StoreUnavailable."""
        with self._write_lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            self._writer.close()

    def _take_reader(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()  # list.pop and list.append are atomic
        except IndexError:
            return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        self._idle.append(connection)
        if self._closed:  # while it was out
            self.close()

    def _create_file(self) -> None:
        """Only its owner reads a new store: it holds hashes and personal data."""
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"the store {self._path} cannot be written: {error.strerror}") from error

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise sqlite3.ProgrammingError("closed")
        connection = sqlite3.connect(
            self._path or ":memory:",
            timeout=BUSY_SECONDS,
            isolation_level=None,  # transactions are begun by hand
            check_same_thread=False,
        )
        if self._path is None:
            return connection
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")  # an answered write survives a loss of power
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        with self.writing():
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if tables == 0:
                for statement in SCHEMA.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
            elif application != APPLICATION:
                raise StoreUnavailable(f"the store {self._path} is a database of another program")
            elif version != VERSION:
                raise StoreUnavailable(f"the store {self._path} has format {version}; this release reads {VERSION}")

    @contextmanager
    def _sentences(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            words = str(error).lower()
            sentence = next((ours for theirs, ours in SENTENCES if theirs in words), "failed")
            raise StoreUnavailable(f"the store {self._path or 'in memory'} {sentence}") from error
