"""Addresses that others look for by name."""

from __future__ import annotations

from vestibule.domain.errors import NotFound
from vestibule.domain.outcome import Content, Document, Empty, Outcome, Redirect
from vestibule.domain.request import Request
from vestibule.methods.keys import ceremony
from vestibule.services import Services
from vestibule.ui import key_script

WEBHOOK_KEYS = "/.well-known/webhook-keys.json"


def show(request: Request, svc: Services) -> Outcome:
    """/.well-known/change-password leads to the settings (W3C, A Well-Known URL for Changing Passwords).

    /.well-known/ory/webauthn.js is the script for keys and passkeys, /.well-known/webauthn has the origins whose pages
    browsers let use them; /.well-known/webhook-keys.json has the keys by which receivers know what our web hooks send.
    Raises NotFound for anything else.
    """
    if request.path == "/.well-known/change-password":
        return Redirect(location=svc.urls.ui("settings"))
    if request.path == key_script.PATH:
        return _script(request)
    if request.path == WEBHOOK_KEYS:
        body = {**svc.signer.jwks(), "standard_webhooks": list(svc.signer.public_keys())}
        headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}
        return Document(body=body, headers=headers)
    origins = _origins(svc) if request.path == "/.well-known/webauthn" else []
    if origins:
        return Document(body={"origins": origins})
    raise NotFound


def _origins(svc: Services) -> list[str]:
    """Pages of other domains that may use our domain's keys (Web Authentication, 5.11.1). Apps are no pages."""
    methods = svc.config.selfservice.methods
    webauthn = ceremony.security_keys(svc).origins if methods.webauthn.enabled else ()
    passkey = ceremony.passkeys(svc).origins if methods.passkey.enabled else ()
    return [each for each in dict.fromkeys((*webauthn, *passkey)) if each.startswith("https://")]


def _script(request: Request) -> Outcome:
    """For pages of any origin, which name its digest: browsers ask each time if they have the right one."""
    tag = f'"{key_script.integrity()}"'
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "no-cache",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": tag,
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == tag:
        return Empty(status=304, headers=headers)
    return Content(body=key_script.script(), content_type="text/javascript; charset=UTF-8", headers=headers)
