"""A conversation with a person: sign in, sign up, change something."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct, field

from vestibule.domain.code import SentCode
from vestibule.domain.identity import Identity
from vestibule.domain.message import Message, Problem


class Kind(StrEnum):
    LOGIN = "login"
    REGISTRATION = "registration"
    RECOVERY = "recovery"
    VERIFICATION = "verification"
    SETTINGS = "settings"


class FlowType(StrEnum):
    """Who the flow was started for; set by the start endpoint, never by headers. Contract 01 §1."""

    BROWSER = "browser"
    API = "api"


class FlowState(StrEnum):
    CHOOSE_METHOD = "choose_method"
    SENT_EMAIL = "sent_email"
    PASSED_CHALLENGE = "passed_challenge"
    RECOVERY_AWAITING_ADDRESS = "recovery_awaiting_address"
    RECOVERY_AWAITING_ADDRESS_CHOICE = "recovery_awaiting_address_choice"
    RECOVERY_CONFIRMING_ADDRESS = "recovery_confirming_address"
    RECOVERY_AWAITING_CODE = "recovery_awaiting_code"
    SHOW_FORM = "show_form"
    SUCCESS = "success"


class Flow(Struct, frozen=True, kw_only=True):
    """What is stored of a flow. Its nodes are never stored: they are drawn from this and the configuration.

    `csrf` is the digest of the browser's CSRF secret; empty for api flows.
    `values` are the submitted values to show again, by node name (never passwords or codes).
    `extra_nodes` are names that problems pointed to and no method draws: they stay in the form (contract 04 §2).
    `internal` is the methods' own memory of the flow, by key.
    `codes` were sent and not used yet; `attempts` to guess one were counted so far.
    `untold` is the store's: what it told of the flow and nobody took yet.
    `identity_id` is whose settings the flow is about; `identity` is that person as read beside the flow, never stored.
    """

    id: str
    kind: Kind
    type: FlowType
    issued_at: datetime
    expires_at: datetime
    request_url: str
    csrf: str = ""
    state: FlowState = FlowState.CHOOSE_METHOD
    active: str | None = None
    requested_aal: str = "aal1"
    refresh: bool = False
    identity_schema: str | None = None
    organization_id: str | None = None
    exchange_code_digest: str | None = None
    messages: tuple[Message, ...] = ()
    problems: tuple[Problem, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    extra_nodes: tuple[str, ...] = ()
    internal: Mapping[str, Any] = field(default_factory=dict[str, Any])
    codes: tuple[SentCode, ...] = ()
    attempts: int = 0
    transient_payload: Mapping[str, Any] | None = None
    identity_id: str | None = None
    identity: Identity | None = None
    updated_at: datetime | None = None
    untold: Mapping[str, Any] = field(default_factory=dict[str, Any])
    version: int = 0

    @property
    def is_api(self) -> bool:
        return self.type is FlowType.API

    @property
    def unguarded(self) -> bool:
        """Made by an administrator: whoever has the code may go on with it, in any browser."""
        return bool(self.internal.get("unguarded"))

    @property
    def return_to(self) -> str | None:
        """What the start request asked for; it was checked against the allow-list then."""
        values = parse_qs(urlsplit(self.request_url).query).get("return_to")
        return values[0] if values else None
