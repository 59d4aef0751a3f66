"""What a hook is: something that runs at a point of a flow and may stop it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from vestibule.config.hooks import Point
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.outcome import Outcome
from vestibule.domain.request import Request
from vestibule.domain.session import AuthenticationMethod
from vestibule.lifecycle.issuing import Issued
from vestibule.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a hook may look at. What is not known yet at a point is None.

    `return_to` is where a browser goes when the flow succeeds.
    """

    point: Point
    request: Request
    flow: Flow
    method: str = ""
    identity: Identity | None = None
    factor: AuthenticationMethod | None = None
    issued: Issued | None = None
    return_to: str = ""


class Hook(Protocol):
    """Made from its entry in the configuration; `entry.config` holds its settings, where it has any."""

    def __init__(self, entry: Any) -> None: ...

    def __call__(self, moment: Moment, svc: Services) -> Outcome | None:
        """None: go on. An Outcome: stop, this is the answer. A hook never writes a response itself."""
        ...
