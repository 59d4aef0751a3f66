"""The actions themselves, in order: claims by template, and targets. Contract 10."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from vestibule.config.json_shapes import is_object
from vestibule.config.points import TOKEN
from vestibule.domain.errors import FlowError, HookUnusable
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.hooks.oauth2_token import target
from vestibule.hooks.oauth2_token.grant import Grant
from vestibule.hooks.oauth2_token.target import TROUBLES, Denied, claims_of
from vestibule.hooks.web_hook import troubles
from vestibule.hooks.web_hook.request import CannotCall
from vestibule.ports import TemplateCancelled, TemplateFailed
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.oauth2 import ClaimsConfig

__all__ = ["Denied", "laid_over", "run"]

_log = logging.getLogger("vestibule")

_TOKENS = ("access_token", "id_token")


class _Action(Protocol):
    def __call__(self, config: Any, ctx: Json, subject: str, deadline: float, svc: Services) -> Json | Denied | None:
        """Claims, a denial, or None: no change. Raises one of TROUBLES, TemplateFailed."""
        ...


def run(grant: Grant, identity: Identity | None, deadline: float, svc: Services) -> Json | Denied:
    """The claims (`access_token`, `id_token`) that the tokens are to have. `deadline` is on `svc.pace`.

    Raises BadGateway, GatewayTimeout, HookUnusable.
    """
    claims = grant.claims
    for entry in svc.config.vestibule.oauth2.token.hooks:
        config: Any = entry.config
        ctx = grant.context(identity, claims, svc.urls.public)
        said = _said(entry.hook, config, ctx, "" if identity is None else identity.id, deadline, svc)
        if isinstance(said, Denied):
            return said
        if said is not None:
            claims = laid_over(claims, said, merge=config.merge)
    return claims


def laid_over(claims: Json, said: Json, *, merge: bool) -> Json:
    """The claims of both tokens as an action leaves them."""
    return {name: _laid_over(claims[name], said.get(name), merge=merge) for name in _TOKENS}


def merge_patched(target: Any, patch: Any) -> Any:
    """RFC 7396: objects key by key, null removes, anything else takes the place of what was there."""
    if not is_object(patch):
        return patch
    result: Json = dict(target) if is_object(target) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patched(result.get(name), value)
    return result


def _laid_over(claims: Json, said: Json | None, *, merge: bool) -> Json:
    return merge_patched(claims, said or {}) if merge else (said or {})


def _said(hook: str, config: Any, ctx: Json, subject: str, deadline: float, svc: Services) -> Json | Denied | None:
    try:
        return _ACTIONS[hook](config, ctx, subject, deadline, svc)
    except (*TROUBLES, TemplateFailed) as trouble:
        error = _told_of(trouble, {"hook": config.id or hook, "point": TOKEN})
        if getattr(config, "on_error", "fail") == "allow":
            return None
        raise error from None


def _told_of(trouble: Exception, named: Json) -> FlowError:
    """What the OAuth2 server is told: why no token is issued."""
    if isinstance(trouble, CannotCall | TemplateFailed):
        _log.error("a token action cannot run: %s", trouble, extra=named)
        return HookUnusable()
    return troubles.told(trouble, "a token action", named)


def _by_template(config: ClaimsConfig, ctx: Json, subject: str, deadline: float, svc: Services) -> Json | Denied | None:
    del subject, deadline
    try:
        return claims_of(svc.templates(config.body, ctx))
    except TemplateCancelled:
        return None


_ACTIONS: Mapping[str, _Action] = {"claims": _by_template, "web_hook": target.ask}
