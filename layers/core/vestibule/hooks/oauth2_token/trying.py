"""One token action, tried: rendered, its target called, and what the tokens would carry. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from vestibule.config.points import TOKEN
from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.hooks import explaining, showing
from vestibule.hooks.choosing import Placed
from vestibule.hooks.oauth2_token import actions, target
from vestibule.hooks.oauth2_token.grant import Grant
from vestibule.hooks.trying import NoSuchHook
from vestibule.hooks.web_hook import calling
from vestibule.hooks.web_hook.calling import Attempt
from vestibule.hooks.web_hook.request import CannotCall, prepared
from vestibule.ports import SecretUnavailable, TemplateCancelled, TemplateFailed, WebTimeout, WebUnreachable
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.model import Config
    from vestibule.config.oauth2 import TokenWebHookConfig

_SCOPES = ["openid", "offline_access", "email", "profile"]


def tried(asked: str, identity: Identity, svc: Services) -> Json:
    """The action of that id or pointer, when the person signs in to a client `try` for the first time.

    Raises NoSuchHook.
    """
    position, entry = _found(asked, svc.config)
    at = f"/vestibule/oauth2/token/hooks/{position}"
    told: Json = {"hook": explaining.told(Placed(entry)) | {"at": at}, "point": TOKEN}
    grant = _grant(identity)
    ctx = grant.context(identity, grant.claims, svc.urls.public)
    try:
        if entry.hook == "claims":
            return told | _passed(target.claims_of(svc.templates(entry.config.body, ctx)), entry.config, grant)
        return told | _called(entry.config, ctx, grant, svc)
    except TemplateCancelled:
        return told | {"outcome": "cancelled", "why": "the template cancels; the claims stay as they are"}
    except (CannotCall, TemplateFailed) as cannot:
        return told | {"outcome": "unusable", "why": str(cannot)}
    except SecretUnavailable as unread:
        return told | {"outcome": "unusable", "why": f"a secret cannot be read: {unread}"}
    except target.Improper as improper:
        return told | {"outcome": "failed", "why": str(improper)}


def _called(config: TokenWebHookConfig, ctx: Json, grant: Grant, svc: Services) -> Json:
    secrets = showing.Secrets(svc)
    call = prepared(config, ctx, svc.templates, secrets)
    if call is None:
        return {"outcome": "cancelled", "why": "the template cancels the call; the claims stay as they are"}
    attempts: list[Attempt] = []
    policy = replace(calling.policy(config), attempts=1)
    deadline = svc.pace.now() + calling.STEP_SECONDS
    said: Json = {"request": showing.request(call, secrets)}
    try:
        answer = calling.call(call, deadline, svc, named=False, policy=policy, attempts=attempts)
    except WebUnreachable as trouble:
        late = isinstance(trouble, WebTimeout)
        why = "the target did not answer in time" if late else "the target could not be reached"
        return said | {"attempts": showing.attempts(attempts), "outcome": "failed", "why": why}
    said |= {"attempts": showing.attempts(attempts), "response": secrets.masked(showing.response(answer))}
    if config.response.ignore:
        return said | {"outcome": "told", "why": "the token is issued without the answer"}
    try:
        heard = target.read(answer)
    except target.Improper as improper:
        return said | {"outcome": "failed", "why": str(improper)}
    if isinstance(heard, target.Denied):
        return said | {"outcome": "refused", "why": "no token is issued"}
    return said | secrets.masked(_passed(heard, config, grant))


def _passed(said: Json | None, config: Any, grant: Grant) -> Json:
    claims = grant.claims if said is None else actions.laid_over(grant.claims, said, merge=config.merge)
    return {"outcome": "passed", "claims": claims}


def _grant(identity: Identity) -> Grant:
    id_token: Json = {"id_token_claims": {"sub": identity.id, "ext": {}}, "subject": identity.id}
    request: Json = {
        "client_id": "try",
        "requested_scopes": _SCOPES,
        "granted_scopes": _SCOPES,
        "granted_audience": [],
        "grant_types": ["authorization_code"],
        "payload": {"grant_type": ["authorization_code"]},
    }
    session: Json = {"id_token": id_token, "extra": {}, "client_id": "try"}
    return Grant(session=session, request=request, subject=identity.id, grant_types=frozenset({"authorization_code"}))


def _found(asked: str, config: Config) -> tuple[int, Any]:
    entries = list(enumerate(config.vestibule.oauth2.token.hooks))
    for position, entry in entries:
        if asked in (entry.config.id, f"/vestibule/oauth2/token/hooks/{position}"):
            return position, entry
    names = ", ".join(entry.config.id or f"/vestibule/oauth2/token/hooks/{position}" for position, entry in entries)
    raise NoSuchHook(f"{TOKEN} has no action {asked!r}; there are {names or 'none'}")
