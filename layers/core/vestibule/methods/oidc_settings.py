"""Link accounts at providers with one's own, and unlink them. Contract 03 §10."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vestibule.domain.flow import Flow
from vestibule.domain.identity import Identity
from vestibule.domain.message import Problem
from vestibule.methods.factors import FIRST, first_factors
from vestibule.methods.method import Change, Form, Redirected, Rejected, SettingsAttempt
from vestibule.methods.oidc import links, providers
from vestibule.methods.oidc.links import OIDC
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node

_LINK, _UNLINK = "link", "unlink"


class OidcSettings(Struct, frozen=True):
    id: str = OIDC
    fields: tuple[str, ...] = (_LINK, _UNLINK)
    flags: tuple[str, ...] = ()
    protected: bool = True

    def enabled(self, svc: Services) -> bool:
        return svc.config.selfservice.methods.oidc.enabled

    def responsible(self, form: Form) -> bool:
        return form.method == OIDC or bool(form.text(_LINK) or form.text(_UNLINK))

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        """A link is not offered to be undone where it is the only way in."""
        if flow.identity is None:
            return ()
        linked = links.linked(flow.identity)
        undone = linked and _ways_in(flow.identity, linked, svc) > 1
        drawn: list[Node] = []
        for each in providers.offered(svc):
            if each.id not in linked:
                label = messages.SETTINGS_UPDATE_LINK_OIDC(provider=each.label)
                drawn.append(input_node(_LINK, "submit", OIDC, value=each.id, label=label))
            elif undone:
                label = messages.SETTINGS_UPDATE_UNLINK_OIDC(provider=each.label)
                drawn.append(input_node(_UNLINK, "submit", OIDC, value=each.id, label=label))
        return drawn

    def submit(self, attempt: SettingsAttempt, svc: Services) -> Change | Rejected | Redirected:
        """Raises Misconfigured, UpstreamFailed."""
        link, unlink = attempt.form.text(_LINK), attempt.form.text(_UNLINK)
        if unlink:
            return _unlinked(attempt.identity, unlink, svc)
        provider = providers.find(link, svc)
        if provider is None:
            return _refused("There is no such provider")
        if link in links.linked(attempt.identity):
            return _refused("An account at this provider is linked already")
        from vestibule.methods.oidc import journey  # noqa: PLC0415 (the form alone does not need it)

        return journey.begin(attempt.flow, provider, attempt.form, attempt.request, svc)


def _unlinked(identity: Identity, provider_id: str, svc: Services) -> Change | Rejected:
    linked = links.linked(identity)
    if provider_id not in linked:
        return _refused("No account at this provider is linked")
    configs = svc.identities.configs(identity.id, FIRST)
    without, config = links.without_link(identity, configs.get(OIDC, {}), provider_id, svc)
    left = {**configs, OIDC: config or {}}
    if first_factors(without, left, svc) < 1:
        return _refused("This is the only way to sign in: add another one before it is removed")
    return Change(without, {OIDC: config})


def _ways_in(identity: Identity, linked: Sequence[str], svc: Services) -> int:
    """Several links say enough; for one alone the other credentials are looked at, which takes a read."""
    return len(linked) if len(linked) > 1 else first_factors(identity, svc.identities.configs(identity.id, FIRST), svc)


def _refused(why: str) -> Rejected:
    return Rejected((Problem(messages.GENERIC(reason=why)),))
