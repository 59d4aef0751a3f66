"""New verification flows in place of those that cannot go on. Each says why it is there."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.crypto import csrf
from vestibule.domain.errors import FlowReplaced
from vestibule.domain.flow import Flow, FlowType, Kind
from vestibule.domain.message import Message
from vestibule.domain.outcome import CookieChanges, Redirect
from vestibule.domain.request import Request
from vestibule.lifecycle import opening
from vestibule.services import Services
from vestibule.ui import messages


def replaced(flow: Flow, why: Message, request: Request, svc: Services) -> FlowReplaced:
    """To be raised: the new flow is of the same type, and its id stands in the error."""
    again, cookies = _again(flow.type, why, request, svc)
    again = svc.flows.add(again)
    return FlowReplaced(
        "The flow cannot go on; a new one was opened in its place",
        beside={"use_flow_id": again.id},
        browser_location=page(again, svc),
        cookies=cookies,
    )


def instead(why: Message, request: Request, svc: Services) -> Redirect:
    """For a link that cannot be used: whoever opened it is sent to the page (as recorded)."""
    again, cookies = _again(FlowType.BROWSER, why, request, svc)
    return Redirect(location=page(svc.flows.add(again), svc), cookies=cookies)


def expired(flow: Flow, request: Request, svc: Services) -> Redirect:
    """For a flow that was open too long, whoever asks: apps are sent to fetch the new one (as recorded)."""
    why = messages.VERIFICATION_FLOW_EXPIRED(expired_at=flow.expires_at)
    again, cookies = _again(FlowType.BROWSER, why, request, svc)
    again = svc.flows.add(replace(again, request_url=flow.request_url))
    fetch_url = svc.urls.self_service(f"{Kind.VERIFICATION}/flows", id=again.id)
    return Redirect(location=fetch_url if request.wants_json else page(again, svc), cookies=cookies)


def page(flow: Flow, svc: Services) -> str:
    return svc.urls.ui(Kind.VERIFICATION, flow=flow.id)


def _again(type_: FlowType, why: Message, request: Request, svc: Services) -> tuple[Flow, CookieChanges]:
    """Not stored yet. The browser's CSRF secret is renewed with it (as recorded)."""
    secret = csrf.new_secret(svc.random.bytes)
    again = replace(
        opening.new_flow(Kind.VERIFICATION, type_, request, svc),
        active=svc.config.selfservice.flows.verification.use,
        csrf=csrf.digest(secret) if type_ is FlowType.BROWSER else "",
        messages=(why,),
    )
    return again, CookieChanges(csrf=secret)
