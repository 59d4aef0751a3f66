"""The artifacts, built once for this machine, and what stands in for AWS around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.artifact.lambda_runtime import REGION, Function, Missing, Runtime, built, find_runtime, running
from tests.artifact.secrets_manager import running_secrets_manager


@pytest.fixture(scope="session")
def runtime() -> Runtime:
    try:
        return find_runtime()
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def artifacts(runtime) -> Path:
    return built()


@pytest.fixture(scope="session")
def logs(tmp_path_factory) -> Path:
    """A file for each function, with what it logged."""
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def deployment(artifacts, runtime, dynamodb_local, dynamodb_local_call, logs) -> Callable[[str], Any]:
    """`with deployment("a-table") as invoke: invoke("LoginStart", event)`: all functions on a table of that name.

    Each is booted when it is first asked for, and serves until the block ends.
    """
    from vestibule.adapters.dynamodb_table import create_table_from_template  # noqa: PLC0415 slow, and skips come first

    @contextmanager
    def deployed(table: str) -> Iterator[Callable[..., Any]]:
        create_table_from_template(dynamodb_local_call, table)
        booted: dict[str, Function] = {}
        with ExitStack() as stack:
            environment = {
                "AWS_ENDPOINT_URL_SECRETS_MANAGER": stack.enter_context(running_secrets_manager()),
                "DSN": f"dynamodb://{table}?region={REGION}&endpoint={dynamodb_local}",
            }

            def invoked(name: str, event: dict[str, Any]) -> Any:
                if name not in booted:
                    booted[name] = stack.enter_context(running(artifacts / name, runtime, environment, logs))
                return booted[name](event)

            yield invoked

    return deployed


@pytest.fixture(scope="session")
def invoke(deployment) -> Iterator[Callable[..., Any]]:
    """The functions that all tests share which change no configuration."""
    with deployment("artifacts") as invoked:
        yield invoked
