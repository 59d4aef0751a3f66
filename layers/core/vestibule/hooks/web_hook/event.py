"""Which event a call tells of. Receivers keep the id, to take each event once. design.md §1."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from vestibule.config.json_shapes import is_object
from vestibule.crypto import event_ids
from vestibule.domain.request import Request
from vestibule.hooks.hook import Moment
from vestibule.services import Services
from vestibule.ui import multipart


def event_id(moment: Moment, svc: Services) -> str:
    """The same for an identical re-submit and for every attempt; another one once the form is corrected."""
    form = event_ids.form_digest(_submitted(moment.request))
    return event_ids.of_hook(svc.event_key, moment.flow.id, str(moment.point), moment.position, form)


def _submitted(request: Request) -> dict[str, Any]:
    """The form's fields, or those of the link that was opened. The body was accepted: it is what its type says."""
    if not request.body:
        return _texts(request.query)
    kind = request.headers.get("content-type", "")
    if kind.lower().startswith("multipart/"):
        return _texts(multipart.pairs(request.body, kind))
    try:
        document: Any = json.loads(request.body)
    except (ValueError, RecursionError):
        return _texts(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    return document if is_object(document) else {"": document}


def _texts(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return dict(fields)
