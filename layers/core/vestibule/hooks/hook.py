"""What a hook is: something that runs at a point of a flow, and may change what comes of it or stop it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct, field

from vestibule.config.points import Point
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.outcome import Outcome
from vestibule.domain.record import Unprinted
from vestibule.domain.request import Request
from vestibule.domain.session import AuthenticationMethod
from vestibule.lifecycle.issuing import Issued
from vestibule.ports import TransactWrite
from vestibule.services import Services


class Moment(Unprinted, frozen=True, kw_only=True):
    """What a hook may look at, and what the answer will be made of. What is not known yet at a point is None.

    `return_to` is where a browser goes when the flow succeeds, `continue_with` what apps are told to do then.
    `verification` is the flow in which an address of the identity can be proven now, if a hook opened one. `csrf` is
    the browser's new CSRF secret, once a hook needed to know it; empty until then. `values` were submitted, to be shown
    again where the form is refused. `position` is the place of the hook that looks at it among those of the point.
    `writes` belong to the write that ends the step, whatever it is: events, and what is noted of calls.
    """

    point: Point
    request: Request
    flow: Flow
    method: str = ""
    identity: Identity | None = None
    factor: AuthenticationMethod | None = None
    issued: Issued | None = None
    return_to: str = ""
    continue_with: tuple[Json, ...] = ()
    verification: Flow | None = None
    csrf: str = ""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    position: int = 0
    writes: tuple[TransactWrite, ...] = ()


class Contribution(Struct, frozen=True):
    """What hooks add to the write that is about to happen, and the moment as it goes on with it."""

    moment: Moment
    writes: tuple[TransactWrite, ...] = ()


class Hook(Protocol):
    """Made from its entry in the configuration; `entry.config` holds its settings, where it has any."""

    def __init__(self, entry: Any) -> None: ...

    def __call__(self, moment: Moment, svc: Services) -> Outcome | Moment | None:
        """None: go on. A Moment: go on with this one. An Outcome: stop, this is the answer.

        A hook never writes a response itself. Raises FlowErrors of its own.
        """
        ...


@runtime_checkable
class Contributor(Protocol):
    """A hook of a post-persist point that writes in the same transaction as the identity that the point is about.

    `prepare` comes before that transaction, and must store nothing itself: if the transaction fails, nothing of it
    happened. `__call__` follows behind it, in its place among the other hooks.
    """

    def prepare(self, moment: Moment, svc: Services) -> Contribution: ...
