"""Where everything is: our own addresses and the pages that draw flows."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from vestibule.config.model import Config


class Urls:
    """All addresses are made from the configuration or the gateway's stage, never from request headers."""

    def __init__(self, config: Config, *, public: str | None = None, admin: str | None = None) -> None:
        """`public` and `admin`: where the gateway says they are, in place of what the configuration says."""
        self.issuer = public or str(config.serve.public.base_url)
        """The public address to the letter, as signed tokens name it."""
        self.public = self.issuer.rstrip("/")
        self.admin = (admin or str(config.serve.admin.base_url)).rstrip("/")
        self.default_return = self.absolute(config.selfservice.default_browser_return_url)
        self._flows = config.selfservice.flows

    def self_service(self, path: str, **query: str) -> str:
        """An address below `<public>/self-service/`."""
        return with_query(f"{self.public}/self-service/{path}", **query)

    def action(self, kind: str, flow_id: str) -> str:
        """Where a flow's form goes."""
        return self.self_service(kind, flow=flow_id)

    def ui(self, kind: str, **query: str) -> str:
        """The page that draws a flow (`kind`) or an `error`: the configured one, or else the built-in page."""
        configured: str | None = getattr(self._flows, kind).ui_url
        return with_query(self.absolute(configured or f"ui/{kind}"), **query)

    def absolute(self, reference: str) -> str:
        """A configured address; relative ones are below the public address."""
        return reference if urlsplit(reference).scheme else f"{self.public}/{reference.lstrip('/')}"


def with_query(url: str, **query: str) -> str:
    """The URL with parameters added; what its query holds already is kept."""
    if not query:
        return url
    parts = urlsplit(url)
    joined = "&".join(part for part in (parts.query, urlencode(query)) if part)
    return urlunsplit(parts._replace(query=joined))
