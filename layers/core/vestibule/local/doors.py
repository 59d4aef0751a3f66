"""The functions of the template as Python callables, each `app.py` in a module of its own."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, cast

from msgspec import Struct, field

from vestibule.local.routes import Function

LIMIT_SECONDS = 30
"""An HTTP API waits no longer for a function."""


class DoorError(Exception):
    """A function's code cannot be loaded. Names the function and its file."""


class Context(Struct, frozen=True):
    """What Lambda passes beside the event."""

    function_name: str
    aws_request_id: str
    memory_limit_in_mb: int = 1024
    function_version: str = "$LATEST"
    log_group_name: str = "local"
    log_stream_name: str = "local"
    identity: None = None
    client_context: None = None
    deadline: float = field(default_factory=lambda: time.monotonic() + LIMIT_SECONDS)
    """In `time.monotonic()`."""

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:123456789012:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - time.monotonic()) * 1000))


Handler = Callable[[dict[str, Any], Context], Any]


def load(functions: Iterable[Function]) -> dict[str, Handler]:
    """The handlers by the functions' names; a function that has several routes is loaded once. Raises DoorError."""
    return {name: _load(function) for name, function in {f.name: f for f in functions}.items()}


def _load(function: Function) -> Handler:
    module_name, _, attribute = function.handler.rpartition(".")
    path = function.code.joinpath(*module_name.split(".")).with_suffix(".py")
    # One name a function: all doors are called app.py, and sys.modules would keep only one of them.
    name = f"vestibule_door_{function.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise DoorError(f"{function.name}: {path} is missing")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise DoorError(f"{function.name}: {path} does not load ({type(error).__name__}: {error})") from error
    handler = getattr(module, attribute, None)
    if not callable(handler):
        raise DoorError(f"{function.name}: {path} has no function {attribute}")
    return cast("Handler", handler)
