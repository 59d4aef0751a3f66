"""`vestibule serve`, writing down which function makes which DynamoDB call, into a file in the folder `$RECORD`.

A line each, as soon as it is seen: function, action, target. The adapter's seam is where they are seen.
"""

from __future__ import annotations

import contextvars
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from vestibule.adapters import dsn, system
from vestibule.adapters.dynamodb_call import Call
from vestibule.cli import main
from vestibule.local import doors
from vestibule.local.routes import Function

_WRITES = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}

_serving: contextvars.ContextVar[str] = contextvars.ContextVar("serving", default="")


class Recording:
    """The seam, with each call of a function written to `file`."""

    def __init__(self, call: Call, file: Path) -> None:
        self._call = call
        self._file = file
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, operation: str, document: dict[str, Any]) -> dict[str, Any]:
        if function := _serving.get():
            for action, target in actions(operation, document):
                self._write(f"{function} {action} {target}\n")
        return self._call(operation, document)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def _write(self, line: str) -> None:
        with self._lock:
            if line not in self._seen:
                self._seen.add(line)
                with self._file.open("a") as file:
                    file.write(line)


def actions(operation: str, document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The IAM actions that a call needs, each with its target: the table, or an index of it."""
    if operation == "TransactWriteItems":
        for item in document["TransactItems"]:
            yield from ((_WRITES[kind], "table") for kind in item)
    else:
        yield operation, f"index/{document['IndexName']}" if "IndexName" in document else "table"


def _load(functions: Iterable[Function], load: Callable[..., dict[str, doors.Handler]] = doors.load) -> dict[str, Any]:
    def named(name: str, handler: doors.Handler) -> doors.Handler:
        def handle(event: Any, context: Any) -> Any:
            _serving.set(name)
            return handler(event, context)

        return handle

    return {name: named(name, handler) for name, handler in load(functions).items()}


def _parallel(self: Any, *tasks: Any, run: Any = system.ThreadParallel.__call__) -> list[Any]:
    """Tasks run in threads of their own, which would not know whom they serve."""

    def carried(task: Any) -> Any:
        context = contextvars.copy_context()
        return lambda: context.run(task)

    return run(self, *[carried(task) for task in tasks])


def _own_database(arguments: list[str]) -> None:
    """One access key for each table: DynamoDB Local's streams get slow where many tables share a database."""
    configured = Path(arguments[arguments.index("-c") + 1]).read_text()
    table = re.search(r"dynamodb://([^?]+)", configured)
    if table is not None:
        os.environ["AWS_ACCESS_KEY_ID"] = re.sub(r"[^a-zA-Z0-9]", "", table[1])


if __name__ == "__main__":
    _own_database(sys.argv)
    file = Path(os.environ["RECORD"], str(os.getpid()))
    make = dsn.transport
    dsn.transport = lambda *options: Recording(make(*options), file)  # type: ignore[assignment,return-value] # stands in for it
    doors.load = _load
    system.ThreadParallel.__call__ = _parallel  # type: ignore[method-assign] # as above
    sys.exit(main.main())
