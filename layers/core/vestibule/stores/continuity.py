"""Forms that were parked while their sender proves who they are, here or elsewhere. Contract 01 §8, 03 §10."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from vestibule.crypto.sealing import Sealer
from vestibule.crypto.text import to_base64url
from vestibule.domain.record import Unprinted
from vestibule.domain.times import epoch_seconds, from_micros, to_micros
from vestibule.ports import Absent, Clock, ConditionFailed, Key, Present, Put, Random, Table, Update

LIFESPAN = timedelta(minutes=15)
_SECRET = 32
_BESIDE = "~"


class Parked(Unprinted, frozen=True):
    """A decoded form with the flow and the person it belongs to."""

    flow_id: str
    identity_id: str
    fields: Mapping[str, Any]


def ticket_in(cookie: str, *, elsewhere: bool = False) -> str:
    """The ticket in the browser's cookie: for a form of ours, or for a sign-in `elsewhere`. One may stand beside."""
    form, _, journey = cookie.partition(_BESIDE)
    return journey if elsewhere else form


def cookie_with(cookie: str, journey: str) -> str:
    """The cookie with a ticket for a sign-in elsewhere, beside whatever form of ours waits."""
    return f"{ticket_in(cookie)}{_BESIDE}{journey}"


class ContinuityStore:
    """Item: pk `N#<id>`, sk `#`; `exp` epoch microseconds, `ttl`, `used` once it was, `doc` sealed.

    The form may hold a new password: it opens with the browser's ticket alone, of which one half is stored nowhere.
    """

    def __init__(self, table: Table, sealer: Sealer, clock: Clock, random: Random) -> None:
        self._table = table
        self._sealer = sealer
        self._clock = clock
        self._random = random

    def park(self, form: Parked, lifespan: timedelta = LIFESPAN) -> str:
        """Store a form, for a quarter of an hour unless said otherwise; returns the ticket that gets it back."""
        record = self._random.uuid4()
        ticket = f"{record}.{to_base64url(self._random.bytes(_SECRET))}"
        expires_at = self._clock.now() + lifespan
        document = json.dumps([form.flow_id, form.identity_id, dict(form.fields)])
        item = {
            "pk": _key(record)[0],
            "sk": _key(record)[1],
            "exp": to_micros(expires_at),
            "ttl": epoch_seconds(expires_at),
            "doc": self._sealer.seal(document.encode(), context=ticket.encode()),
        }
        self._table.write(Put(item, (Absent(),)))
        return ticket

    def find(self, ticket: str) -> Parked | None:
        """The form of a ticket; None when it was used, has expired, or is none."""
        record = ticket.partition(".")[0]
        item = self._table.get([_key(record)])[0] if record else None
        if item is None or item.get("used") or from_micros(item["exp"]) <= self._clock.now():
            return None
        plain = self._sealer.open(item["doc"], context=ticket.encode())
        return Parked(*json.loads(plain)) if plain is not None else None

    def use(self, ticket: str) -> bool:
        """Take the form: False when somebody was quicker. What it held is gone then."""
        record = ticket.partition(".")[0]
        taking = Update(_key(record), set={"used": True, "doc": ""}, conditions=(Present(), Absent("used")))
        try:
            self._table.write(taking)
        except ConditionFailed:
            return False
        return True


def _key(record: str) -> Key:
    return (f"N#{record}", "#")
