"""Sessions. They stand in their identity's partition, so that one read tells whether a token is good."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from vestibule.crypto.tokens import SessionToken
from vestibule.domain.event import SESSION_CHANGED, SESSION_EXTENDED, SESSION_ISSUED, SESSION_REVOKED, Event, written
from vestibule.domain.identity import Identity
from vestibule.domain.session import Aal, AuthenticationMethod, Device, Session
from vestibule.domain.times import epoch_seconds, from_micros, to_micros
from vestibule.ports import (
    ConditionFailed,
    Delete,
    Equals,
    IndexEntry,
    Item,
    Key,
    Present,
    Put,
    Table,
    Update,
)
from vestibule.stores.identity_items import from_item, identity_key
from vestibule.stores.outbox import Outbox
from vestibule.stores.parts import write_those_that_hold

_KEPT_AFTER_EXPIRY = timedelta(days=30)
_TRANSACTION = 100
_DIGITS = "0123456789abcdef"


class SessionChanged(Exception):
    """Another request wrote or deleted the session since it was read."""


class Position(Struct, frozen=True):
    """Where a list of sessions goes on: behind this session."""

    session_id: str
    identity_id: str


def session_key(identity_id: str, session_id: str) -> Key:
    return (f"I#{identity_id}", f"S#{session_id}")


class SessionStore:
    """Item: pk `I#<identity>`, sk `S#<id>`; `th` token digest, `exp` epoch microseconds, `rev`, `ver`, `ttl`, `doc`.

    GSI1 `SL#<last hex digit>` / id: sixteen partitions, each in order of time, since ids are UUIDv7. `ev` are the
    events of its last write.
    """

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
        return _session(session_item, identity) if identity is not None else None

    def find(self, token: SessionToken) -> Session | None:
        """`read` by itself: one batch read."""
        session_item, identity_item = self._table.get(self.keys(token))
        return self.read(token, session_item, identity_item)

    def of(self, identity: Identity, session_id: str) -> Session | None:
        """The identity's session of that id, active or not."""
        item = self._table.get([session_key(identity.id, session_id)])[0]
        return _session(item, identity) if item is not None else None

    def of_identity(self, identity: Identity, *, consistent: bool = True) -> list[Session]:
        """All sessions of an identity that are stored, newest first."""
        items = self._table.query(f"I#{identity.id}", "S#", descending=True, consistent=consistent)
        return [_session(item, identity) for item in items]

    def by_id(self, session_id: str) -> Session | None:
        """By id alone, through the index. It is eventual: a miss is asked once more."""
        for _ in range(2):
            entries = self._table.page("GSI1", _shard(session_id), prefix=session_id, limit=1)
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
        return Put({**_item(session, version=1), "ev": written([issued, *told])})

    def add(self, session: Session) -> None:
        self._table.write(self.adding(session))

    def refreshing(self, session: Session, told: Sequence[Event] = ()) -> Put:
        """A session that is used on, as a part of a transaction; two at once are fine, unless it was ended."""
        events = (self._event(SESSION_CHANGED, session, str(session.version + 1)), *told)
        item = _item(session, version=session.version + 1) | self._outbox.riding(events)
        return Put(item, (Equals("rev", value=False),))

    def prolong(self, session: Session) -> Session:
        """Store a session that lasts longer than when it was read. Raises SessionChanged."""
        event = self._event(SESSION_EXTENDED, session, str(session.version + 1))
        item = _item(session, version=session.version + 1) | self._outbox.riding([event])
        try:
            self._table.write(Put(item, (Equals("ver", session.version),)))
        except ConditionFailed as failed:
            raise SessionChanged(session.id) from failed
        return replace(session, version=session.version + 1)

    def revoke(self, identity_id: str, session_id: str) -> bool:
        """End one session; False when there is none. Ending it again is fine."""
        try:
            revoked = self._revoked(identity_id, session_id)
            self._table.write(_revoking(session_key(identity_id, session_id), self._outbox.riding([revoked])))
        except ConditionFailed:
            return False
        return True

    def revoke_all(self, identity: Identity, *, keep: str | None, at: datetime) -> int:
        """End every session of the identity but `keep`; returns how many others are stored, ended before or not.

        One write voids them all at once, for the next whoami; their rows are marked behind it, for the lists. Where
        the identity or a session is deleted at this moment, there is nothing more to end.
        """
        others = [session for session in self.of_identity(identity) if session.id != keep]
        void = Update(
            identity_key(identity.id),
            set={
                "svb": to_micros(at) + 1,
                "svk": keep or "",
                **self._outbox.riding([self._all_revoked(identity, keep, at)]),
            },
            add={"ver": 1},
            conditions=(Present(),),
        )
        try:
            self._table.write(void)
        except ConditionFailed:
            return 0
        unmarked = [session for session in others if not session.revoked]
        write_those_that_hold(self._table, [_revoking(session_key(identity.id, session.id)) for session in unmarked])
        return len(others)

    def delete(self, identity_id: str, session_id: str) -> None:
        event = self._outbox.putting([self._revoked(identity_id, session_id)])
        self._table.transact([Delete(session_key(identity_id, session_id)), event])

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
            _session(items[key], identity)
            for key in keys
            if key in items and (identity := from_item(items.get((key[0], "#")))) is not None
        ]


def _shard(session_id: str) -> str:
    return f"SL#{session_id[-1]}"


def _first_id(moment: datetime) -> str:
    """What the ids of that moment begin with (RFC 9562, 5.7)."""
    digits = f"{to_micros(moment) // 1000:012x}"
    return f"{digits[:8]}-{digits[8:]}"


def _revoking(key: Key, told: Mapping[str, Any] | None = None) -> Update:
    return Update(key, set={"rev": True, **(told or {})}, add={"ver": 1}, conditions=(Present(),))


def _item(session: Session, *, version: int) -> Item:
    pk, sk = session_key(session.identity_id, session.id)
    document = {
        "iat": to_micros(session.issued_at),
        "aat": to_micros(session.authenticated_at),
        "amr": [_method_row(method) for method in session.methods],
        "dev": [[device.id, device.ip_address, device.user_agent, device.location] for device in session.devices],
    }
    return {
        "pk": pk,
        "sk": sk,
        "g1pk": _shard(session.id),
        "g1sk": session.id,
        "th": session.token_digest,
        "exp": to_micros(session.expires_at),
        "rev": session.revoked,
        "ver": version,
        "ttl": epoch_seconds(session.expires_at + _KEPT_AFTER_EXPIRY),
        "doc": json.dumps(document, separators=(",", ":"), ensure_ascii=False),
    }


def _session(item: Item, identity: Identity | None) -> Session:
    document: Mapping[str, Any] = json.loads(item["doc"])
    return Session(
        id=item["sk"].removeprefix("S#"),
        identity_id=item["pk"].removeprefix("I#"),
        token_digest=item["th"],
        issued_at=from_micros(document["iat"]),
        authenticated_at=from_micros(document["aat"]),
        expires_at=from_micros(item["exp"]),
        methods=tuple(_method(*row) for row in document["amr"]),
        devices=tuple(Device(*row) for row in document["dev"]),
        revoked=item["rev"],
        identity=identity,
        version=item["ver"],
    )


def _method_row(method: AuthenticationMethod) -> list[Any]:
    """What only sign-ins at a provider have is left out for all others."""
    row = [method.method, str(method.aal), to_micros(method.completed_at)]
    return [*row, method.provider, method.organization, method.acr, method.amr] if method.provider else row


def _method(
    name: str, aal: str, at: int, provider: str = "", organization: str = "", acr: str = "", amr: Sequence[str] = ()
) -> AuthenticationMethod:
    return AuthenticationMethod(name, Aal(aal), from_micros(at), provider, organization, acr, tuple(amr))
