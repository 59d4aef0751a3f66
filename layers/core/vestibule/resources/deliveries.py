"""The delivery log over the admin API: what became of calls of web hooks, and making them once more."""

from __future__ import annotations

from datetime import datetime

from vestibule.domain import event
from vestibule.domain.delivery import Delivery, DeliveryStatus, Run
from vestibule.domain.errors import BadRequest, Conflict, NotFound, ServiceUnavailable
from vestibule.domain.json import Json
from vestibule.domain.outcome import Document, Outcome
from vestibule.domain.request import Request
from vestibule.domain.times import from_rfc3339, to_rfc3339
from vestibule.hooks.web_hook.due import afresh
from vestibule.lifecycle.loading import canonical_uuid
from vestibule.ports import EventsUnavailable
from vestibule.resources import keyset
from vestibule.services import Services
from vestibule.stores.deliveries import Position

DEFAULT_SIZE = 20
MAX_SIZE = 250

_ACCEPTED = 202
_NOT_KEPT = (
    "What this call said is not kept: there was a password in it, a token depended on it, or it was too long to be kept"
)


def listing(request: Request, svc: Services) -> Outcome:
    """GET /admin/actions/deliveries: newest first, by `hook`, `identity`, `status`, `since` and `until`.

    A page has fewer entries than asked for only where it is the last one. Raises BadRequest.
    """
    hook, identity_id = request.param("hook"), _identity(request)
    status, since, until = _status(request), _time(request, "since"), _time(request, "until")
    size = keyset.page_size(request, default=DEFAULT_SIZE, largest=MAX_SIZE)
    name = f"deliveries:{hook}:{identity_id}:{status}:{since}:{until}"
    found, following = svc.deliveries.page(
        after=_after(request, name, svc),
        limit=size,
        hook=hook,
        identity_id=identity_id,
        status=status,
        since=since,
        until=until,
    )
    token = keyset.token(name, [following[0], *following[1]], svc) if following else None
    headers = keyset.link(request, size, first=keyset.token(name, [], svc), following=token)
    return Document(body=[_wire(each) for each in found], headers=headers)


def get(request: Request, svc: Services) -> Outcome:
    """GET /admin/actions/deliveries/{id}, with every attempt. Raises NotFound."""
    found = svc.deliveries.find(request.path_parameters["id"])
    if found is None:
        raise NotFound
    delivery, runs = found
    return Document(body=_wire(delivery) | {"runs": [_run(each) for each in runs]})


def replay(request: Request, svc: Services) -> Outcome:
    """POST /admin/actions/deliveries/{id}/replay: the call once more, with the same id, whatever became of it.

    Where a step waited for it, nobody does any more: what the target answers changes nothing.
    202: it is on its way, with as many runs in front of it as at first. Raises NotFound, Conflict (what it said is not
    kept), ServiceUnavailable.
    """
    event_id = request.path_parameters["id"]
    found = svc.deliveries.find(event_id)
    if found is None:
        raise NotFound
    payload = svc.deliveries.reopen(event_id)
    if payload is None:
        raise Conflict(_NOT_KEPT)
    again = afresh(event.read(f"[{payload}]")[0], found[0].runs, svc.clock.now())
    try:
        svc.events.send(again)
    except EventsUnavailable:
        raise ServiceUnavailable("The queue of calls is out of reach; try again soon") from None
    return Document(body=_wire(found[0]) | {"status": str(DeliveryStatus.RETRYING)}, status=_ACCEPTED)


def _wire(delivery: Delivery) -> Json:
    wire: Json = {
        "id": delivery.event_id,
        "hook": delivery.hook,
        "point": delivery.point,
        "status": str(delivery.status),
        "updated_at": to_rfc3339(delivery.updated_at),
        "waited_for": delivery.waited_for,
        "runs_made": delivery.runs,
        "can_replay": delivery.can_replay,
    }
    optional = {"flow_id": delivery.flow_id, "last_status": delivery.last_status, "error": delivery.error}
    return wire | {name: value for name, value in optional.items() if value}


def _run(run: Run) -> Json:
    attempts: list[Json] = []
    for number, each in enumerate(run.tries, start=1):
        attempt: Json = {"number": number, "at": to_rfc3339(each.at), "milliseconds": each.milliseconds}
        optional = {"status": each.status, "error": each.error, "request": each.request, "response": each.response}
        attempts.append(attempt | {name: value for name, value in optional.items() if value})
    wire: Json = {"number": run.number, "at": to_rfc3339(run.at), "status": str(run.status), "attempts": attempts}
    return wire | ({"error": run.error} if run.error else {})


def _identity(request: Request) -> str | None:
    text = request.param("identity")
    if text is None:
        return None
    known = canonical_uuid(text)
    if known is None:
        raise BadRequest("identity is no id")
    return known


def _status(request: Request) -> DeliveryStatus | None:
    text = request.param("status")
    if text is None:
        return None
    try:
        return DeliveryStatus(text)
    except ValueError:
        raise BadRequest(f"A delivery is one of {', '.join(DeliveryStatus)}") from None


def _time(request: Request, name: str) -> datetime | None:
    text = request.param(name)
    if text is None:
        return None
    try:
        return from_rfc3339(text)
    except ValueError:
        raise BadRequest(f"{name} has to be a time such as 2026-01-02T03:04:05Z") from None


def _after(request: Request, name: str, svc: Services) -> Position | None:
    """Behind which entry the page begins. Raises BadRequest."""
    position = keyset.position(request, name, svc)
    if not position:
        return None
    sort, pk, sk = position
    return sort, (pk, sk)
