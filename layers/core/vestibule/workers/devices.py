"""Sign-ins from a kind of device that a person never signed in from before: told beside the sign-in itself.

It is looked for where the sign-in is published, so that nobody waits for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vestibule.domain.event import LOGIN_SUCCEEDED, LOGIN_SUSPICIOUS, SESSION_ISSUED, Event
from vestibule.services import Services

_VERSIONS = re.compile(r"[\d._]+")


def with_suspicions(events: Sequence[Event], svc: Services) -> list[Event]:
    """The events of one write, with what looks suspicious about the sign-in among them. One read for a new session."""
    if not any(event.type == SESSION_ISSUED for event in events):
        return list(events)  # a session that is used on was told of when it was new
    found = [each for event in events if event.type == LOGIN_SUCCEEDED for each in _of_device(event, svc)]
    return [*events, *found]


def _of_device(login: Event, svc: Services) -> list[Event]:
    """Programs count by name: a browser that was updated is no other one. A first sign-in tells nothing."""
    identity_id, session_id = str(login.detail["identity"]), str(login.detail["session"])
    agents = svc.sessions.agents(identity_id, until=session_id)
    own, before = agents.pop(session_id, None), agents.values()
    if own is None or not before or own == "" or _kind(own) in {_kind(agent) for agent in before}:
        return []
    about = {"identity": identity_id, "session": session_id, "device": "new"}
    return [svc.outbox.happened(LOGIN_SUSPICIOUS, session_id, "device", **about)]


def _kind(agent: str) -> str:
    return _VERSIONS.sub("", agent)
