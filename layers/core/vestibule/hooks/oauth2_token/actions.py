"""The actions themselves: claims by template, and targets that may add claims or deny. Contract 10."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from vestibule.config.json_shapes import is_object
from vestibule.domain.errors import BadGateway, FlowError, GatewayTimeout, HookUnusable
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.hooks.oauth2_token.grant import Grant
from vestibule.hooks.web_hook import calling
from vestibule.hooks.web_hook.request import Call, CannotCall, prepared
from vestibule.ports import (
    SecretUnavailable,
    TemplateCancelled,
    TemplateFailed,
    WebResponse,
    WebTimeout,
    WebUnreachable,
)
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.oauth2 import ClaimsConfig, TokenWebHookConfig

_log = logging.getLogger("vestibule")

_OK = 200
_BAD_REQUEST = 400
_FORBIDDEN = 403
_TOKENS = ("access_token", "id_token")


class Denied(Struct, frozen=True):
    """No token is to be issued."""


class _Improper(Exception):
    """What a template or target gave cannot be used; the text is for the log."""


_TROUBLES = (CannotCall, TemplateFailed, SecretUnavailable, _Improper, WebUnreachable)


class _Action(Protocol):
    def __call__(self, config: Any, ctx: Json, deadline: float, svc: Services) -> Json | Denied | None:
        """Claims, a denial, or None: no change. Raises _Improper and what the web raises."""
        ...


def run(grant: Grant, identity: Identity | None, deadline: float, svc: Services) -> Json | Denied:
    """The claims (`access_token`, `id_token`) that the tokens are to have. `deadline` is on `svc.pace`.

    Raises BadGateway, GatewayTimeout, HookUnusable.
    """
    claims = grant.claims
    for entry in svc.config.vestibule.oauth2.token.hooks:
        config: Any = entry.config
        said = _said(entry.hook, config, grant.context(identity, claims, svc.urls.public), deadline, svc)
        if isinstance(said, Denied):
            return said
        if said is not None:
            claims = {name: _laid_over(claims[name], said.get(name), merge=config.merge) for name in _TOKENS}
    return claims


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


def _said(hook: str, config: Any, ctx: Json, deadline: float, svc: Services) -> Json | Denied | None:
    try:
        return _ACTIONS[hook](config, ctx, deadline, svc)
    except _TROUBLES as trouble:
        error = _told_of(trouble, {"hook": config.id or hook, "point": "oauth2.token"})
        if getattr(config, "on_error", "fail") == "allow":
            return None
        raise error from None


def _told_of(trouble: Exception, named: Json) -> FlowError:
    """What the OAuth2 server is told: why no token is issued, and nothing of the target."""
    if isinstance(trouble, CannotCall | TemplateFailed):
        _log.error("a token action cannot run: %s", trouble, extra=named)
        return HookUnusable()
    if isinstance(trouble, _Improper):
        _log.warning("a token action failed: %s", trouble, extra=named)
        return BadGateway("A service that takes part in this did not answer as it should; try again later")
    if isinstance(trouble, WebTimeout):
        _log.warning("a token action took too long", extra=named)
        return GatewayTimeout("A service that takes part in this did not answer in time; try again later")
    if isinstance(trouble, SecretUnavailable):
        _log.error("a secret of a token action cannot be read: %s", trouble, extra=named)
    else:
        _log.warning("a token action could not be reached", extra=named)
    return BadGateway("A service that takes part in this could not be reached; try again later")


def _by_template(config: ClaimsConfig, ctx: Json, deadline: float, svc: Services) -> Json | Denied | None:
    del deadline
    try:
        return _claims(svc.templates(config.body, ctx))
    except TemplateCancelled:
        return None


def _by_target(config: TokenWebHookConfig, ctx: Json, deadline: float, svc: Services) -> Json | Denied | None:
    call = prepared(config, ctx, svc.templates, svc.read_secret)
    if call is None:
        return None
    if config.response.ignore:
        svc.background(lambda: _told(call, config, svc))
        return None
    named, policy = config.emit_analytics_event, calling.policy(config)
    answer = calling.call(call, deadline, svc, named=named, policy=policy)
    if answer.status == _FORBIDDEN:
        return Denied()
    if answer.status >= _BAD_REQUEST:
        raise _Improper(f"it answered {answer.status}")
    if answer.status != _OK or not answer.body.strip():
        return None
    return _answered(answer)


def _told(call: Call, config: TokenWebHookConfig, svc: Services) -> None:
    """In the background: nobody waits for it."""
    deadline = svc.pace.now() + 3 * calling.ATTEMPT_SECONDS
    try:
        calling.call(call, deadline, svc, named=config.emit_analytics_event)
    except WebUnreachable:
        _log.warning("a token action could not be reached", extra={"hook": config.id})


def _answered(answer: WebResponse) -> Json | None:
    try:
        document: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise _Improper("its answer is no JSON") from None
    session = document.get("session") if is_object(document) else None
    if session is None and is_object(document):
        return None
    return _claims(session)


def _claims(value: Any) -> Json:
    """Raises _Improper unless it is an object with objects (or nothing) for the tokens."""
    if not is_object(value):
        raise _Improper("the claims are no object")
    for name in _TOKENS:
        if value.get(name) is not None and not is_object(value[name]):
            raise _Improper(f"the claims of {name} are no object")
    return value


_ACTIONS: Mapping[str, _Action] = {"claims": _by_template, "web_hook": _by_target}
