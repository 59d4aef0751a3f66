"""The hooks that an OAuth2 server (Ory Hydra) calls before it issues tokens. Contract 10."""

from __future__ import annotations

import hmac
import logging
from hashlib import sha256
from typing import TYPE_CHECKING

from vestibule.config import references
from vestibule.domain.errors import BadRequest, Forbidden, NotFound, ServiceUnavailable, Unauthorized
from vestibule.domain.identity import Identity
from vestibule.domain.outcome import Document, Empty, Outcome
from vestibule.domain.request import Request
from vestibule.hooks.oauth2_token import actions
from vestibule.hooks.oauth2_token import grant as grants
from vestibule.hooks.oauth2_token.grant import Grant
from vestibule.hooks.web_hook.calling import STEP_SECONDS
from vestibule.lifecycle.loading import canonical_uuid
from vestibule.ports import SecretUnavailable
from vestibule.services import Services
from vestibule.ui.strict_json import BadBody

if TYPE_CHECKING:
    from vestibule.config.oauth2 import CallerKey

_log = logging.getLogger("vestibule")

REFRESH = "/oauth2/refresh-token-hook"


def serve(request: Request, svc: Services) -> Outcome:
    """POST /oauth2/token-hook and its legacy sister: 200 with all custom claims, 204 where they stay as they are.

    Raises NotFound (no key is configured), Unauthorized, BadRequest, Forbidden (no token is to be issued), and what
    actions raise. Whatever is not an answer keeps the server from issuing the token.
    """
    _ensure_caller(request, svc.config.vestibule.oauth2.token.api_key, svc)
    try:
        grant = grants.read(request.body, refresh=request.path == REFRESH)
    except BadBody as bad:
        raise BadRequest(bad.reason) from None
    said = actions.run(grant, _identity(grant, svc), request.received_at + STEP_SECONDS, svc)
    if isinstance(said, actions.Denied):
        raise Forbidden("No token is issued for this")
    return Empty(status=204) if said == grant.claims else Document(body={"session": said})


def _ensure_caller(request: Request, key: CallerKey, svc: Services) -> None:
    if not key.values:
        raise NotFound
    try:
        known = [references.filled(value, svc.read_secret) for value in key.values]
    except SecretUnavailable as unread:
        _log.error("the key of the OAuth2 server cannot be read: %s", unread)
        raise ServiceUnavailable("Nobody can be let in right now; try again soon") from None
    sent = request.cookies.get(key.name) if key.in_ == "cookie" else request.headers.get(key.name.lower())
    digest = sha256((sent or "").encode()).digest()
    # Each key is compared in full, so that the time tells neither which was near nor how many there are to try.
    matches = [hmac.compare_digest(digest, sha256(each.encode()).digest()) for each in known if each]
    if not any(matches):
        raise Unauthorized("The key that opens this hook is missing or another one")


def _identity(grant: Grant, svc: Services) -> Identity | None:
    """Whom the tokens are for; None where it is nobody of ours. Raises Forbidden: who is gone or inactive gets none."""
    if grant.concerns_nobody:
        return None
    known = canonical_uuid(grant.subject)
    identity = svc.identities.find(known) if known else None
    if identity is None and grant.names_a_person:
        raise Forbidden("The identity that the token is for does not exist any more")
    if identity is not None and not identity.active:
        raise Forbidden("The identity that the token is for is inactive")
    return identity
