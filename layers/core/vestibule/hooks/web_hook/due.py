"""The event of a call that nobody waits for, apart from what draws forms: not every hook stands in a flow."""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

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

_log = logging.getLogger("vestibule")


def due(
    config: WebHookConfig, id_: str, packed: Json, about: Mapping[str, str], svc: Services
) -> tuple[TransactWrite, ...]:
    """What to write so that the call is made: one item, or none where it would say more than a queue takes.

    `packed` has the context at `ctx`; `about` says where the hook stands.
    """
    plain = zlib.compress(json.dumps(packed, separators=(",", ":")).encode())
    sealed = svc.event_sealer.seal(plain, context=id_.encode())
    if len(sealed) > LARGEST:
        _log.error(
            "a web hook says too much to be queued: make its template's context smaller",
            extra={"hook": name_of(config)},
        )
        return ()
    detail = {"time": to_rfc3339(svc.clock.now()), "hook": name_of(config), **about, "sealed": sealed}
    event = Event(id_, WEB_HOOK_DUE, {name: value for name, value in detail.items() if value})
    return (svc.outbox.putting([event]),)
