"""POST /sessions: end or delete many sessions at once. Contract 06 §1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from vestibule.domain.errors import BadRequest
from vestibule.domain.outcome import Document, Outcome
from vestibule.domain.request import Request
from vestibule.domain.session import Session
from vestibule.lifecycle.loading import canonical_uuid
from vestibule.resources.admin_body import read_object, shaped
from vestibule.resources.identities_bodies import ManageSessionsBody
from vestibule.services import Services
from vestibule.stores.sessions import Position

MOST_IDS = 500
MOST_AT_ONCE = 5000
"""Sessions that one request ends or deletes of everybody's; `more` says whether it stopped there."""

PART = 500
TIME = timedelta(seconds=20)
EVERYBODY = ["*"]


def manage(request: Request, svc: Services) -> Outcome:
    """`processed` counts sessions: when they are disabled, those that were active. Raises BadRequest."""
    body = shaped(ManageSessionsBody, read_object(request))
    if (body.identities is None) == (body.sessions is None):
        raise BadRequest("Exactly one of identities and sessions says whose sessions are meant")
    act = _ACTIONS.get(body.action)
    if act is None:
        raise BadRequest("action is disable or delete")
    if body.identities == EVERYBODY:
        processed, more = _everybody(act, svc)
        return Document(body={"processed": processed, "more": more})
    ids = _ids(body.identities if body.sessions is None else body.sessions)
    find = _by_ids if body.identities is None else _of_identities
    return Document(body={"processed": act(find(ids, svc), svc), "more": False})


def _ids(asked: Sequence[str] | None) -> list[str]:
    ids = [canonical_uuid(each) for each in asked or ()]
    if len(ids) > MOST_IDS:
        raise BadRequest(f"At most {MOST_IDS} ids are taken at once")
    known = [each for each in ids if each is not None]
    if not ids or len(known) < len(ids):
        raise BadRequest('The ids have to be UUIDs, at least one; identities may be ["*"] for those of everybody')
    return list(dict.fromkeys(known))


def _by_ids(ids: Sequence[str], svc: Services) -> list[Session]:
    found: list[Session | None] = svc.parallel(*[lambda each=each: svc.sessions.by_id(each) for each in ids])
    return [session for session in found if session is not None]


def _of_identities(ids: Sequence[str], svc: Services) -> list[Session]:
    identities = svc.identities.find_many(ids)
    found: list[list[Session]] = svc.parallel(
        *[lambda identity=identity: svc.sessions.of_identity(identity) for identity in identities]
    )
    return [session for sessions in found for session in sessions]


def _everybody(act: Callable[[Sequence[Session], Services], int], svc: Services) -> tuple[int, bool]:
    """Newest first, until the limit or the time is reached; whether that was so."""
    processed, after = 0, None
    until = svc.clock.now() + TIME
    while sessions := svc.sessions.page(after=after, limit=PART):
        if processed >= MOST_AT_ONCE or svc.clock.now() >= until:
            return processed, True
        processed += act(sessions, svc)
        after = Position(sessions[-1].id, sessions[-1].identity_id)
    return processed, False


def _disable(sessions: Sequence[Session], svc: Services) -> int:
    now = svc.clock.now()
    active = [each for each in sessions if each.active_at(now)]
    ended: list[bool] = svc.parallel(
        *[lambda each=each: svc.sessions.revoke(each.identity_id, each.id) for each in active]
    )
    return sum(ended)


def _delete(sessions: Sequence[Session], svc: Services) -> int:
    svc.parallel(*[lambda each=each: svc.sessions.delete(each.identity_id, each.id) for each in sessions])
    return len(sessions)


_ACTIONS: dict[str, Callable[[Sequence[Session], Services], int]] = {"disable": _disable, "delete": _delete}
