"""Jsonnet that administrators write."""

from __future__ import annotations

from vestibule.ports import TemplateFailed
from vestibule.services import Services


def wrong_template(source: str, svc: Services) -> str | None:
    """What is wrong with the template behind the address, and on which line; None where nothing is."""
    try:
        svc.templates.check(source)
    except TemplateFailed as failed:
        return str(failed)
    return None
