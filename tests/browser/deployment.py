"""`vestibule serve` as people run it, with the built-in pages, for a browser to visit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.starting import free_port

from vestibule.config.document import merged

ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 40
"""Far more than starting takes: the machine may be busy."""


def _configuration() -> dict[str, object]:
    return {
        "dsn": "memory",
        "secrets": {"cookie": ["a-cookie-secret-of-these-tests"], "cipher": ["0123456789abcdef0123456789abcdef"]},
        "hashers": {"algorithm": "argon2", "argon2": {"memory": "8MB", "iterations": 1, "parallelism": 1}},
        "identity": {
            "default_schema_id": "person",
            "schemas": [{"id": "person", "url": f"file://{ROOT / 'infra/config/identity.schema.json'}"}],
        },
        "selfservice": {
            "default_browser_return_url": "/ui/welcome",
            "methods": {"password": {"config": {"haveibeenpwned_enabled": False}}},
            "flows": {
                "registration": {"style": "unified", "after": {"password": {"hooks": [{"hook": "session"}]}}},
                "verification": {"enabled": True},
                "recovery": {"enabled": True},
            },
        },
        "vestibule": {"pages": {"name": "Harbour"}},
    }


@dataclass(frozen=True)
class Deployed:
    """Addresses without a slash at the end."""

    public: str
    admin: str


@contextmanager
def deployed(folder: Path, changes: Mapping[str, Any] | None = None, host: str = "127.0.0.1") -> Iterator[Deployed]:
    """Where it is, while it runs. YAML reads JSON. `changes` go over the configuration; keys need a named `host`."""
    (folder / "kratos.yml").write_text(json.dumps(merged(_configuration(), dict(changes or {}))))
    public, admin = free_port(), free_port()
    arguments = [sys.executable, "-m", "vestibule.cli.main", "serve", "--dev", "-c", "kratos.yml"]
    arguments += [f"--public-port={public}", f"--admin-port={admin}", f"--template={ROOT / 'template.yaml'}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "layers/core")}
    environment["SERVE_PUBLIC_BASE_URL"] = f"http://{host}:{public}/"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(arguments, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _await(f"http://127.0.0.1:{public}/health/alive", process, folder / "log")
            yield Deployed(f"http://{host}:{public}", f"http://127.0.0.1:{admin}")
        finally:
            process.terminate()
            process.wait(timeout=20)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + _SECONDS
    while time.monotonic() < ends:
        assert process.poll() is None, log.read_text()
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.1)  # another process starts; nothing tells when it is ready
        else:
            return
    raise AssertionError(log.read_text())
