"""The composition root: configuration → adapters → Services, once per process.

Heavy libraries are imported where they are first needed, not here: what a phase does not use costs its cold start
nothing.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vestibule.adapters.delivery import ConfiguredDelivery
from vestibule.adapters.dsn import open_table
from vestibule.adapters.events import open_events
from vestibule.adapters.hashers.hasher import HasherSettings, PasswordHasher
from vestibule.adapters.system import SystemClock, SystemPace, SystemRandom, ThreadBackground, ThreadParallel
from vestibule.adapters.templates import FetchedTemplates
from vestibule.adapters.web import HttpWeb
from vestibule.config import frozen
from vestibule.config.document import dig
from vestibule.config.fetch import FetchError, fetch
from vestibule.config.findings import ConfigError, Finding
from vestibule.config.identity_schema import IdentitySchema
from vestibule.config.loaded import Loaded
from vestibule.config.message_templates import load_overrides
from vestibule.config.schemas import load_schemas
from vestibule.config.urls import Urls
from vestibule.crypto.index_key import IndexKeyWrap
from vestibule.crypto.sealing import Sealer, derive_key
from vestibule.crypto.tokens import PageTokens
from vestibule.domain.courier import CourierMessage, Letter
from vestibule.ports import (
    Background,
    Clock,
    Compose,
    Deliver,
    Events,
    Pace,
    Random,
    Table,
    Templates,
    Web,
    WebUnreachable,
)
from vestibule.services import Services
from vestibule.stores.continuity import ContinuityStore
from vestibule.stores.credentials import CredentialStore
from vestibule.stores.failures import FailureStore
from vestibule.stores.flows import FlowStore
from vestibule.stores.guesses import Guesses, GuessLimits
from vestibule.stores.identities import IdentityStore
from vestibule.stores.index_keys import IndexKeys
from vestibule.stores.messages import MessageStore
from vestibule.stores.outbox import Outbox
from vestibule.stores.sessions import SessionStore

if TYPE_CHECKING:
    from vestibule.config.message_templates import Overrides
    from vestibule.config.model import Config

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


def build(
    config: Config,
    table: Table,
    *,
    clock: Clock | None = None,
    random: Random | None = None,
    web: Web | None = None,
    deliver: Deliver | None = None,
    events: Events | None = None,
    pace: Pace | None = None,
    background: Background | None = None,
    templates: Templates | None = None,
    base: Path | None = None,
) -> Services:
    """Services of a configuration on a table; tests bring their own clock, randomness and web."""
    clock = clock or SystemClock()
    random = random or SystemRandom(clock)
    web = web or HttpWeb()
    cookie, cipher = _required_secrets(config)
    index = IndexKeys(table, IndexKeyWrap(cipher), random)
    credential_sealer = Sealer(cipher, "credential")
    return Services(
        config=config,
        schemas=_schemas(config, web, base),
        urls=Urls(config),
        clock=clock,
        random=random,
        hasher=PasswordHasher(_hashing(config)),
        web=web,
        parallel=ThreadParallel(),
        background=background or ThreadBackground(),
        pace=pace or SystemPace(),
        templates=templates or FetchedTemplates(_fetching(web, base)),
        table=table,
        index=index,
        identities=IdentityStore(table, index, credential_sealer),
        credentials=CredentialStore(table, credential_sealer),
        sessions=SessionStore(table),
        flows=FlowStore(table),
        continuity=ContinuityStore(table, Sealer(cookie, "continuity"), clock, random),
        failures=FailureStore(table, clock, random),
        messages=MessageStore(table, index, Sealer(cipher, "message"), clock, random),
        outbox=Outbox(table, clock),
        compose=_Composing(config, _overrides(config, web, base)),
        deliver=deliver or ConfiguredDelivery(config, web, clock, _fetching(web, base), local=not _on_lambda()),
        events=events or open_events(clock),
        guesses=Guesses(table, clock, _limits(config)),
        page_tokens=PageTokens(config.secrets.pagination or cookie),
        cookie_sealer=Sealer(cookie, "cookie"),
        logout_keys=tuple(derive_key(secret, "logout") for secret in cookie),
        code_keys=tuple(derive_key(secret, "code") for secret in cookie),
    )


class _Composing:
    """Port Compose, whose texts are read with the first message: most functions never show one."""

    def __init__(self, config: Config, overrides: Overrides) -> None:
        self._config = config
        self._overrides = overrides

    def __call__(self, message: CourierMessage) -> Letter:
        return self._composer(message)

    @cached_property
    def _composer(self) -> Compose:
        from vestibule.workers.templates.compose import Composer  # noqa: PLC0415 (as the class says)

        return Composer(self._config.vestibule.pages, self._overrides)


def _on_lambda() -> bool:
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def _required_secrets(config: Config) -> tuple[Sequence[str], Sequence[str]]:
    """(cookie, cipher). Without a secret of their own, credentials are encrypted with the cookie secrets."""
    cookie = config.secrets.cookie or config.secrets.default
    if not cookie:
        sentence = "no secret to seal cookies with; set secrets.cookie (and secrets.cipher) to random texts"
        raise ConfigError([Finding("/secrets/cookie", sentence)])
    return cookie, config.secrets.cipher or cookie


def _overrides(config: Config, web: Web, base: Path | None) -> Overrides:
    """Read now, so that a template that cannot be used is said at the start. Raises ConfigError."""
    return load_overrides(config.courier, _fetching(web, base), base)


def _fetching(web: Web, base: Path | None) -> Callable[[str], bytes]:
    def get(url: str, limit: int) -> bytes:
        try:
            response = web.request("GET", url, timeout=10, limit=limit)
        except WebUnreachable:
            raise FetchError("cannot be fetched") from None
        if response.status != HTTPStatus.OK:
            raise FetchError(f"cannot be fetched: its server answers {response.status}")
        return response.body

    def fetched(source: str) -> bytes:
        return fetch(source, get, base=base)

    return fetched


def _schemas(config: Config, web: Web, base: Path | None) -> dict[str, IdentitySchema]:
    fetched = _fetching(web, base)

    def parsed(source: str) -> Any:
        return json.loads(fetched(source))

    remote = None if config.security.disallow_ref_in_identity_schemas else parsed
    return {name: IdentitySchema(name, document, remote) for name, document in load_schemas(config, fetched).items()}


def _hashing(config: Config) -> HasherSettings:
    argon2 = config.hashers.argon2
    return HasherSettings(
        algorithm=config.hashers.algorithm,
        bcrypt_cost=config.hashers.bcrypt.cost,
        argon2_memory=argon2.memory // 1024,
        argon2_iterations=argon2.iterations,
        argon2_parallelism=argon2.parallelism,
        argon2_salt_length=argon2.salt_length,
        argon2_key_length=argon2.key_length,
        argon2_dedicated_memory=argon2.dedicated_memory // 1024,
    )


def _limits(config: Config) -> GuessLimits:
    guesses = config.vestibule.guesses
    return replace(
        GuessLimits(), free=guesses.free, first_wait=guesses.first_wait, max_wait=guesses.max_wait, cap=guesses.cap
    )


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
