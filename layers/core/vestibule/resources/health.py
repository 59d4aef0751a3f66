"""Whether it runs, and what. Contract 06 §1."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version

from vestibule.config.frozen import frozen
from vestibule.domain.errors import NotFound
from vestibule.domain.outcome import Content, Document, Outcome
from vestibule.domain.request import Request
from vestibule.services import Services

_OK = {"status": "ok"}


def show(request: Request, svc: Services) -> Outcome:
    """/health/alive, /health/ready (asks the store; 503 when it does not answer), /health/config, /version."""
    match request.path:
        case "/health/alive":
            return Document(body=_OK)
        case "/health/ready":
            svc.table.get([("CFG", "HEAD")], consistent=False)
            return Document(body=_OK)
        case "/health/config":
            digest = hashlib.sha256(json.dumps(frozen(svc.config)).encode()).hexdigest()
            return Content(body=digest.encode(), content_type="text/plain; charset=utf-8")
        case "/version":
            return Document(body={"version": _version()})
        case _:
            raise NotFound


def _version() -> str:
    try:
        return version("vestibule")
    except PackageNotFoundError:
        return "unpackaged"
