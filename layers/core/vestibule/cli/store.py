"""What a local start does for its store before it is opened, and how it is named."""

from __future__ import annotations

from pathlib import Path

from vestibule.adapters.dsn import DynamoDb, parse_dsn
from vestibule.local.server import StartError


def prepare(dsn: str) -> str:
    """Make the folder of a SQLite file. Returns how to name the store on screen; a dsn may carry what is secret.

    Raises StartError.
    """
    try:
        store = parse_dsn(dsn)
    except ValueError as error:
        raise StartError(str(error)) from None
    if isinstance(store, DynamoDb):
        return f"DynamoDB, table {store.table}" + (f" at {store.endpoint}" if store.endpoint else "")
    if store.path is None:
        return "in memory, gone when the server stops"
    folder = Path(store.path).parent
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StartError(
            f"cannot make the store's folder {folder} ({error.strerror}); choose another with --dsn"
        ) from None
    return f"SQLite, {store.path}"
