"""Requests that no route takes: wrong verbs, addresses of the other API, and nothing at all."""

from __future__ import annotations

import re

from vestibule.domain.outcome import Content, Outcome, Redirect
from vestibule.domain.request import Request
from vestibule.edge.routes import verbs
from vestibule.lifecycle.loading import csrf_violation
from vestibule.services import Services

_PLAIN = "text/plain; charset=utf-8"
_OF_ADMIN = re.compile(r"/admin/.*|/(identities|courier|recovery)(/.*)?")
_OF_PUBLIC = re.compile(r"/self-service/.*|/sessions(/.*)?|/schemas(/.*)?|/\.well-known/.*|/ui/.*")
_OF_PUBLIC_ALONE = re.compile(r"/sessions/(whoami|token-exchange)")
"""Words where the admin API has ids."""

_READING = ("GET", "HEAD")
_FRONT = ("/", "/ui", "/ui/")
"""What people type: they are shown the welcome page."""


def public(request: Request, svc: Services) -> Outcome:
    """Contract 01 §1 and 06 §1. Raises CsrfViolation for a POST to nowhere, as recorded."""
    if allowed := verbs("public", request.path):
        return _wrong_verb(allowed)
    if _OF_ADMIN.fullmatch(request.path):
        return _moved(request, svc.urls.public, svc.urls.admin)
    if request.method not in _READING:
        raise csrf_violation(request)
    if request.path in _FRONT:
        return Redirect(location=f"{svc.urls.public}/ui/welcome")
    return _nothing()


def admin(request: Request, svc: Services) -> Outcome:
    """Contract 06 §1."""
    alone = _OF_PUBLIC_ALONE.fullmatch(request.path)
    if not alone and (allowed := verbs("admin", request.path)):
        return _wrong_verb(allowed)
    if _OF_PUBLIC.fullmatch(request.path):
        return _moved(request, svc.urls.admin, svc.urls.public)
    return _nothing()


def _wrong_verb(allowed: tuple[str, ...]) -> Outcome:
    headers = {"Allow": ", ".join(allowed)}
    return Content(status=405, body=b"Method Not Allowed\n", content_type=_PLAIN, headers=headers)


def _moved(request: Request, here: str, there: str) -> Outcome:
    return Redirect(location=there + request.url.removeprefix(here), status=307)


def _nothing() -> Outcome:
    return Content(status=404, body=b"404 page not found\n", content_type=_PLAIN)
