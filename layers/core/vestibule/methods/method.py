"""What a method is: it draws its part of a form and checks what was submitted for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct, field

from vestibule.config.json_shapes import is_object
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.domain.outcome import UNCHANGED, CookieChanges
from vestibule.domain.record import Unprinted
from vestibule.domain.request import Request
from vestibule.domain.session import AuthenticationMethod, Session
from vestibule.ports import Item, Key, TransactWrite
from vestibule.services import Services
from vestibule.stores.identities import Secrets
from vestibule.ui.nodes import Node

if TYPE_CHECKING:
    from vestibule.methods.oidc.client import Tokens
    from vestibule.methods.oidc.providers import Provider

_LONGEST_CODE = 64
"""Characters as typed; codes have six or eight."""


class Form(Unprinted, frozen=True):
    """The decoded body. Contract 04 §6."""

    fields: Json

    def text(self, name: str) -> str:
        """The field's text; empty when it is missing or no text."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def code(self, name: str) -> str:
        """A one-time code without the spaces that people type between and around its digits."""
        return self.text(name)[:_LONGEST_CODE].strip().replace(" ", "")

    @property
    def method(self) -> str:
        return self.text("method")

    @property
    def traits(self) -> Any:
        return self.fields.get("traits", {})

    @property
    def transient_payload(self) -> Mapping[str, Any]:
        payload = self.fields.get("transient_payload")
        return payload if is_object(payload) else {}


class Attempt(Struct, frozen=True):
    """One submit. `found` holds what the method asked to be read along with the flow, by key."""

    request: Request
    flow: Flow
    form: Form
    session: Session | None
    found: Mapping[Key, Item | None]


class Proven(Unprinted, frozen=True):
    """The person is who they say they are, or may become so: a new identity has version 0.

    `writes` belong into the transaction that acts on it, `secrets` are the credentials of a new identity. `beside` is
    what may run side by side with that transaction, since nothing is wrong if only one of them happens. `address` is
    the (channel, address) of the identity that was proven along and is verified from then on. `flow` is the flow as
    the proof leaves it, where it is used up. `renewed` makes the identity what the proof says that it is now.
    `failures` are wrong guesses right in front of this one, where they are counted.
    """

    identity: Identity
    factor: AuthenticationMethod
    writes: tuple[TransactWrite, ...] = ()
    beside: tuple[Callable[[], object], ...] = ()
    secrets: Secrets = field(default_factory=dict[str, Any])
    address: tuple[str, str] | None = None
    flow: Flow | None = None
    renewed: Callable[[Identity], Identity] | None = None
    failures: int = 0


class Rejected(Struct, frozen=True):
    """The form cannot be accepted. `values` are shown again, under the names of their nodes.

    `flow` is the flow to show where it is another one than was submitted: an attempt was counted.
    """

    problems: tuple[Problem, ...]
    values: Json = field(default_factory=dict[str, Any])
    flow: Flow | None = None


class Pending(Struct, frozen=True):
    """The method needs another step: the flow as it is to be stored now, and what belongs into the same transaction.

    `in_browser`: only the flow's page can go on, so that single-page apps are sent there like browsers.
    """

    flow: Flow
    writes: tuple[TransactWrite, ...] = ()
    in_browser: bool = False


class Redirected(Unprinted, frozen=True):
    """The person goes on elsewhere, and comes back from there: browsers are sent, apps are told where."""

    location: str
    cookies: CookieChanges = UNCHANGED


class Vouched(Unprinted, frozen=True):
    """A provider says who the person is: whether that signs them in or up is yet to be seen.

    `claims` are theirs, `tokens` what else it gave. `traits` and `payload` were in the form that the person left with;
    `claims_first`: that may have been another person, who would sign them up with an address of their own.
    """

    provider: Provider
    claims: Json
    tokens: Tokens
    traits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    payload: Mapping[str, Any] = field(default_factory=dict[str, Any])
    claims_first: bool = False


Verdict = Proven | Rejected | Pending | Redirected | Vouched


class Change(Unprinted, frozen=True):
    """What the person wants to have changed about themselves, and may: the identity as it is to be stored.

    `secrets` are the credentials that change, `writes` belong into the same transaction. `factor` is what the person
    has just shown to have: the session counts it from now on.
    """

    identity: Identity
    secrets: Secrets = field(default_factory=dict[str, Any])
    factor: AuthenticationMethod | None = None
    writes: tuple[TransactWrite, ...] = ()


class SettingsAttempt(Struct, frozen=True):
    """One submit of somebody who is signed in. `identity` is that person as just read."""

    flow: Flow
    form: Form
    session: Session
    identity: Identity
    request: Request


class FormPart(Protocol):
    """What has a part in a form."""

    @property
    def id(self) -> str:
        """The value of the form's `method`."""
        ...

    @property
    def fields(self) -> tuple[str, ...]:
        """Which texts of the body it reads, beside what every form has."""
        ...

    def enabled(self, svc: Services) -> bool: ...

    def responsible(self, form: Form) -> bool:
        """Whether the form is meant for it."""
        ...

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        """Its part of the form as the flow stands, unsorted and without values."""
        ...


class Method(FormPart, Protocol):
    """One way to prove who you are, in one kind of flow."""

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        """What to read along with the flow, in the same round trip."""
        ...

    def submit(self, attempt: Attempt, svc: Services) -> Verdict: ...


class SettingsMethod(FormPart, Protocol):
    """One thing that people can change about themselves."""

    @property
    def flags(self) -> tuple[str, ...]:
        """Which fields of the body are yes or no."""
        ...

    @property
    def protected(self) -> bool:
        """Whether it always needs a session that is fresh; what changes addresses or identifiers does anyway."""
        ...

    def submit(self, attempt: SettingsAttempt, svc: Services) -> Change | Rejected | Pending | Redirected:
        """Raises FlowErrors of its own."""
        ...
