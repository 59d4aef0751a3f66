"""What the rooms need of the world outside, as protocols. Adapters implement them.

The Table port is one table with a partition key `pk`, a sort key `sk`, two sparse keys-only indexes
(`GSI1`: `g1pk`/`g1sk`, `GSI2`: `g2pk`/`g2sk`) and a feed of changes. It is small on purpose: every store is
written once on it, and one contract suite holds its adapters to the same behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

from msgspec import Struct, field

from vestibule.domain.courier import CourierMessage, Letter
from vestibule.domain.event import Event
from vestibule.domain.key import NewKey, RelyingParty, UsedKey

T = TypeVar("T")

Key = tuple[str, str]
"""(pk, sk)."""

Scalar = str | int | bytes | bool | None
Value = Scalar | Sequence["Value"] | Mapping[str, "Value"]
"""What an attribute may hold. No floats: JSON documents are stored as their text."""

Item = dict[str, Any]
"""Attribute name to Value; always has `pk` and `sk`."""

Index = Literal["GSI1", "GSI2"]


# --- conditions -----------------------------------------------------------------------------------------


class Absent(Struct, frozen=True):
    """No item stands under the key; with `attribute`, the item lacks it (or there is no item)."""

    attribute: str = "pk"


class Present(Struct, frozen=True):
    """An item stands under the key; with `attribute`, it has it."""

    attribute: str = "pk"


class Equals(Struct, frozen=True):
    """The attribute is there and has this value."""

    attribute: str
    value: Scalar


class LessThan(Struct, frozen=True):
    """The attribute is there, of the same type as `value`, and smaller."""

    attribute: str
    value: str | int


class AnyOf(Struct, frozen=True):
    """At least one of these holds."""

    conditions: tuple[Condition, ...]


Condition = Absent | Present | Equals | LessThan | AnyOf


# --- writes ---------------------------------------------------------------------------------------------


class Put(Struct, frozen=True):
    """Store the item, replacing what stood there. All of `conditions` hold for what stood there, or nothing happens."""

    item: Item
    conditions: tuple[Condition, ...] = ()

    @property
    def key(self) -> Key:
        return (self.item["pk"], self.item["sk"])


class Update(Struct, frozen=True):
    """Change attributes of the item, creating it when it is missing (unless a condition forbids that).

    `add` counts integers up or down; a missing attribute counts as 0.
    """

    key: Key
    set: Mapping[str, Any] = field(default_factory=dict[str, Any])
    add: Mapping[str, int] = field(default_factory=dict[str, int])
    remove: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


class Delete(Struct, frozen=True):
    """Remove the item; removing nothing is no error."""

    key: Key
    conditions: tuple[Condition, ...] = ()


class Check(Struct, frozen=True):
    """Only in a transaction: the conditions hold for the item, which stays as it is."""

    key: Key
    conditions: tuple[Condition, ...]


Write = Put | Update | Delete
TransactWrite = Put | Update | Delete | Check


# --- errors ---------------------------------------------------------------------------------------------


class TableError(Exception):
    """Base of what the Table port raises."""


class ConditionFailed(TableError):
    """A single write's condition did not hold. `item` is what stood there, None when nothing did."""

    def __init__(self, item: Item | None) -> None:
        super().__init__("a condition did not hold")
        self.item = item


class TransactionCancelled(TableError):
    """At least one condition of a transaction did not hold; nothing was written.

    `failed` are the positions of the writes whose conditions failed, with the item that stood there.
    """

    def __init__(self, failed: Mapping[int, Item | None]) -> None:
        super().__init__(f"conditions failed at {sorted(failed)}")
        self.failed = dict(failed)


class ItemTooLarge(TableError):
    """An item above 400 KB, or a transaction above 4 MB. Nothing was written."""


class StoreUnavailable(TableError):
    """The store still throttles, times out or is unreachable after the adapter's retries."""


# --- the table ------------------------------------------------------------------------------------------


class IndexEntry(Struct, frozen=True):
    """A row of a keys-only index."""

    key: Key
    sort: str
    """The value of `g1sk` or `g2sk`."""


class Change(Struct, frozen=True):
    """One written or deleted item, as the feed shows it. `new` is None for a delete, `old` for an insert."""

    sequence: str
    key: Key
    old: Item | None
    new: Item | None


class Table(Protocol):
    """One table. Safe under threads. Reads by key are strongly consistent unless said otherwise; indexes are eventual.

    All methods raise StoreUnavailable.
    """

    def get(self, keys: Sequence[Key], *, consistent: bool = True) -> list[Item | None]:
        """The items under the keys (at most 100), in the order asked for, None where there is none: one round trip."""
        ...

    def write(self, write: Write) -> Item | None:
        """Apply one write; returns the item as it is now (None after a delete).

        Raises ConditionFailed, ItemTooLarge.
        """
        ...

    def transact(self, writes: Sequence[TransactWrite]) -> None:
        """Apply all writes or none (1 to 100, each on another key). Retried safely when an answer got lost.

        Raises TransactionCancelled, ItemTooLarge.
        """
        ...

    def query(
        self,
        pk: str,
        prefix: str = "",
        *,
        after: str | None = None,
        limit: int | None = None,
        descending: bool = False,
        consistent: bool = True,
    ) -> list[Item]:
        """The items of a partition whose sort key starts with `prefix`, in sort key order.

        `after` continues behind that sort key (exclusive, in the direction of travel); `limit` None reads all pages.
        """
        ...

    def page(
        self,
        index: Index,
        partition: str,
        *,
        prefix: str = "",
        after: tuple[str, Key] | None = None,
        limit: int,
        descending: bool = False,
    ) -> list[IndexEntry]:
        """Up to `limit` entries of one index partition whose sort value starts with `prefix`, ordered by sort value.

        `after` continues behind (sort, key); the entry it names need not be there any more.
        """
        ...

    def changes(self, after: str | None, limit: int) -> list[Change]:
        """What was written behind the sequence `after` (None: from the oldest kept), oldest first.

        The SQLite adapter answers from its table of changes; DynamoDB from the table's stream.
        """
        ...


# --- the rest of the world ------------------------------------------------------------------------------


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware, UTC."""
        ...


class Random(Protocol):
    def bytes(self, count: int) -> bytes: ...

    def uuid4(self) -> str:
        """Lower-case canonical text."""
        ...

    def uuid7(self) -> str:
        """As uuid4, ordered by time (RFC 9562, 5.7)."""
        ...


class Hasher(Protocol):
    """Password hashes. Contract 03 §3."""

    def hash(self, password: str) -> str:
        """A hash by the configured algorithm. Raises PasswordTooLong (bcrypt: over 72 bytes)."""
        ...

    def verify(self, password: str, hashed: str) -> bool:
        """True when the password belongs to the hash, of any importable format. Unreadable hashes are False."""
        ...

    def needs_rehash(self, hashed: str) -> bool:
        """True when the configured algorithm or its parameters differ from those of the hash."""
        ...

    def decoy(self) -> str:
        """A hash by the configured algorithm of no known password: to verify against for unknown identifiers."""
        ...

    def check_importable(self, hashed: str) -> None:
        """Raises BadRequest when the text is no hash that can be stored: unknown, unreadable, or out of bounds."""
        ...


class PasswordTooLong(Exception):
    """The configured algorithm does not take a password of so many bytes."""

    def __init__(self, maximum: int, actual: int) -> None:
        super().__init__(f"passwords have at most {maximum} bytes")
        self.maximum = maximum
        self.actual = actual


class WebResponse(Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    body: bytes


class WebUnreachable(Exception):
    """No answer: connection refused, name unknown, address not allowed, TLS failed, answer too large."""


class WebTimeout(WebUnreachable):
    """No answer in time."""


class Web(Protocol):
    """HTTP to the outside."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
        limit: int = 5 * 1024 * 1024,
    ) -> WebResponse:
        """One attempt. `timeout` in seconds for the whole request, `limit` bytes of the answer.

        Raises WebUnreachable, WebTimeout.
        """
        ...


class TemplateFailed(Exception):
    """The template cannot be read, or does not evaluate. The text names the place."""


class TemplateCancelled(TemplateFailed):
    """The template ended with `error 'cancel'`: what it is for is not to happen."""


class Templates(Protocol):
    """The Jsonnet templates that the configuration names."""

    def __call__(
        self,
        source: str,
        ctx: Mapping[str, Any] | None = None,
        *,
        secrets: Mapping[str, str] | None = None,
        ext: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value that the template behind the address makes of `ctx`, or of what `std.extVar` finds in `ext`.

        `secrets` are its second argument, of that name; None: it has none.
        Raises TemplateFailed, TemplateCancelled.
        """
        ...

    def check(self, source: str) -> None:
        """Read the template without running it. Raises TemplateFailed: it is out of reach or no Jsonnet."""
        ...


class SecretUnavailable(LookupError):
    """The secret cannot be read. The text says why, and names nothing of it."""


class ReadSecret(Protocol):
    def __call__(self, reference: str) -> str:
        """The value behind `secret://ssm/NAME` or `secret://secretsmanager/NAME`. Raises SecretUnavailable."""
        ...


class KeysUnusable(Exception):
    """There is no key to sign with. The text is a sentence without anything of the keys."""


class SignClaims(Protocol):
    def __call__(self, source: str, claims: Mapping[str, Any]) -> str:
        """The claims as a JWT, signed by the first key of the JSON Web Key Set behind the address.

        Raises KeysUnusable.
        """
        ...


class Pace(Protocol):
    """Time as it passes for whoever waits, in seconds on `time.monotonic`."""

    def now(self) -> float: ...

    def pause(self, seconds: float) -> None: ...


class Background(Protocol):
    def __call__(self, task: Callable[[], None]) -> None:
        """Run the task some time soon; the caller goes on. Nothing keeps it if the process ends."""
        ...


class Parallel(Protocol):
    def __call__(self, *tasks: Callable[[], Any]) -> list[Any]:
        """Run the tasks side by side; their results in order. The first exception is raised when all have ended."""
        ...


class ChannelUnavailable(Exception):
    """The channel does not work now: unreachable, throttled, paused, credentials refused. Any message would fail.

    The text is a sentence without secrets, shown to administrators.
    """


class MessageRefused(Exception):
    """The channel works and did not take this message. The text is as above."""


class Compose(Protocol):
    def __call__(self, message: CourierMessage) -> Letter:
        """The message in words: its template filled with its data."""
        ...


class Deliver(Protocol):
    """Mails and text messages, each through the channel that the configuration chooses."""

    def __call__(self, message: CourierMessage, letter: Letter) -> None:
        """One try. Returning means the channel has taken it over. Raises ChannelUnavailable, MessageRefused."""
        ...


class EventsUnavailable(Exception):
    """A queue does not work now."""


class Events(Protocol):
    """The bus that events are published to. At least once: receivers tell repeats by the event's id."""

    def publish(self, events: Sequence[Event]) -> Sequence[int]:
        """Returns the positions of those that were not taken; the others were."""
        ...

    def later(self, event: Event, seconds: int) -> None:
        """The event once more, to the courier, after a while (at most 900 s)."""
        ...

    def hold(self, handle: str, seconds: int) -> None:
        """What the queue of calls brought under the handle comes again only after so long (at most 12 h)."""
        ...

    def bury(self, event: Event) -> None:
        """Put it among the dead letters of calls. Raises EventsUnavailable."""
        ...

    def send(self, event: Event) -> None:
        """Put it into the queue of calls, past the bus. Raises EventsUnavailable."""
        ...


class KeyAnswers(Protocol):
    """What security keys and passkeys answer, checked. Web Authentication, 7.1 and 7.2.

    `answer` is the JSON of a PublicKeyCredential, from anybody; whatever is wrong with it, it is None. Counters are
    read, not compared.
    """

    def made(self, answer: str, challenge: bytes, party: RelyingParty) -> NewKey | None: ...

    def used(self, answer: str, challenge: bytes, party: RelyingParty, public: bytes) -> UsedKey | None: ...
