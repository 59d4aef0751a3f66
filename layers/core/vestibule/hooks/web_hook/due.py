"""The event of a call that nobody waits for, apart from what draws forms: not every hook stands in a flow."""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vestibule.domain.delivery import DeliveryStatus, Run
from vestibule.domain.event import WEB_HOOK_DUE, Event
from vestibule.domain.json import Json
from vestibule.domain.times import to_rfc3339
from vestibule.hooks.web_hook.naming import name_of
from vestibule.ports import TransactWrite
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.hooks import WebHookConfig

LARGEST = 180_000
"""Characters of what is sealed: EventBridge and SQS take 256 KB with everything around it."""

RUNS_BEFORE, SENT_AGAIN = "runs_before", "sent_again_at"
"""In the detail of an event that is sent once more: how many runs were made before, and when that was."""

WAITED_FOR = "waited_for"
"""In the detail of a call that a step waited for."""

_TOO_LARGE = "too large to be queued: its context, as with a large transient_payload, goes beyond what a queue takes"

_log = logging.getLogger("vestibule")


def due(
    config: WebHookConfig, id_: str, packed: Json, about: Mapping[str, str], svc: Services
) -> tuple[TransactWrite, ...]:
    """What to write so that the call is made; where it says more than a queue takes, so that its failure is seen.

    `packed` has the context at `ctx`; `about` says where the hook stands.
    """
    event = event_of(name_of(config), id_, packed, about, svc)
    if event is None:
        _log.error("a web hook's call is %s", _TOO_LARGE, extra={"hook": name_of(config)})
        return svc.deliveries.noting(_too_large(id_, name_of(config), about, svc))
    return (svc.outbox.putting([event]),)


def event_of(
    hook: str, id_: str, packed: Json, about: Mapping[str, str], svc: Services, largest: int = LARGEST
) -> Event | None:
    """What a worker needs to make the call; None where that is longer than `largest`."""
    plain = zlib.compress(json.dumps(packed, separators=(",", ":")).encode())
    sealed = svc.event_sealer.seal(plain, context=id_.encode())
    detail = {"time": to_rfc3339(svc.clock.now()), "hook": hook, **about, "sealed": sealed}
    told = {name: value for name, value in detail.items() if value}
    return Event(id_, WEB_HOOK_DUE, told) if len(sealed) <= largest else None


def afresh(event: Event, runs: int, at: datetime | None = None) -> Event:
    """The event with all its runs in front of it again. `runs` were made so far; `at` is when it is told anew."""
    told = {SENT_AGAIN: to_rfc3339(at)} if at is not None else {}
    return replace(event, detail={**event.detail, RUNS_BEFORE: runs, **told})


def kept_as(event: Event) -> str:
    """What the delivery log keeps of it for a replay. It names nobody: who was deleted is not to be found there."""
    return json.dumps({name: value for name, value in event.to_json().items() if name != "identity"})


def _too_large(id_: str, hook: str, about: Mapping[str, str], svc: Services) -> Run:
    return Run(
        event_id=id_,
        hook=hook,
        point=about["point"],
        status=DeliveryStatus.FAILED,
        at=svc.clock.now(),
        waited_for=False,
        flow_id=about.get("flow", ""),
        identity_id=about.get("identity") or None,
        error=_TOO_LARGE,
    )
