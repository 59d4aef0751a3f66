"""The artifacts, built once for this machine, and what stands in for AWS around them."""

from __future__ import annotations

import fcntl
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.artifact.lambda_runtime import Function, Missing, Runtime, build, find_runtime, running

ROOT = Path(__file__).parents[2]
OUT = ROOT / ".aws-sam" / "for-this-machine"
SOURCES = ("layers", "functions", "infra", "template.yaml", "requirements/deps.txt", "tools/build_layer.py")
ADMIN_KEY = "local-admin-key"


@pytest.fixture(scope="session")
def runtime() -> Runtime:
    with _alone():
        try:
            return find_runtime()
        except Missing as missing:
            pytest.skip(str(missing))


@pytest.fixture(scope="session")
def artifacts(runtime) -> Path:
    """What `sam build` made for this machine's architecture of the sources as they are now."""
    digest, stamp = _digest(), OUT / ".sources"
    with _alone():
        if not stamp.exists() or stamp.read_text() != digest:
            build(OUT)
            stamp.write_text(digest)
    return OUT


@pytest.fixture(scope="session")
def logs(tmp_path_factory) -> Path:
    """A file for each function, with what it logged."""
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def invoke(
    artifacts, runtime, dynamodb_local, dynamodb_local_call, secrets_manager, logs
) -> Iterator[Callable[..., Any]]:
    """`invoke("LoginStart", event)`: each function is booted when it is first asked for and serves until the end."""
    from vestibule.adapters.dynamodb_table import create_table_from_template  # noqa: PLC0415 slow, and skips come first

    create_table_from_template(dynamodb_local_call, "artifacts")
    environment = {
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets_manager,
        "DSN": f"dynamodb://artifacts?region=eu-central-1&endpoint={dynamodb_local}",
        "VESTIBULE_CONFIG": str(artifacts / "CoreLayer" / "config" / "kratos.json"),
        "VESTIBULE_SECRETS": "Secrets",
        "VESTIBULE_ADMIN_KEY": "AdminKey",
        "SELFSERVICE_METHODS_PASSWORD_CONFIG_HAVEIBEENPWNED_ENABLED": "false",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
    }
    booted: dict[str, Function] = {}
    with ExitStack() as stack:

        def invoked(name: str, event: dict[str, Any]) -> Any:
            if name not in booted:
                booted[name] = stack.enter_context(running(artifacts / name, artifacts, runtime, environment, logs))
            return booted[name](event)

        yield invoked


@pytest.fixture(scope="session")
def secrets_manager() -> Iterator[str]:
    """The address of a Secrets Manager that knows the two secrets of the template."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _SecretsManager) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _SecretsManager(BaseHTTPRequestHandler):
    values: ClassVar = {"Secrets": json.dumps({"generated": "0123456789abcdef" * 4}), "AdminKey": ADMIN_KEY}

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = json.dumps({"Name": asked["SecretId"], "SecretString": self.values[asked["SecretId"]]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


def _digest() -> str:
    """Of all that goes into a build."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts and ".egg-info" not in str(file):
                digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


class _alone:  # noqa: N801 a context manager that reads as a word
    """One test process at a time: parallel runs share the build."""

    def __enter__(self) -> None:
        (ROOT / ".cache").mkdir(exist_ok=True)
        self._lock = (ROOT / ".cache" / "artifacts.lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._lock.close()
