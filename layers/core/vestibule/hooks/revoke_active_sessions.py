"""`revoke_active_sessions`: whoever proves once more who they are ends their other sessions. Contract 02 §2."""

from __future__ import annotations

from typing import Any

from vestibule.hooks.hook import Moment
from vestibule.services import Services


class RevokeActiveSessions:
    """After a login, a recovery or a change of settings: every session of the identity ends but the one at hand.

    At a login or recovery that one is not stored yet: its id is known to be kept already. If storing it fails, the
    others have ended all the same, which is the safe side.
    """

    def __init__(self, entry: Any) -> None:
        """Takes no settings."""

    def __call__(self, moment: Moment, svc: Services) -> None:
        if moment.identity is None:
            return
        kept = moment.issued.session.id if moment.issued is not None else None
        svc.sessions.revoke_all(moment.identity, keep=kept, at=svc.clock.now())
