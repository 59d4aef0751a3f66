"""DynamoDB Local as a process of its own."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.starting import free_port
from tests.store.fetch_dynamodb_local import fetch

READY_SECONDS = 60
SERVER = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"


@contextmanager
def running_dynamodb_local(*, shared: bool = True) -> Iterator[str]:
    """Its endpoint; it ends with the block. Not `shared`: each access key has a database of its own. Raises Missing."""
    folder = fetch()
    port = free_port()
    command = [
        "java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Djava.library.path={folder}",
        "-cp", f"{folder}/*", SERVER, "-inMemory", "-disableTelemetry", "-port", str(port),
        *(["-sharedDb"] if shared else []),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_ready(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"DynamoDB Local ended with status {process.returncode}: is this Java 17 or newer?")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"DynamoDB Local was not ready within {READY_SECONDS} seconds")
