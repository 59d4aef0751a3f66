"""The configuration's resource, behind which this process looks for a new revision at once."""

from __future__ import annotations

from vestibule import wiring
from vestibule.domain.outcome import Outcome
from vestibule.domain.request import Request
from vestibule.resources import configuration
from vestibule.services import Services


def serve(request: Request, svc: Services) -> Outcome:
    try:
        return configuration.serve(request, svc)
    finally:
        if request.method not in ("GET", "HEAD"):
            wiring.expire()
