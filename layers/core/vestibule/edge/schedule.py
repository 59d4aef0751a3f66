"""From a step to a handler for a clock. Apart from `consumer`: what tells of records is 40 ms of a cold start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vestibule import wiring
from vestibule.edge import telemetry
from vestibule.services import Services


class RevisionUnused(Exception):
    """The configuration's revision that counts is not what runs; the text says why."""


def of_schedule(step: Callable[[Services], Any]) -> Callable[[dict[str, Any], Any], None]:
    """The event says nothing. Ends with RevisionUnused, once the step is done, where there is one.

    Functions answer people on an older configuration then, and nobody would notice. An alarm counts the errors of the
    workers, and this one comes with every tick until it is mended.
    """

    def handler(event: dict[str, Any], context: Any) -> None:
        with telemetry.request(event, context):
            step(wiring.services())
        if why := wiring.unused():
            raise RevisionUnused(why)

    return handler
