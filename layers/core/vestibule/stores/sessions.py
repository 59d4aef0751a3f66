"""Sessions. They stand in their identity's partition, so that one read tells whether a token is good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from vestibule.crypto.tokens import SessionToken
from vestibule.domain.event import SESSION_CHANGED, SESSION_EXTENDED, SESSION_ISSUED, SESSION_REVOKED, Event, written
from vestibule.domain.identity import Identity
from vestibule.domain.session import Session
from vestibule.domain.times import to_micros
from vestibule.ports import (
    ConditionFailed,
    Equals,
    IndexEntry,
    Item,
    Key,
    Present,
    Put,
    Table,
    TransactionCancelled,
    Update,
)
from vestibule.stores.identity_items import from_item, identity_key
from vestibule.stores.outbox import Outbox
from vestibule.stores.parts import write_those_that_hold
from vestibule.stores.session_items import read_session, session_key, shard, to_item

_TRANSACTION = 100
_DIGITS = "0123456789abcdef"


class SessionChanged(Exception):
    """Another request wrote or deleted the session since it was read."""


class Position(Struct, frozen=True):
    """Where a list of sessions goes on: behind this session."""

    session_id: str
    identity_id: str


class SessionStore:
    """Items: see `session_items`."""

    def __init__(self, table: Table, outbox: Outbox) -> None:
        self._table = table
        self._outbox = outbox

    # --- reading ---------------------------------------------------------------------------------------

    @staticmethod
    def keys(token: SessionToken) -> tuple[Key, Key]:
        """What `read` needs: the session's and its identity's item, to be read in one batch."""
        return session_key(token.identity_id, token.session_id), identity_key(token.identity_id)

    @staticmethod
    def read(token: SessionToken, session_item: Item | None, identity_item: Item | None) -> Session | None:
        """The session that the token opens, with its identity; active or not. None for a token of no session."""
        if session_item is None or not token.matches(session_item["th"]):
            return None
        identity = from_item(identity_item)
        return read_session(session_item, identity) if identity is not None else None

    def find(self, token: SessionToken) -> Session | None:
        """`read` by itself: one batch read."""
        session_item, identity_item = self._table.get(self.keys(token))
        return self.read(token, session_item, identity_item)

    def of(self, identity: Identity, session_id: str) -> Session | None:
        """The identity's session of that id, active or not."""
        item = self._table.get([session_key(identity.id, session_id)])[0]
        return read_session(item, identity) if item is not None else None

    def of_identity(self, identity: Identity, *, consistent: bool = True) -> list[Session]:
        """All sessions of an identity that are stored, newest first."""
        items = self._table.query(f"I#{identity.id}", "S#", descending=True, consistent=consistent)
        return [read_session(item, identity) for item in items]

    def agents(self, identity_id: str, *, until: str) -> dict[str, str]:
        """The `User-Agent` that the identity's newest sessions up to that one were opened with, by their ids."""
        behind = f"S#{until}~"
        items = self._table.query(f"I#{identity_id}", "S#", after=behind, limit=_TRANSACTION, descending=True)
        return {
            each.id: each.devices[0].user_agent or "" for item in items if (each := read_session(item, None)).devices
        }

    def by_id(self, session_id: str) -> Session | None:
        """By id alone, through the index. It is eventual: a miss is asked once more."""
        for _ in range(2):
            entries = self._table.page("GSI1", shard(session_id), prefix=session_id, limit=1)
            if entries:
                return self._with_identity(entries[0].key)
        return None

    def page(self, *, after: Position | None, limit: int) -> list[Session]:
        """Up to `limit` sessions of everybody, newest first, behind `after`. Merges the sixteen partitions.

        Those of people who are being deleted are missing: fewer than `limit` may be found while more follow, but none
        only where the list ends.
        """
        start = (after.session_id, session_key(after.identity_id, after.session_id)) if after else None
        found: list[Session] = []
        while not found:
            entries: list[IndexEntry] = []
            for digit in _DIGITS:
                entries += self._table.page("GSI1", f"SL#{digit}", after=start, limit=limit, descending=True)
            entries = sorted(entries, key=lambda entry: entry.sort, reverse=True)[:limit]
            found = self._with_identities([entry.key for entry in entries])
            if len(entries) < limit:
                break
            start = (entries[-1].sort, entries[-1].key)
        return found

    # --- writing ---------------------------------------------------------------------------------------

    def adding(self, session: Session, told: Sequence[Event] = ()) -> Put:
        """A new session, as a part of a transaction, with what else is told of that. Its list is the outbox's, too."""
        issued = self._event(SESSION_ISSUED, session, "1")
        return Put({**to_item(session, version=1), "ev": written([issued, *told])})

    def add(self, session: Session) -> None:
        self._table.write(self.adding(session))

    def refreshing(self, session: Session, told: Sequence[Event] = ()) -> tuple[Update, Put]:
        """A session that is used on, as a part of a transaction; two at once are fine, unless it was ended."""
        events = (self._event(SESSION_CHANGED, session, str(session.version + 1)), *told)
        return _changing(session, Equals("rev", value=False)), self._outbox.putting(events)

    def prolong(self, session: Session) -> Session:
        """Store a session that lasts longer than when it was read. Raises SessionChanged."""
        event = self._event(SESSION_EXTENDED, session, str(session.version + 1))
        try:
            self._outbox.tell(_changing(session, Equals("ver", session.version)), [event])
        except ConditionFailed as failed:
            raise SessionChanged(session.id) from failed
        return replace(session, version=session.version + 1)

    def revoke(self, identity_id: str, session_id: str) -> bool:
        """End one session; False when there is none. Ending it again is fine."""
        try:
            revoked = self._revoked(identity_id, session_id)
            self._outbox.tell(_revoking(session_key(identity_id, session_id)), [revoked])
        except ConditionFailed:
            return False
        return True

    def revoke_all(self, identity: Identity, *, keep: str | None, at: datetime) -> int:
        """End every session of the identity but `keep`; returns how many others are stored, ended before or not.

        One transaction voids them all, for the next whoami; their rows are marked behind it, for the lists. Where the
        identity or a session is deleted at this moment, there is nothing more to end.
        """
        others = [session for session in self.of_identity(identity) if session.id != keep]
        void = Update(
            identity_key(identity.id),
            set={"svb": to_micros(at) + 1, "svk": keep or ""},
            add={"ver": 1},
            conditions=(Present(),),
        )
        try:
            self._table.transact([void, self._outbox.putting([self._all_revoked(identity, keep, at)])])
        except TransactionCancelled:
            return 0
        unmarked = [session for session in others if not session.revoked]
        write_those_that_hold(self._table, [_revoking(session_key(identity.id, session.id)) for session in unmarked])
        return len(others)

    def delete(self, identity_id: str, session_id: str) -> None:
        self._outbox.remove(session_key(identity_id, session_id), [self._revoked(identity_id, session_id)])

    # --- telling ---------------------------------------------------------------------------------------

    def untold(self, after: datetime, before: datetime) -> Iterator[tuple[Key, Item]]:
        """Sessions that were opened between the two moments and whose events nobody acknowledged, with their `ev`."""
        first, last = _first_id(after), _first_id(before)
        for digit in _DIGITS:
            position: tuple[str, Key] | None = (first, ("I#0", "S#0"))
            while position is not None:
                entries = self._table.page("GSI1", f"SL#{digit}", after=position, limit=_TRANSACTION)
                due = [entry for entry in entries if entry.sort < last]
                for item in self._table.get([entry.key for entry in due]) if due else ():
                    if item is not None and "ev" in item and not self._outbox.is_listed(item):
                        yield (item["pk"], item["sk"]), item
                more = len(due) == _TRANSACTION
                position = (due[-1].sort, due[-1].key) if more else None

    def _event(self, type_: str, session: Session, version: str) -> Event:
        methods = session.methods
        told = {"identity": session.identity_id, "session": session.id, "method": methods[-1].method if methods else ""}
        return self._outbox.happened(type_, session.id, version, **told)

    def _revoked(self, identity_id: str, session_id: str) -> Event:
        return self._outbox.happened(SESSION_REVOKED, session_id, identity=identity_id, session=session_id)

    def _all_revoked(self, identity: Identity, keep: str | None, at: datetime) -> Event:
        """One event of them all: `kept` is the session that goes on."""
        when = str(to_micros(at))
        return self._outbox.happened(SESSION_REVOKED, identity.id, when, identity=identity.id, kept=keep, all="true")

    # --- within ----------------------------------------------------------------------------------------

    def _with_identity(self, key: Key) -> Session | None:
        found = self._with_identities([key])
        return found[0] if found else None

    def _with_identities(self, keys: Sequence[Key]) -> list[Session]:
        """The sessions under the keys with their identities; those deleted meanwhile are left out."""
        wanted = list(dict.fromkeys([*keys, *((pk, "#") for pk, _ in keys)]))
        items: dict[Key, Item] = {}
        for start in range(0, len(wanted), _TRANSACTION):
            part = wanted[start : start + _TRANSACTION]
            items |= {key: item for key, item in zip(part, self._table.get(part), strict=True) if item is not None}
        return [
            read_session(items[key], identity)
            for key in keys
            if key in items and (identity := from_item(items.get((key[0], "#")))) is not None
        ]


def _first_id(moment: datetime) -> str:
    """What the ids of that moment begin with (RFC 9562, 5.7)."""
    digits = f"{to_micros(moment) // 1000:012x}"
    return f"{digits[:8]}-{digits[8:]}"


def _revoking(key: Key) -> Update:
    return Update(key, set={"rev": True}, add={"ver": 1}, conditions=(Present(),))


def _changing(session: Session, condition: Equals) -> Update:
    """What it tells still stays on it."""
    item = to_item(session, version=0)
    changes = {name: value for name, value in item.items() if name not in ("pk", "sk", "ver")}
    return Update((item["pk"], item["sk"]), set=changes, add={"ver": 1}, conditions=(condition,))
