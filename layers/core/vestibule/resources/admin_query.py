"""Query parameters that several lists of the admin API take."""

from __future__ import annotations

from vestibule.domain.errors import BadRequest
from vestibule.domain.request import Request
from vestibule.ui.decode import BOOLEANS


def flag(request: Request, name: str) -> bool | None:
    """None when the parameter is missing. Raises BadRequest for what is no boolean."""
    text = request.param(name)
    if text is None:
        return None
    if text not in BOOLEANS:
        raise BadRequest(f"{name} has to be true or false")
    return BOOLEANS[text]
