"""`show_verification_ui`: whoever was sent a code or link is taken to the form that asks for it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from vestibule.domain.flow import Kind
from vestibule.domain.outcome import Outcome
from vestibule.hooks.hook import Moment
from vestibule.lifecycle import verifying
from vestibule.services import Services


class ShowVerificationUi:
    """Browsers are redirected to the form, apps are told of it. Nothing happens where no flow was opened."""

    def __init__(self, entry: Any) -> None:
        """Takes no settings."""

    def __call__(self, moment: Moment, svc: Services) -> Outcome | Moment | None:
        flow = moment.verification
        if flow is None:
            return None
        item = verifying.shown(flow, svc, with_url=not flow.is_api)
        shown = replace(moment, continue_with=(*moment.continue_with, item))
        if flow.is_api or moment.request.wants_json:
            return shown
        return replace(shown, return_to=svc.urls.ui(Kind.VERIFICATION, flow=flow.id))
