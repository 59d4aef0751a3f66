"""The composition root: where the configuration comes from, and the Services made of it, once per process.

Heavy libraries are imported where they are first needed, not here: what a phase does not use costs its cold start
nothing.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from vestibule.adapters.dsn import open_table
from vestibule.adapters.templates import FetchedTemplates
from vestibule.assembly import build
from vestibule.config import frozen
from vestibule.config import revision as revision_
from vestibule.config.document import dig
from vestibule.config.findings import ConfigError
from vestibule.config.loaded import Loaded
from vestibule.config.schema_document import SchemaError
from vestibule.config.urls import Urls
from vestibule.crypto.sealing import SecretRemoved
from vestibule.ports import StoreUnavailable
from vestibule.services import Services

_CIPHER_LENGTH = 32


LOOK_SECONDS = 5.0
"""How long nobody asks whether the configuration has a new revision."""

WAIT_SECONDS = 15.0
"""From then on the request that comes waits for the answer; before, it is answered while somebody else asks."""

AGAIN_SECONDS = 60.0
"""Between two tries of a revision that cannot be used."""

_log = logging.getLogger("vestibule.configuration")


class _Process:
    """What this process works with, made on first use."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loaded: Loaded | None = None
        """Files and environment; without revisions."""
        self.services: Services | None = None
        self.revision = 0
        self.looked = float("-inf")
        """When the head of the revisions was read, on `time.monotonic`."""
        self.looking = threading.Lock()
        self.refused: tuple[int, float] = (0, 0.0)
        """A revision that cannot be used, and when to try it once more: what it names may have been out of reach."""
        self.unused: tuple[int, str] = (0, "")
        """A revision that counts and is not what runs, and why."""
        self.at_stage: dict[tuple[str, str], Services] = {}


_process = _Process()
_chosen: ContextVar[Services | None] = ContextVar("services", default=None)


def configure(loaded: Loaded, *, local: bool = False) -> None:
    """Work with this configuration instead of the environment's. `local`: a table that is missing is made."""
    with _process.lock:
        _process.loaded = loaded
        _process.services = None
        _process.revision, _process.looked, _process.refused, _process.unused = 0, float("-inf"), (0, 0.0), (0, "")
        _process.at_stage = {}
        os.environ["VESTIBULE_MAKE_MISSING_TABLE"] = "1" if local else ""


def services() -> Services:
    """The services of this process, by a revision that counted a few seconds ago.

    Raises ConfigError, StoreUnavailable, ValueError (a dsn of no known form).
    """
    if (made := _chosen.get()) is not None:
        return made
    with _process.lock:
        if _process.services is None:
            loaded = _process.loaded = _process.loaded or from_environment(os.environ)
            make_missing = bool(os.environ.get("VESTIBULE_MAKE_MISSING_TABLE"))
            table = open_table(loaded.config.dsn, make_missing=make_missing)
            _process.services = build(loaded.config, table, source=loaded.source)
        made = _process.services
    age = time.monotonic() - _process.looked
    if age < LOOK_SECONDS:
        return made
    if age < WAIT_SECONDS:
        made.background(look)
        return made
    look()
    return _process.services or made


def look() -> None:
    """Follow the revision that counts, if it is another. Whatever goes wrong is logged, and what runs goes on."""
    if not _process.looking.acquire(blocking=_process.looked == float("-inf")):
        return
    try:
        if (made := _process.services) is not None and time.monotonic() - _process.looked >= LOOK_SECONDS:
            _follow(made)
    finally:
        _process.looking.release()


def expire() -> None:
    """The next request looks for a new revision and waits for the answer."""
    _process.looked = min(_process.looked, time.monotonic() - WAIT_SECONDS)


def unused() -> str:
    """Why the revision that counts is not what runs; empty when it is, as far as this process has looked."""
    return _process.unused[1]


def _follow(made: Services) -> None:
    loaded = _process.loaded
    number, now = _process.revision, time.monotonic()
    try:
        number = made.configurations.head(consistent=False)
        if number != _process.unused[0]:
            _process.unused = (0, "")
        again, until = _process.refused
        if number == _process.revision or loaded is None or (number == again and now < until):
            return
        followed, conflict = _of_revision(loaded, number, made)
        after = _built(followed, loaded, made)
    except StoreUnavailable as unavailable:
        _log.warning("whether the configuration changed is not known: %s", unavailable)
    except (ConfigError, SchemaError, SecretRemoved) as error:
        _refuse(number, str(error), now)
    except Exception as error:  # noqa: BLE001 (what runs goes on, whatever a revision does to the making of another)
        _refuse(number, type(error).__name__, now)
    else:
        _process.unused = (number, conflict or "")
        with _process.lock:
            _process.services, _process.revision, _process.at_stage = after, number, {}
        if isinstance(made.templates, FetchedTemplates):
            made.templates.close()
        _log.info("the configuration is at revision %d", number)
    finally:
        _process.looked = now


def _refuse(number: int, why: str, now: float) -> None:
    _process.refused = (number, now + AGAIN_SECONDS)
    _process.unused = (number, f"revision {number} of the configuration cannot be used: {why}")
    _log.error("%s", _process.unused[1])


def _built(followed: Loaded, loaded: Loaded, made: Services) -> Services:
    """Services of another configuration on the same store, bus and clock."""
    return build(
        followed.config,
        made.table,
        clock=made.clock,
        random=made.random,
        events=made.events,
        background=made.background,
        pace=made.pace,
        source=loaded.source,
    )


def _of_revision(loaded: Loaded, number: int, made: Services) -> tuple[Loaded, str | None]:
    """The configuration, and why it is an older one where it is (see `followed`).

    Raises ConfigError, SecretRemoved, LookupError (it is not there).
    """
    if number == 0:
        return loaded, None
    revision = made.configurations.find(number)
    if revision is None:
        raise LookupError(f"revision {number} is not there")
    followed, conflict = revision_.followed(loaded, revision)
    if conflict is not None:
        _log.error("%s; what ran before goes on", conflict)
    return followed, conflict


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
    from vestibule.adapters import secrets_manager  # noqa: PLC0415 (only functions on AWS read secrets)

    return json.loads(secrets_manager.read(arn))


def _secrets(value: Mapping[str, Any]) -> dict[str, Any]:
    """The overrides that the generated secret stands for: see `Secrets` in template.yaml."""
    generated = str(value.get("generated", ""))
    cookie = value.get("cookie") or [generated]
    cipher = value.get("cipher") or [generated[:_CIPHER_LENGTH]]
    return {"secrets.cookie": cookie, "secrets.cipher": cipher}
