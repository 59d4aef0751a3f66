"""Deliveries as items, and what is told of them.

Delivery: pk `D#<event id>`, sk `#`: what became of it; listed in GSI1 `DL#<day>` and GSI2 `DL#<hook>#<day>` by the time
of its last run. `who` stands for the identity: an HMAC, so that nothing names somebody who was deleted. `lu` is until
when the worker that has an event may take, `pay` what is needed to send it once more.
Run: the same pk, sk `A#<epoch microseconds>`: one run with its tries, and with the events of it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from vestibule.domain.delivery import Delivery, DeliveryStatus, Run, Try
from vestibule.domain.event import WEB_HOOK_DELIVERED, WEB_HOOK_FAILED, WEB_HOOK_SUCCEEDED, Event
from vestibule.domain.times import epoch_seconds, from_micros, to_micros
from vestibule.ports import Clock, Item, Key
from vestibule.stores.outbox import Outbox

_ENDED = {
    DeliveryStatus.DELIVERED: WEB_HOOK_SUCCEEDED,
    DeliveryStatus.FAILED: WEB_HOOK_FAILED,
    DeliveryStatus.DEAD: WEB_HOOK_FAILED,
}
"""What is told of a run that no other follows. A cancelled one was none."""


def delivery_key(event_id: str) -> Key:
    return (f"D#{event_id}", "#")


class DeliveryItems:
    def __init__(self, outbox: Outbox, clock: Clock, keys: Sequence[bytes], kept: timedelta) -> None:
        """`keys`: of the HMAC, current first."""
        self._outbox = outbox
        self._clock = clock
        self._keys = keys
        self._kept = kept

    def head(self, run: Run) -> Item:
        pk, sk = delivery_key(run.event_id)
        at = to_micros(run.at)
        sort = f"{at:020}#{run.event_id}"
        item: Item = {
            "pk": pk,
            "sk": sk,
            "g1pk": partition(run.at),
            "g1sk": sort,
            "g2pk": partition(run.at, run.hook),
            "g2sk": sort,
            "hook": run.hook,
            "pt": run.point,
            "st": str(run.status),
            "at": at,
            "n": run.number,
            "sync": run.waited_for,
            "ttl": self.ttl(),
        }
        optional: Item = {
            "fl": run.flow_id,
            "who": _whose(self._keys[0], run.identity_id) if run.identity_id else "",
            "code": run.tries[-1].status if run.tries else 0,
            "err": run.error,
            "pay": run.payload,
        }
        return item | {name: value for name, value in optional.items() if value}

    def row(self, run: Run) -> Item:
        row: Item = {
            "pk": f"D#{run.event_id}",
            "sk": f"A#{to_micros(run.at):020}",
            "n": run.number,
            "st": str(run.status),
            "at": to_micros(run.at),
            "err": run.error,
            "doc": json.dumps([_row_of(each) for each in run.tries], separators=(",", ":")),
            "ttl": self.ttl(),
        }
        told = self.told(run)
        return self._outbox.announcing(row, told) if told else row

    def changes(self, run: Run) -> Item:
        """What a run changes in the head."""
        return {name: value for name, value in self.head(run).items() if name not in ("pk", "sk", "n")}

    def told(self, run: Run) -> list[Event]:
        """Of every attempt, and of the end."""
        return list(self._events(run))

    def _events(self, run: Run) -> Iterator[Event]:
        about = {"delivery": run.event_id, "hook": run.hook, "point": run.point, "flow": run.flow_id}
        for number, each in enumerate(run.tries, start=1):
            how = {"attempt": str(number), "status": str(each.status or ""), "milliseconds": str(each.milliseconds)}
            named = (run.event_id, str(to_micros(each.at)), str(number))
            yield self._outbox.happened(WEB_HOOK_DELIVERED, *named, **about, **how)
        if type_ := _ENDED.get(run.status):
            named = (run.event_id, str(to_micros(run.at)))
            yield self._outbox.happened(type_, *named, **about)

    def whose(self, identity_id: str) -> set[str]:
        """What stands for the identity, by any key."""
        return {_whose(key, identity_id) for key in self._keys}

    def ttl(self) -> int:
        return epoch_seconds(self._clock.now() + self._kept)


def _whose(key: bytes, identity_id: str) -> str:
    return hmac.digest(key, identity_id.encode(), "sha256").hex()[:32]


def partition(day: datetime, hook: str | None = None) -> str:
    named = f"{hook}#" if hook is not None else ""
    return f"DL#{named}{day:%Y-%m-%d}"


def _row_of(made: Try) -> list[Any]:
    return [to_micros(made.at), made.milliseconds, made.status, made.error, made.request, made.response]


def delivery(item: Item) -> Delivery:
    return Delivery(
        event_id=item["pk"].removeprefix("D#"),
        hook=item["hook"],
        point=item["pt"],
        status=DeliveryStatus(item["st"]),
        updated_at=from_micros(item["at"]),
        waited_for=item["sync"],
        flow_id=item.get("fl", ""),
        runs=item["n"],
        last_status=item.get("code", 0),
        error=item.get("err", ""),
        can_replay="pay" in item,
    )


def run_of(row: Item, head: Item) -> Run:
    tries = tuple(Try(from_micros(at), *rest) for at, *rest in json.loads(row["doc"]))
    return Run(
        event_id=row["pk"].removeprefix("D#"),
        hook=head["hook"],
        point=head["pt"],
        status=DeliveryStatus(row["st"]),
        at=from_micros(row["at"]),
        tries=tries,
        waited_for=head["sync"],
        flow_id=head.get("fl", ""),
        number=row["n"],
        error=row["err"],
    )
