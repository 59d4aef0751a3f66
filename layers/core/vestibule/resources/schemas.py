"""The identity schemas, for those who draw their own forms. Contract 06 §6."""

from __future__ import annotations

from vestibule.crypto.text import from_base64url
from vestibule.domain.errors import NotFound
from vestibule.domain.outcome import Document, Outcome, Redirect
from vestibule.domain.request import Request
from vestibule.resources import paging
from vestibule.services import Services

_LISTING = "schemas"


def show(request: Request, svc: Services) -> Outcome:
    """GET /schemas lists them in the configuration's order, GET /schemas/{id} gives one. Raises NotFound."""
    asked = request.path_parameters.get("id")
    if asked is None:
        return _listed(request, svc)
    schema = svc.schemas.get(asked) or svc.schemas.get(_decoded(asked))
    if schema is None:
        raise NotFound("There is no identity schema of this id")
    return Document(body=schema.document)


def elsewhere(request: Request, svc: Services) -> Outcome:
    """The admin API sends readers to the public one."""
    return Redirect(location=request.url.replace(svc.urls.admin, svc.urls.public, 1), status=307)


def _listed(request: Request, svc: Services) -> Outcome:
    schemas = [{"id": schema.id, "schema": schema.document} for schema in svc.schemas.values()]
    page = paging.asked(request, _LISTING, svc)
    body = list(page.of(schemas))
    return Document(body=body, headers=paging.headers(request, _LISTING, page, len(schemas), svc))


def _decoded(text: str) -> str:
    raw = from_base64url(text)
    return raw.decode("utf-8", "replace") if raw is not None else ""
