"""The providers of the configuration, each with what its kind does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vestibule.domain.errors import Misconfigured
from vestibule.domain.record import Unprinted
from vestibule.methods.oidc.rows import ROWS, Pkce, Row
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.oidc import Provider as Config


class Provider(Unprinted, frozen=True):
    """A provider of the configuration: its settings, and what its kind does."""

    config: Config
    row: Row

    @property
    def id(self) -> str:
        return self.config.id

    @property
    def label(self) -> str:
        return self.config.label or self.config.id

    @property
    def issuer(self) -> str:
        tenant = self.config.microsoft_tenant or "common"
        configured = str(self.config.issuer_url or "") if self.config.provider not in _FIXED_ISSUER else ""
        return (configured or self.row.issuer).replace("{tenant}", tenant)

    def address(self, template: str) -> str:
        """An address of the row, with the issuer and the tenant in it."""
        issuer, tenant = self.issuer.rstrip("/"), self.config.microsoft_tenant or "common"
        return template.replace("{issuer}", issuer).replace("{tenant}", tenant)

    @property
    def scopes(self) -> tuple[str, ...]:
        """As configured, then those that the kind needs. Raises Misconfigured for one that it does not have."""
        wanted = tuple(scope for scope in self.config.scope if scope not in _NOT_SENT.get(self.config.provider, ()))
        if self.row.allowed and not self.row.allowed.issuperset(wanted):
            raise Misconfigured(f"The provider {self.id} has no such scopes")
        return (*wanted, *(scope for scope in self.row.scopes if scope not in wanted))

    @property
    def pkce(self) -> Pkce:
        """Raises Misconfigured where the kind has nothing to choose by."""
        configured = self.config.pkce
        if configured == "auto" and self.config.provider == "amazon":
            raise Misconfigured(f"The provider {self.id} does not say whether it knows PKCE: set force or never")
        return self.row.pkce if configured in (None, "auto") else configured

    def parameters(self, *, refresh: bool) -> dict[str, str]:
        """What its sign-in page is asked beyond the standard, by this configuration."""
        asked = dict(self.row.parameters) | (dict(self.row.on_refresh) if refresh else {})
        scopes = set(self.config.scope)
        if self.config.provider == "google" and "offline_access" in scopes:
            asked["access_type"] = "offline"
        if self.config.provider == "apple" and scopes & {"name", "email"}:
            asked["response_mode"] = "form_post"
        return asked


_NOT_SENT: Mapping[str, tuple[str, ...]] = {"google": ("offline_access",)}
_FIXED_ISSUER = frozenset({"google", "microsoft", "apple", "netid", "linkedin_v2", "line"})
"""Kinds that are one service: an `issuer_url` beside them says nothing."""


def offered(svc: Services) -> tuple[Provider, ...]:
    """Those of the configuration, in its order."""
    config = svc.config.selfservice.methods.oidc
    if not config.enabled:
        return ()
    return tuple(Provider(each, ROWS[each.provider]) for each in config.config.providers)


def find(provider_id: str, svc: Services) -> Provider | None:
    return next((each for each in offered(svc) if each.id == provider_id), None)


def requested_claims(config: Config) -> dict[str, Any]:
    """The `claims` parameter: what is asked of each claim, without what is not set."""
    return {
        source: {name: _asked(request) for name, request in claims.items()}
        for source, claims in (config.requested_claims or {}).items()
    }


def _asked(request: Any) -> dict[str, Any] | None:
    if request is None:
        return None
    return {name: value for name in ("essential", "value", "values") if (value := getattr(request, name)) is not None}
