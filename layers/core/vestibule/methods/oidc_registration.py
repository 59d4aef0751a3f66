"""Sign up at a provider: its button, and the way there. Contract 03 §10."""

from __future__ import annotations

from collections.abc import Sequence

from vestibule.domain.flow import Flow
from vestibule.methods import traits
from vestibule.methods.oidc import providers
from vestibule.methods.oidc.providers import Provider
from vestibule.methods.oidc_login import OIDC, AtProvider
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node

RETURNED = "returned"
"""`flow.internal["returned"]`: [provider, whether it said who the person is] of a journey that left the form open."""


class OidcRegistration(AtProvider, frozen=True):
    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        """In two steps the buttons stand beside the profile; behind a journey only the way on is left."""
        if flow.internal.get(traits.STEP) == traits.CREDENTIALS:
            return ()
        returned = flow.internal.get(RETURNED)
        if returned:
            return [_button(each, on=True) for each in providers.offered(svc) if each.id == returned[0]]
        return [_button(each, on=False) for each in providers.offered(svc)]


def _button(provider: Provider, *, on: bool) -> Node:
    label = (
        messages.REGISTRATION_CONTINUE()
        if on
        else messages.REGISTRATION_WITH(provider=provider.label, provider_id=provider.id)
    )
    return input_node("provider", "submit", OIDC, value=provider.id, label=label)
