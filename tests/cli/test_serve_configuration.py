"""`vestibule serve` follows what another process changes, over its admin API or straight in its store."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
from tests.cli.test_serve import command, started  # noqa: F401 (a fixture)

OFF = "/selfservice/flows/registration/enabled=false"
PATIENCE = 30.0
"""Seconds; it takes five, or none over the admin API."""


def vestibule(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(Path("layers/core").resolve())}
    environment.pop("VESTIBULE_ADMIN_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", "vestibule.cli.main", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_running_server_takes_changes_from_its_admin_api_and_from_its_store(command, tmp_path):  # noqa: F811
    arguments = command(dsn="sqlite://store.sqlite")
    public, admin = (int(each.partition("=")[2]) for each in arguments[-2:])
    registration = f"http://127.0.0.1:{public}/self-service/registration/api"
    with started(arguments, tmp_path):
        assert httpx.get(registration).status_code == 200
        endpoint = ("--endpoint", f"http://127.0.0.1:{admin}")
        vestibule(tmp_path, "patch", "identity-config", "--add", OFF, *endpoint)
        assert httpx.get(registration).status_code == 400
        vestibule(tmp_path, "rollback", "identity-config", "--to", "0", "-c", "kratos.yml")
        until = time.monotonic() + PATIENCE
        while httpx.get(registration).status_code != 200 and time.monotonic() < until:
            time.sleep(0.2)
        assert httpx.get(registration).status_code == 200
    with started(arguments, tmp_path) as (_, said):
        assert "kratos.yml, revision 2" in said
    assert "enabled" not in (tmp_path / "kratos.yml").read_text()
