"""Where a browser goes when a flow is done. Contract 07 §1."""

from __future__ import annotations

from vestibule.config.return_to import ReturnUrls
from vestibule.domain.errors import ReturnToForbidden
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.request import Request
from vestibule.services import Services


def return_urls(svc: Services) -> ReturnUrls:
    own = (f"{svc.urls.public}/self-service", f"{svc.urls.public}/ui")
    return ReturnUrls(svc.urls.default_return, (*svc.config.selfservice.allowed_return_urls, *own))


def requested(request: Request, svc: Services) -> str | None:
    """The request's `return_to`, absolute; None when it has none. Raises ReturnToForbidden."""
    return_to = request.param("return_to")
    return checked(return_to, svc) if return_to else None


def checked(return_to: str, svc: Services) -> str:
    """Raises ReturnToForbidden unless the address is on the list."""
    accepted = return_urls(svc).accepted(return_to)
    if accepted is None:
        raise ReturnToForbidden("The return_to address is not on the list of allowed ones (allowed_return_urls)")
    return accepted


def after(flow: Flow, method: str, svc: Services) -> str:
    """The flow's own return_to while it is on the list, else the method's, the flow's or the general default.

    Settings without a return address of their own are shown again.
    """
    own = return_urls(svc).accepted(flow.return_to) if flow.return_to else None
    if own is None and flow.kind is Kind.SETTINGS:
        return _configured(flow.kind, method, svc) or svc.urls.ui(flow.kind, flow=flow.id)
    return own or default_after(flow.kind, method, svc)


def default_after(kind: Kind, method: str, svc: Services) -> str:
    return _configured(kind, method, svc) or svc.urls.default_return


def _configured(kind: Kind, method: str, svc: Services) -> str | None:
    configured = getattr(svc.config.selfservice.flows, kind).after
    of_method = configured.method(method).default_browser_return_url if hasattr(configured, "method") else None
    chosen = of_method or configured.default_browser_return_url
    return svc.urls.absolute(chosen) if chosen else None
