"""Built functions under the runtime interface emulator, which ships inside the SAM CLI's wheel. Needs no Docker."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.starting import free_port, wait_until_listening

ROOT = Path(__file__).parents[2]
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "")
OUT = ROOT / ".aws-sam" / "for-this-machine"
SOURCES = (
    "layers",
    "functions",
    "infra",
    "template.yaml",
    "requirements/deps.txt",
    "requirements/deps-webauthn.txt",
    "tools/build_layer.py",
)
HANDLER = "app.handler"
REGION = "eu-central-1"
READY_SECONDS = 30
ANSWER_SECONDS = 30


class Missing(Exception):
    """What this machine lacks to run built functions, and how to get it."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """The emulator, and a Python of Lambda's version with the runtime interface client and nothing else."""

    emulator: Path
    python: Path


def find_runtime() -> Runtime:
    """Installs what the package index has, where it is missing. Raises Missing."""
    if platform.system() != "Linux" or not ARCHITECTURE:
        raise Missing("the Lambda runtime emulator runs on Linux, x86-64 or ARM, only")
    finding = [ROOT / "tools" / "find-python", "3.13"]
    found = subprocess.run(finding, capture_output=True, text=True, check=True).stdout.strip()
    if not found:
        raise Missing("Python 3.13, which Lambda runs, was not found: install it, e.g. pyenv install 3.13")
    with _alone():
        make(".venv-sam/.sam", ".venv-lambda/.ric")
    emulators = (ROOT / ".venv-sam" / "lib").glob(f"python*/site-packages/samcli/local/rapid/*-{ARCHITECTURE}")
    return Runtime(next(emulators), ROOT / ".venv-lambda" / "bin" / "python")


def make(*targets: str) -> None:
    subprocess.run(["make", "--silent", *targets], cwd=ROOT, env=_plain_environment(), check=True)


def built() -> Path:
    """What `sam build` makes for this machine's architecture of the sources as they are now."""
    digest, stamp = _digest(), OUT / ".sources"
    with _alone():
        if not stamp.exists() or stamp.read_text() != digest:
            shutil.rmtree(OUT, ignore_errors=True)
            environment = _plain_environment() | {"OUT": str(OUT), "ARCHITECTURE": ARCHITECTURE}
            subprocess.run([ROOT / "tools" / "sam-build"], cwd=ROOT, env=environment, check=True)
            stamp.write_text(digest)
    return OUT


def environment_of(function: Path) -> dict[str, str]:
    """What Lambda sets: the layers and the function's folder, nothing else to import from."""
    layers = function.parent
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{layers / 'CoreLayer' / 'python'}:{layers / 'DepsLayer' / 'python'}",
        "LAMBDA_TASK_ROOT": str(function),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "VESTIBULE_CONFIG": str(layers / "CoreLayer" / "config" / "kratos.json"),
        "VESTIBULE_SECRETS": "Secrets",
        "VESTIBULE_WEBAUTHN": str(layers / "DepsWebauthnLayer" / "webauthn"),
        "VESTIBULE_ADMIN_KEY": "AdminKey",
        "SELFSERVICE_METHODS_PASSWORD_CONFIG_HAVEIBEENPWNED_ENABLED": "false",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        "_HANDLER": HANDLER,
    }


@contextmanager
def running(function: Path, runtime: Runtime, environment: Mapping[str, str], logs: Path) -> Iterator[Function]:
    """A built function, started as Lambda starts it. What it logs goes to a file of its name in `logs`."""
    ports = [free_port(), free_port()]
    command = [
        runtime.emulator, "--log-level", "error",
        "--runtime-interface-emulator-address", f"127.0.0.1:{ports[0]}",
        "--runtime-api-address", f"127.0.0.1:{ports[1]}",
        runtime.python, "-m", "awslambdaric", HANDLER,
    ]  # fmt: skip
    whole = environment_of(function) | environment
    with (logs / function.name).open("a") as log:
        process = subprocess.Popen(command, cwd=function, env=whole, stdout=log, stderr=log)
    try:
        wait_until_listening(process, ports[0], READY_SECONDS)
        yield Function(ports[0])
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True, slots=True)
class Function:
    port: int

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What the function returns for the event; what it raised is returned as Lambda does, as `errorMessage`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(event))
        try:
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


def _plain_environment() -> dict[str, str]:
    """Without what an outer `make` passes on."""
    return {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


def _digest() -> str:
    """Of all that goes into a build."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts and ".egg-info" not in str(file):
                digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """One test process at a time: parallel runs share the environments and the build."""
    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache" / "artifacts.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
