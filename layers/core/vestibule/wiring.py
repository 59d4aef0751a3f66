"""The composition root: where the configuration comes from, and the Services made of it, once per process.

Heavy libraries are imported where they are first needed, not here: what a phase does not use costs its cold start
nothing.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from vestibule.adapters.dsn import open_table
from vestibule.assembly import build
from vestibule.config import frozen
from vestibule.config.document import dig
from vestibule.config.loaded import Loaded
from vestibule.config.urls import Urls
from vestibule.services import Services

if TYPE_CHECKING:
    pass

_CIPHER_LENGTH = 32


class _Process:
    """What this process works with, made on first use."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loaded: Loaded | None = None
        self.services: Services | None = None
        self.at_stage: dict[tuple[str, str], Services] = {}


_process = _Process()
_chosen: ContextVar[Services | None] = ContextVar("services", default=None)


def configure(loaded: Loaded, *, local: bool = False) -> None:
    """Work with this configuration instead of the environment's. `local`: a table that is missing is made."""
    with _process.lock:
        _process.loaded = loaded
        _process.services = None
        _process.at_stage = {}
        os.environ["VESTIBULE_MAKE_MISSING_TABLE"] = "1" if local else ""


def services() -> Services:
    """The services of this process. Raises ConfigError, StoreUnavailable, ValueError (a dsn of no known form)."""
    if (made := _chosen.get()) is not None:
        return made
    with _process.lock:
        if _process.services is None:
            loaded = _process.loaded = _process.loaded or from_environment(os.environ)
            make_missing = bool(os.environ.get("VESTIBULE_MAKE_MISSING_TABLE"))
            table = open_table(loaded.config.dsn, make_missing=make_missing)
            _process.services = build(loaded.config, table)
        return _process.services


def services_at(stage: Mapping[str, str]) -> Services:
    """The services of this process, with the addresses that API Gateway's stage variables name.

    A stack cannot tell its functions the addresses of the APIs that call them, so the stages carry them. What the
    configuration file says goes first.
    """
    made = services()
    loaded = _process.loaded
    public, admin = stage.get("publicBaseUrl", ""), stage.get("adminBaseUrl", "")
    if not public or loaded is None or dig(loaded.document, "serve", "public", "base_url") is not None:
        return made
    if (public, admin) not in _process.at_stage:
        _process.at_stage[public, admin] = replace(made, urls=Urls(made.config, public=public, admin=admin or None))
    return _process.at_stage[public, admin]


@contextmanager
def using(made: Services) -> Generator[None]:
    """These services for the calling thread's requests, in place of the process's: for tests of whole functions."""
    token = _chosen.set(made)
    try:
        yield
    finally:
        _chosen.reset(token)


def from_environment(environ: Mapping[str, str]) -> Loaded:
    """As functions on AWS are configured: `VESTIBULE_CONFIG` names the files, `VESTIBULE_SECRETS` a secret.

    Kratos's environment variables go over the files, the secret over both.
    """
    paths = [Path(path) for path in environ.get("VESTIBULE_CONFIG", "").split(os.pathsep) if path]
    secret = environ.get("VESTIBULE_SECRETS", "")
    overrides = _secrets(_secret_value(secret)) if secret else {}
    if len(paths) == 1 and (ready := frozen.read(paths[0], environ, overrides)):
        return ready
    from vestibule.config.load import load  # noqa: PLC0415 (pydantic and the models: 350 ms of a cold start)

    return load(paths, environ, overrides=overrides, lines=False)


def _secret_value(arn: str) -> dict[str, Any]:
    """The JSON of the secret; what is JSON itself is taken as it is (`sam local` has no Secrets Manager)."""
    if arn.startswith("{"):
        return json.loads(arn)
    from vestibule.adapters import secrets_manager  # noqa: PLC0415 (boto3: only functions on AWS read secrets)

    return json.loads(secrets_manager.read(arn))


def _secrets(value: Mapping[str, Any]) -> dict[str, Any]:
    """The overrides that the generated secret stands for: see `Secrets` in template.yaml."""
    generated = str(value.get("generated", ""))
    cookie = value.get("cookie") or [generated]
    cipher = value.get("cipher") or [generated[:_CIPHER_LENGTH]]
    return {"secrets.cookie": cookie, "secrets.cipher": cipher}
