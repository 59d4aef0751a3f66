"""From a configuration to Services: every port with its adapter, every store with its keys."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from vestibule.adapters.delivery import ConfiguredDelivery
from vestibule.adapters.events import open_events
from vestibule.adapters.hashers.hasher import HasherSettings, PasswordHasher
from vestibule.adapters.key_answers import CheckedKeyAnswers
from vestibule.adapters.secret_values import secrets
from vestibule.adapters.signed_claims import FetchedKeys
from vestibule.adapters.system import SystemClock, SystemPace, SystemRandom, ThreadBackground, ThreadParallel
from vestibule.adapters.templates import FetchedTemplates
from vestibule.adapters.web import guarded
from vestibule.config import references
from vestibule.config.fetch import fetch, through
from vestibule.config.findings import ConfigError, Finding
from vestibule.config.identity_schema import IdentitySchema
from vestibule.config.message_templates import load_overrides
from vestibule.config.schemas import load_schemas
from vestibule.config.source import Source
from vestibule.config.urls import Urls
from vestibule.crypto.index_key import IndexKeyWrap
from vestibule.crypto.sealing import Sealer, derive_key
from vestibule.crypto.tokens import PageTokens
from vestibule.crypto.webhook_signature import WebhookSigner
from vestibule.domain.courier import CourierMessage, Letter
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.request import Request
from vestibule.ports import (
    Background,
    Clock,
    Compose,
    Deliver,
    Events,
    Pace,
    Random,
    ReadSecret,
    Table,
    Templates,
    Web,
)
from vestibule.services import Services
from vestibule.stores.breakers import Breakers
from vestibule.stores.configurations import Configurations
from vestibule.stores.continuity import ContinuityStore
from vestibule.stores.credentials import CredentialStore
from vestibule.stores.deliveries import DeliveryStore
from vestibule.stores.failures import FailureStore
from vestibule.stores.flows import FlowStore
from vestibule.stores.guesses import Guesses, GuessLimits
from vestibule.stores.identities import IdentityStore
from vestibule.stores.index_keys import IndexKeys
from vestibule.stores.messages import MessageStore
from vestibule.stores.outbox import Outbox
from vestibule.stores.sessions import SessionStore
from vestibule.stores.web_documents import WebDocuments

if TYPE_CHECKING:
    from vestibule.config.message_templates import Overrides
    from vestibule.config.model import Config


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
    read_secret: ReadSecret | None = None,
    base: Path | None = None,
    source: Source | None = None,
) -> Services:
    """Services of a configuration on a table; tests bring their own clock, randomness and web.

    `source` is what the configuration was made of, for those who change it.
    """
    clock = clock or SystemClock()
    random = random or SystemRandom(clock)
    web = web or _web(config)
    read_secret = read_secret or secrets(os.environ, local=not _on_lambda())
    cookie, cipher = _required_secrets(config)
    index = IndexKeys(table, IndexKeyWrap(cipher), random)
    outbox = Outbox(table, clock)
    credential_sealer = Sealer(cipher, "credential")
    signing = config.vestibule.webhooks.signing
    return Services(
        config=config,
        schemas=_schemas(config, web, base),
        urls=Urls(config),
        clock=clock,
        random=random,
        hasher=PasswordHasher(_hashing(config)),
        key_answers=CheckedKeyAnswers(),
        sign_claims=FetchedKeys(_fetching(web, base)),
        web=web,
        documents=WebDocuments(web, clock),
        parallel=ThreadParallel(),
        background=background or ThreadBackground(),
        read_secret=read_secret,
        ask_former_system=_ask_former_system,
        signer=WebhookSigner(cipher, secrets=signing.secrets, keys=signing.keys, resolve=_signing_text(read_secret)),
        pace=pace or SystemPace(),
        templates=templates or FetchedTemplates(_fetching(web, base)),
        table=table,
        index=index,
        identities=IdentityStore(table, index, credential_sealer, outbox),
        credentials=CredentialStore(table, credential_sealer),
        sessions=SessionStore(table, outbox),
        flows=FlowStore(table, outbox),
        configurations=Configurations(table, Sealer(cipher, "configuration"), clock, source or Source({}, "", {}, {})),
        continuity=ContinuityStore(table, Sealer(cookie, "continuity"), clock, random),
        failures=FailureStore(table, clock, random),
        messages=MessageStore(table, index, Sealer(cipher, "message"), clock, random, outbox),
        outbox=outbox,
        breakers=Breakers(table, clock),
        deliveries=DeliveryStore(table, outbox, clock, _derived(cookie, "delivery"), config.vestibule.deliveries.kept),
        compose=_Composing(config, _overrides(config, web, base)),
        deliver=deliver or ConfiguredDelivery(config, web, clock, _fetching(web, base), local=not _on_lambda()),
        events=events or open_events(clock),
        guesses=Guesses(table, clock, _limits(config)),
        page_tokens=PageTokens(config.secrets.pagination or cookie),
        cookie_sealer=Sealer(cookie, "cookie"),
        journey_sealer=Sealer(cookie, "journey"),
        logout_keys=_derived(cookie, "logout"),
        code_keys=_derived(cookie, "code"),
        event_key=derive_key(cookie[0], "event"),
        event_sealer=Sealer(cipher, "event"),
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


def _ask_former_system(
    request: Request, flow: Flow, identity: Identity, identifier: str, password: str, svc: Services
) -> bool:
    # Where passwords are asked for elsewhere: that takes what hooks are made of.
    from vestibule.hooks.web_hook.migrating import is_former_password  # noqa: PLC0415 (few sign-ins need it)

    return is_former_password(request, flow, identity, identifier, password, svc)


def _signing_text(read_secret: ReadSecret) -> Callable[[str], str]:
    return lambda text: references.filled(text, read_secret)


def _web(config: Config) -> Web:
    client = config.clients.http
    return guarded(disallow_private=client.disallow_private_ip_ranges, exceptions=client.private_ip_exception_urls)


def _on_lambda() -> bool:
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def _required_secrets(config: Config) -> tuple[Sequence[str], Sequence[str]]:
    """(cookie, cipher). Without a secret of their own, credentials are encrypted with the cookie secrets."""
    cookie = config.secrets.cookie or config.secrets.default
    if not cookie:
        sentence = "no secret to seal cookies with; set secrets.cookie (and secrets.cipher) to random texts"
        raise ConfigError([Finding("/secrets/cookie", sentence)])
    return cookie, config.secrets.cipher or cookie


def _derived(secrets: Sequence[str], purpose: str) -> tuple[bytes, ...]:
    return tuple(derive_key(secret, purpose) for secret in secrets)


def _overrides(config: Config, web: Web, base: Path | None) -> Overrides:
    """Read now, so that a template that cannot be used is said at the start. Raises ConfigError."""
    return load_overrides(config.courier, _fetching(web, base), base)


def _fetching(web: Web, base: Path | None) -> Callable[[str], bytes]:
    def fetched(source: str) -> bytes:
        return fetch(source, through(web), base=base)

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
