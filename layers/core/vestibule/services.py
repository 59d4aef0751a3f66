"""What a step works with: the configuration, the stores and the world outside. Made once per process by wiring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from vestibule.config.identity_schema import IdentitySchema
from vestibule.config.urls import Urls
from vestibule.crypto.sealing import Sealer
from vestibule.crypto.tokens import PageTokens
from vestibule.crypto.webhook_signature import WebhookSigner
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.record import Unprinted
from vestibule.domain.request import Request
from vestibule.ports import (
    Background,
    Clock,
    Compose,
    Deliver,
    Events,
    Hasher,
    KeyAnswers,
    Pace,
    Parallel,
    Random,
    ReadSecret,
    SignClaims,
    Table,
    Templates,
    Web,
)
from vestibule.stores.breakers import Breakers
from vestibule.stores.configurations import Configurations
from vestibule.stores.continuity import ContinuityStore
from vestibule.stores.credentials import CredentialStore
from vestibule.stores.deliveries import DeliveryStore
from vestibule.stores.failures import FailureStore
from vestibule.stores.flows import FlowStore
from vestibule.stores.guesses import Guesses
from vestibule.stores.identities import IdentityStore
from vestibule.stores.index_keys import IndexKeys
from vestibule.stores.messages import MessageStore
from vestibule.stores.outbox import Outbox
from vestibule.stores.sessions import SessionStore
from vestibule.stores.web_documents import WebDocuments

if TYPE_CHECKING:
    from vestibule.config.model import Config


class AskFormerSystem(Protocol):
    def __call__(
        self, request: Request, flow: Flow, identity: Identity, identifier: str, password: str, svc: Services
    ) -> bool:
        """Whether the system that has the passwords which were not imported knows this one.

        Raises Misconfigured, BadGateway.
        """
        ...


class Services(Unprinted, frozen=True, kw_only=True):
    """Safe under threads. `logout_keys` and `code_keys`: current first, then rotated ones.

    `event_key` makes ids of events, `event_sealer` seals what they carry for us alone.
    """

    config: Config
    schemas: Mapping[str, IdentitySchema]
    urls: Urls
    clock: Clock
    random: Random
    hasher: Hasher
    key_answers: KeyAnswers
    web: Web
    documents: WebDocuments
    sign_claims: SignClaims
    parallel: Parallel
    background: Background
    read_secret: ReadSecret
    ask_former_system: AskFormerSystem
    pace: Pace
    templates: Templates
    table: Table
    index: IndexKeys
    identities: IdentityStore
    credentials: CredentialStore
    sessions: SessionStore
    flows: FlowStore
    configurations: Configurations
    continuity: ContinuityStore
    failures: FailureStore
    messages: MessageStore
    outbox: Outbox
    deliveries: DeliveryStore
    breakers: Breakers
    compose: Compose
    deliver: Deliver
    events: Events
    guesses: Guesses
    page_tokens: PageTokens
    cookie_sealer: Sealer
    journey_sealer: Sealer
    signer: WebhookSigner
    logout_keys: tuple[bytes, ...]
    code_keys: tuple[bytes, ...]
    event_key: bytes
    event_sealer: Sealer

    def schema(self, schema_id: str | None) -> IdentitySchema:
        """The schema of that id, or the default one for None. Raises KeyError for an unknown id."""
        return self.schemas[schema_id or self.config.identity.default_schema_id]

    def session_lifespan(self, identity: Identity | None) -> timedelta:
        """Of the identity's organization where that has one of its own."""
        organization = identity.organization_id if identity is not None else None
        for each in self.config.selfservice.methods.b2b.config.organizations if organization else ():
            if each.id == organization and each.session_lifespan is not None:
                return each.session_lifespan
        return self.config.session.lifespan
