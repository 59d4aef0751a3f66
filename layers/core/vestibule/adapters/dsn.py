"""The store that Kratos's `dsn` key names."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from vestibule.adapters.dynamodb import DynamoDbTable
    from vestibule.adapters.dynamodb_boto import BotoCall
    from vestibule.adapters.dynamodb_http import HttpCall
    from vestibule.adapters.sqlite import SqliteTable

FORMS = "memory, sqlite://FILE or dynamodb://TABLE?region=…&endpoint=…"

TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")


class Sqlite(Struct, frozen=True):
    path: str | None
    """None: in memory."""


class DynamoDb(Struct, frozen=True):
    table: str
    region: str | None
    endpoint: str | None

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is on this machine."""
        host = urlsplit(self.endpoint or "").hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")


def parse_dsn(dsn: str) -> Sqlite | DynamoDb:
    """Raises ValueError with a sentence that names the forms. It never quotes the value: others' hold passwords."""
    if dsn == "memory":
        return Sqlite(None)
    scheme, separator, rest = dsn.partition("://")
    if separator and scheme == "sqlite":
        return _sqlite(rest)
    if separator and scheme == "dynamodb":
        return _dynamodb(rest)
    raise ValueError(f"dsn: this is no store that Vestibule knows; use {FORMS}")


def open_table(dsn: str, *, make_missing: bool = False) -> SqliteTable | DynamoDbTable:
    """The table that `dsn` names. With `make_missing`, a DynamoDB table on this machine is made when it is missing.

    Raises ValueError (a dsn of another form), StoreUnavailable.
    """
    store = parse_dsn(dsn)
    if isinstance(store, Sqlite):
        from vestibule.adapters.sqlite import SqliteTable  # noqa: PLC0415 functions on AWS never need it

        return SqliteTable(store.path)
    from vestibule.adapters.dynamodb import DynamoDbTable  # noqa: PLC0415 only when chosen

    call = transport(store.region, store.endpoint)
    if make_missing and store.is_local:
        from vestibule.adapters.dynamodb_table import create_table_from_template  # noqa: PLC0415 never on AWS

        create_table_from_template(call, store.table)
    return DynamoDbTable(store.table, call, close=call.close)


def transport(region: str | None, endpoint: str | None) -> HttpCall | BotoCall:
    """The seam to DynamoDB."""
    from vestibule.adapters.json_service import reachable  # noqa: PLC0415 only when chosen

    if reachable(region, endpoint):
        from vestibule.adapters.dynamodb_http import HttpCall  # noqa: PLC0415 as above

        return HttpCall(region, endpoint)
    from vestibule.adapters.dynamodb_boto import boto_call  # noqa: PLC0415 costs 350 ms

    return boto_call(region, endpoint)


def _sqlite(rest: str) -> Sqlite:
    """What stands behind `?` are options of Kratos's own driver (`_fk=true`, `mode=rwc`), which mean nothing here."""
    path = rest.partition("?")[0]
    if not path or ":memory:" in path:
        raise ValueError(f"dsn: sqlite:// needs a file; use {FORMS}")
    return Sqlite(path)


def _dynamodb(rest: str) -> DynamoDb:
    table, _, query = rest.partition("?")
    options = parse_qs(query, keep_blank_values=True)
    if not TABLE_NAME.fullmatch(table):
        raise ValueError(f"dsn: dynamodb:// needs the name of a table; use {FORMS}")
    if options.keys() - {"region", "endpoint"} or any(len(values) > 1 or not values[0] for values in options.values()):
        raise ValueError(f"dsn: dynamodb:// takes one region and one endpoint; use {FORMS}")
    region, endpoint = (options.get(name, [None])[0] for name in ("region", "endpoint"))
    if endpoint is not None and not (endpoint.startswith(("http://", "https://")) and urlsplit(endpoint).hostname):
        raise ValueError(f"dsn: the endpoint of dynamodb:// is an http or https address; use {FORMS}")
    return DynamoDb(table, region, endpoint)
