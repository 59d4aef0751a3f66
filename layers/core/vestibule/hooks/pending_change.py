"""The hooks of settings, for a change that was waiting (`verify_new_address`) and is made elsewhere."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.config.points import Point
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.outcome import Outcome
from vestibule.domain.request import Request
from vestibule.hooks import chain
from vestibule.hooks.hook import Moment
from vestibule.lifecycle.issuing import Issued
from vestibule.lifecycle.pending_change import Due
from vestibule.methods.profile_settings import PROFILE
from vestibule.services import Services


class ChangeHooks:
    """What the settings would have run behind the change, for the flow it was asked for in."""

    def __init__(self, request: Request, flow: Flow, svc: Services) -> None:
        """`flow` is the verification flow."""
        self._request = request
        self._flow = flow
        self._svc = svc
        self._moment: Moment | None = None

    def prepare(self, due: Due) -> Due:
        """The change with what hooks write along with it."""
        origin = self._svc.flows.find(due.change.origin_id, Kind.SETTINGS) or self._flow
        moment = Moment(
            point=Point.SETTINGS_POST_PERSIST,
            request=self._request,
            flow=replace(origin, identity=due.before),
            method=PROFILE,
            identity=due.identity,
            issued=Issued(due.session, "", due.session, is_new=False),
        )
        added = chain.prepare(moment, self._svc)
        self._moment = added.moment
        return replace(due, identity=added.moment.identity or due.identity, writes=(*due.writes, *added.writes))

    def run(self, due: Due) -> Outcome | None:
        """Behind the change, as it is stored."""
        if self._moment is None:
            return None
        return chain.run(replace(self._moment, identity=due.identity), self._svc)
