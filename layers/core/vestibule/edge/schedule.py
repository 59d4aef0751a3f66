"""From a step to a handler for a clock. Apart from `consumer`: what tells of records is 40 ms of a cold start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vestibule import wiring
from vestibule.edge import telemetry
from vestibule.services import Services


def of_schedule(step: Callable[[Services], Any]) -> Callable[[dict[str, Any], Any], None]:
    """The event says nothing."""

    def handler(event: dict[str, Any], context: Any) -> None:
        with telemetry.request(event, context):
            step(wiring.services())

    return handler
