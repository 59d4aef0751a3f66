"""A session as a signed token, for services that check a signature instead of asking. Contract 06 §7."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vestibule.config.json_shapes import is_object
from vestibule.domain.errors import BadRequest, InternalError
from vestibule.domain.identity import Identity
from vestibule.domain.session import Session
from vestibule.lifecycle.issuing import session_document
from vestibule.ports import KeysUnusable, TemplateFailed
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.session import TokenizerTemplate

_log = logging.getLogger("vestibule.session_token")


def of(session: Session, name: str, svc: Services) -> str:
    """The session by the template of that name. Raises BadRequest, InternalError."""
    template = svc.config.session.whoami.tokenizer.templates.get(name)
    if template is None or session.identity is None:
        raise BadRequest(f"There is no token template {name!r} (session.whoami.tokenizer.templates)")
    try:
        return svc.sign_claims(template.jwks_url, _claims(session, session.identity, template, svc))
    except (KeysUnusable, TemplateFailed) as failed:
        _log.error("the token template %s: %s", name, failed)
        raise InternalError("The session cannot be signed") from None


def _claims(session: Session, identity: Identity, template: TokenizerTemplate, svc: Services) -> dict[str, Any]:
    """What is signed: the registered claims, and over them what the mapper makes; it cannot say who it is about."""
    now, subject = svc.clock.now(), _subject(identity, template)
    claims: dict[str, Any] = {
        "jti": svc.random.uuid4(),
        "iss": svc.urls.issuer,
        "exp": int((now + template.ttl).timestamp()),
        "sub": subject,
        "sid": session.id,
        "nbf": int(now.timestamp()),
        "iat": int(now.timestamp()),
    }
    if template.claims_mapper_url is None:
        return claims
    seen = {"session": session_document(session, svc), "claims": claims}
    return {**claims, **_mapped(svc.templates(template.claims_mapper_url, ext=seen)), "sub": subject}


def _subject(identity: Identity, template: TokenizerTemplate) -> str:
    if template.subject_source == "id":
        return identity.id
    if identity.external_id is None:
        raise BadRequest("The token names people by their external_id, and this identity has none")
    return identity.external_id


def _mapped(made: Any) -> Mapping[str, Any]:
    """Raises TemplateFailed."""
    claims = made.get("claims") if is_object(made) else None
    if not is_object(claims):
        raise TemplateFailed("the claims mapper makes no object with an object `claims`")
    return claims
