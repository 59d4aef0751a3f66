"""Sign in at a provider: its button, and the way there. What comes back is `flows.oidc_callback`'s. Contract 03 §10."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from vestibule.config.json_shapes import is_object
from vestibule.domain.errors import NotFound, UpstreamFailed
from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal
from vestibule.methods.factors import has_password
from vestibule.methods.identifier import IDENTIFIER, LINK
from vestibule.methods.method import Attempt, Form, Rejected, Verdict, Vouched
from vestibule.methods.oidc import links, providers
from vestibule.methods.oidc.links import OIDC
from vestibule.methods.oidc.providers import Provider
from vestibule.ports import Key
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node

PROVIDERS = "providers"
"""`flow.internal["providers"]`: those that the account is linked with, where the account is known."""

FIELDS = ("provider", "id_token", "id_token_nonce")


class AtProvider(Struct, frozen=True):
    """What sign-in and sign-up have in common: the form leads away."""

    id: str = OIDC
    fields: tuple[str, ...] = FIELDS

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.oidc.enabled

    def responsible(self, form: Form) -> bool:
        """The button has the provider's name and no method beside it."""
        return form.method in ("", OIDC) and bool(form.text("provider"))

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        return ()

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        """Off to the provider. Raises NotFound, Misconfigured, UpstreamFailed."""
        return _away(attempt, svc)


class OidcLogin(AtProvider, frozen=True):
    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        known, offered = flow.internal.get(PROVIDERS), flow.internal.get("methods")
        if flow.requested_aal != Aal.AAL1 or (offered is not None and OIDC not in offered):
            return ()
        chosen = [each for each in providers.offered(svc) if known is None or each.id in known]
        return [_button(each, linking=LINK in flow.internal) for each in chosen]


def known_again(known: Mapping[str, Any], identity: Identity | None, svc: Services) -> dict[str, Any]:
    """What the form of somebody who signs in once more knows of them, with the providers that they are linked with.

    A password is not asked for from whoever has none, which takes a read where they have such a link.
    """
    again = dict(known)
    if identity is None or not svc.config.selfservice.methods.oidc.enabled:
        return again
    linked = links.linked(identity)
    again[PROVIDERS] = list(linked)
    if not linked:
        return again
    if "methods" not in again:
        again["methods"] = ["password"] if has_password(svc.identities.configs(identity.id, ["password"])) else []
        if not again["methods"]:
            again.pop(IDENTIFIER, None)
    again["methods"] = [*again["methods"], OIDC]
    return again


def _away(attempt: Attempt, svc: Services) -> Verdict:
    """On the way, or already there: an app may bring what its own library got from the provider."""
    from vestibule.methods.oidc import client, endpoints, journey, person  # noqa: PLC0415 (forms alone do not need them)
    from vestibule.methods.oidc.id_tokens import Untrusted  # noqa: PLC0415

    flow, form = attempt.flow, attempt.form
    provider = _chosen(form, svc)
    if not form.text("id_token"):
        return journey.begin(flow, provider, form, attempt.request, svc)
    if not flow.is_api:
        return _refused("ID tokens are taken from native apps only")
    token, nonce = form.text("id_token"), form.text("id_token_nonce")
    try:
        claims = person.of_id_token(provider, endpoints.endpoints(provider, svc), token, nonce, svc)
    except Untrusted as untrusted:
        return _refused(f"{provider.label}: {untrusted}")
    traits = form.traits if is_object(form.traits) else {}
    return Vouched(provider, claims, client.Tokens(id=token), traits, form.transient_payload)


def _chosen(form: Form, svc: Services) -> Provider:
    """Raises NotFound, and UpstreamFailed for an ID token that the provider's kind does not give to apps."""
    provider = providers.find(form.text("provider"), svc)
    if provider is None:
        raise NotFound("There is no such provider")
    if form.text("id_token") and not provider.row.takes_id_tokens:
        raise UpstreamFailed(f"{provider.label} takes no ID tokens from apps")
    return provider


def _refused(why: str) -> Rejected:
    return Rejected((Problem(messages.GENERIC(reason=why)),))


def _button(provider: Provider, *, linking: bool) -> Node:
    label = (
        messages.LOGIN_WITH_AND_LINK(provider=provider.label)
        if linking
        else messages.LOGIN_WITH(provider=provider.label, provider_id=provider.id)
    )
    return input_node("provider", "submit", OIDC, value=provider.id, label=label)
