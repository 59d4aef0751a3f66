"""Requests per second of whoami through `vestibule serve`, on SQLite."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.bench import table
from tests.starting import free_port

ROOT = Path(__file__).parents[2]
SECONDS = 5.0
CLIENTS = 4
READY_SECONDS = 30


def report() -> None:
    with tempfile.TemporaryDirectory() as folder:
        public, admin = free_port(), free_port()
        command = [
            Path(sys.executable).with_name("vestibule"), "serve", "--dev", "-c", _config(Path(folder)),
            "--public-port", str(public), "--admin-port", str(admin),
        ]  # fmt: skip
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            _wait_until_ready(public)
            done, worst = _load(public, _session(public))
        finally:
            process.terminate()
            process.wait()
    table.show(
        f"whoami through the local server, {CLIENTS} clients for {SECONDS:g} s",
        ["requests/s", "99 in 100 within"],
        [[f"{done / SECONDS:.0f}", f"{worst * 1000:.0f} ms"]],
    )


def _config(folder: Path) -> Path:
    """The bundled configuration, without asking for breached passwords over the network."""
    path = folder / "kratos.yml"
    text = (ROOT / "infra" / "config" / "kratos.yml").read_text()
    text = text.replace("haveibeenpwned_enabled: true", "haveibeenpwned_enabled: false")
    path.write_text(text.replace("file://", f"file://{ROOT}/infra/config/"))
    return path


def _session(port: int) -> str:
    """The token of somebody who signs up."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    flow = _asked(connection, "GET", "/self-service/registration/api")
    form = {"method": "password", "password": "blue-Kettle-42-orbit", "traits": {"email": "bench@example.org"}}
    token = _asked(connection, "POST", f"/self-service/registration?flow={flow['id']}", form)["session_token"]
    connection.close()
    return token


def _asked(connection: http.client.HTTPConnection, method: str, path: str, document: Any = None) -> Any:
    headers = {"accept": "application/json", "content-type": "application/json"}
    connection.request(method, path, None if document is None else json.dumps(document), headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path} was answered with {answer.status}")
    return json.loads(body)


def _load(port: int, token: str) -> tuple[int, float]:
    """(requests, seconds within which 99 in 100 were answered)."""
    taken: list[float] = []
    threads = [threading.Thread(target=_ask_on, args=(port, token, taken)) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(taken), sorted(taken)[int(len(taken) * 0.99)]


def _ask_on(port: int, token: str, taken: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    end = time.monotonic() + SECONDS
    while (before := time.monotonic()) < end:
        connection.request("GET", "/sessions/whoami", headers={"x-session-token": token})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"whoami was answered with {answer.status}")
        taken.append(time.monotonic() - before)
    connection.close()


def _wait_until_ready(port: int) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        try:
            _asked(http.client.HTTPConnection("127.0.0.1", port), "GET", "/health/ready")
        except (OSError, RuntimeError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("vestibule serve did not become ready")
