"""What a session must have shown: how many factors, and how lately. Contract 01 §8 and §14."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vestibule.domain.errors import Aal2Required
from vestibule.domain.session import Aal, Session
from vestibule.methods import second_factor
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.flows import RequiredAal

_NOTHING = timedelta(0)
HIGHEST = "highest_available"


def suffices(session: Session, required: RequiredAal, svc: Services) -> bool:
    """Whether the session is at the level that is required; `highest_available` is the one its identity can reach."""
    return required != HIGHEST or session.aal is Aal.AAL2 or not second_factor.reachable(session.identity, svc)


def step_up(svc: Services, return_to: str | None = None) -> str:
    """Where a second factor is asked for."""
    back = {"return_to": return_to} if return_to else {}
    return svc.urls.self_service("login/browser", aal="aal2", **back)


def ensure(session: Session, required: RequiredAal, svc: Services, return_to: str | None = None) -> None:
    """Raises Aal2Required, which leads to the second factor and from there to `return_to`."""
    if suffices(session, required, svc):
        return
    where = step_up(svc, return_to)
    beside = {"redirect_browser_to": where}
    raise Aal2Required("The session needs a second factor", details=beside, beside=beside, browser_location=where)


def stale_factor(session: Session, svc: Services) -> Aal | None:
    """The factor that has to be shown once more before credentials or addresses are changed; None: go ahead.

    Where settings insist on a second factor it has to be as fresh as the first: else whoever finds an open session and
    knows the password would remove the other factor. A `privileged_session_max_age` of 0 turns all of it off.
    """
    settings = svc.config.selfservice.flows.settings
    age, now = settings.privileged_session_max_age, svc.clock.now()
    if age <= _NOTHING:
        return None
    if session.authenticated_at + age <= now:
        return Aal.AAL1
    second = [method.completed_at for method in session.methods if method.aal is Aal.AAL2]
    insists = settings.required_aal == HIGHEST and second_factor.reachable(session.identity, svc) and bool(second)
    return Aal.AAL2 if insists and max(second) + age <= now else None
