"""Courier messages over the admin API. Contract 06 §8."""

from __future__ import annotations

from vestibule.domain.courier import CourierMessage, Dispatch, MessageStatus
from vestibule.domain.errors import BadRequest, NotFound
from vestibule.domain.json import Json
from vestibule.domain.outcome import Document, Outcome
from vestibule.domain.request import Request
from vestibule.domain.times import to_rfc3339
from vestibule.lifecycle.loading import canonical_uuid
from vestibule.resources import keyset
from vestibule.resources.dispatch import Steps, dispatched
from vestibule.services import Services
from vestibule.stores.addresses import heard

DEFAULT_SIZE = 10
MAX_SIZE = 500

REDACTED = "<redacted-unless-dev-mode>"


def serve(request: Request, svc: Services) -> Outcome:
    """Everything below /courier/messages, with or without /admin in front."""
    return dispatched(_STEPS, request, svc)


def listing(request: Request, svc: Services) -> Outcome:
    """Newest first. Raises BadRequest."""
    status, recipient = _status(request), request.param("recipient") or None
    size = keyset.page_size(request, default=DEFAULT_SIZE, largest=MAX_SIZE)
    name = f"messages:{status}:{recipient}"
    after = keyset.position(request, name, svc)
    found = svc.messages.page(after=after[0] if after else None, limit=size + 1, status=status, recipient=recipient)
    shown = found[:size]
    following = keyset.token(name, [shown[-1].id], svc) if len(found) > size else None
    headers = keyset.link(request, size, first=keyset.token(name, [], svc), following=following)
    return Document(body=[_wire(message, svc) for message in shown], headers=headers)


def get(request: Request, svc: Services) -> Outcome:
    """With its dispatches, and the last bounce or complaint that was heard of its recipient.

    Raises NotFound, BadRequest.
    """
    asked = canonical_uuid(request.path_parameters["id"])
    if asked is None:
        raise BadRequest
    found = svc.messages.with_dispatches(asked)
    if found is None:
        raise NotFound
    message, dispatches = found
    wire = _wire(message, svc)
    if dispatches:
        wire["dispatches"] = [_dispatch(dispatch) for dispatch in dispatches]
    (feedback,) = heard(svc.table, svc.index, [(message.via, message.recipient)])
    if feedback is not None:
        wire["recipient_feedback"] = feedback.to_wire()
    return Document(body=wire)


def _wire(message: CourierMessage, svc: Services) -> Json:
    """The words themselves only in development: they hold codes and links that open accounts."""
    subject = body = REDACTED
    if svc.config.dev:
        letter = svc.compose(message)
        subject, body = letter.subject, letter.plain
    return {
        "id": message.id,
        "status": str(message.status),
        "type": message.via,
        "recipient": message.recipient,
        "body": body,
        "subject": subject,
        "template_type": message.template_type,
        "channel": message.channel,
        "send_count": message.send_count,
        "created_at": to_rfc3339(message.created_at),
        "updated_at": to_rfc3339(message.updated_at),
    }


def _dispatch(dispatch: Dispatch) -> Json:
    wire: Json = {
        "id": dispatch.id,
        "message_id": dispatch.message_id,
        "status": str(dispatch.status),
        "created_at": to_rfc3339(dispatch.at),
        "updated_at": to_rfc3339(dispatch.at),
    }
    if dispatch.error:
        wire["error"] = {"code": 500, "status": "Internal Server Error", "message": dispatch.error}
    return wire


def _status(request: Request) -> MessageStatus | None:
    text = request.param("status")
    if not text:
        return None
    try:
        return MessageStatus(text)
    except ValueError:
        raise BadRequest(f"A message is one of {', '.join(MessageStatus)}") from None


_STEPS: Steps = {("GET", ""): listing, ("GET", "id"): get}
