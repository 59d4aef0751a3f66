"""What several requests of the admin API have in their address."""

from __future__ import annotations

from vestibule.domain.errors import BadRequest, NotFound
from vestibule.domain.request import Request
from vestibule.lifecycle.loading import canonical_uuid
from vestibule.ui.decode import BOOLEANS


def identity_id(request: Request) -> str:
    """Of the path. Raises NotFound for what cannot be an id, as recorded."""
    asked = canonical_uuid(request.path_parameters["id"])
    if asked is None:
        raise NotFound
    return asked


def flag(request: Request, name: str) -> bool | None:
    """None when the parameter is missing. Raises BadRequest for what is no boolean."""
    text = request.param(name)
    if text is None:
        return None
    if text not in BOOLEANS:
        raise BadRequest(f"{name} has to be true or false")
    return BOOLEANS[text]
