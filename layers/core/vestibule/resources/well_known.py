"""Addresses that others look for by name."""

from __future__ import annotations

from vestibule.domain.errors import NotFound
from vestibule.domain.outcome import Outcome, Redirect
from vestibule.domain.request import Request
from vestibule.services import Services


def show(request: Request, svc: Services) -> Outcome:
    """/.well-known/change-password leads to the settings (W3C, A Well-Known URL for Changing Passwords)."""
    if request.path == "/.well-known/change-password":
        return Redirect(location=svc.urls.ui("settings"))
    raise NotFound("Security keys are not built yet, and with them their script")
