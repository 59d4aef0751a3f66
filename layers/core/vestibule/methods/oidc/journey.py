"""The way to a provider and back: what is remembered of it, where, and that nobody else can end it.

A browser that leaves takes a ticket in its cookie, and the `state` that comes back has to fit it. Apps have no cookie:
their ticket travels sealed in the state, and whoever comes back with it gets nothing but the way back to the app.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec import field
from msgspec.structs import replace

from vestibule.config.json_shapes import is_object
from vestibule.crypto.text import same, to_base64url
from vestibule.domain.errors import BadRequest, FlowError, NotFound
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.outcome import UNCHANGED, CookieChanges
from vestibule.domain.record import Unprinted
from vestibule.domain.request import CONTINUITY, Request
from vestibule.methods.method import Form, Redirected
from vestibule.methods.oidc import client, oauth1, providers
from vestibule.methods.oidc.endpoints import Endpoints, endpoints
from vestibule.methods.oidc.providers import Provider
from vestibule.services import Services
from vestibule.stores.continuity import Parked, cookie_with, ticket_in

LIFESPAN = timedelta(minutes=30)
_SECRET = 32
_STATE = b"state"
_OWN = ("code", "authCode", "state", "error", "iss", "user", "oauth_token", "oauth_verifier")
"""Parameters of an answer that are looked at."""


class Journey(Unprinted, frozen=True):
    """A journey that came back: to which flow it belongs, and what the form held when it began."""

    flow_id: str
    kind: Kind
    provider: Provider
    ticket: str
    by_app: bool
    pkce: bool
    asked_nonce: bool
    verifier: str = ""
    nonce: str = ""
    traits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    payload: Mapping[str, Any] = field(default_factory=dict[str, Any])


def begin(flow: Flow, provider: Provider, form: Form, request: Request, svc: Services) -> Redirected:
    """Off to the provider's sign-in page. Raises Misconfigured, UpstreamFailed."""
    verifier, nonce = _secret(svc), _secret(svc)
    remembered = {
        "verifier": verifier,
        "nonce": nonce,
        "traits": form.traits if is_object(form.traits) else {},
        "payload": dict(form.transient_payload),
    }
    ticket = svc.continuity.park(Parked(flow.id, "", remembered), LIFESPAN)
    cookie = cookie_with(request.cookies.get(CONTINUITY, ""), ticket)
    cookies = UNCHANGED if flow.is_api else CookieChanges(continuity=(cookie,))
    try:
        location = _location(flow, provider, form, ticket, (verifier, nonce), svc)
    except FlowError as error:
        error.cookies = cookies
        raise
    return Redirected(location, cookies)


def _location(flow: Flow, provider: Provider, form: Form, ticket: str, secrets: tuple[str, str], svc: Services) -> str:
    if provider.row.speaks == "oauth1":
        return oauth1.sign_in_address(provider, _state(flow, provider, ticket, svc), svc, refresh=flow.refresh)
    at = endpoints(provider, svc)
    pkce, nonce = client.uses_pkce(provider, at), provider.row.speaks == "oidc" and provider.row.sends_nonce
    state = _state(flow, provider, ticket, svc, pkce=pkce, nonce=nonce)
    upstream = form.fields.get("upstream_parameters")
    return client.sign_in_address(
        provider,
        at,
        state,
        svc,
        verifier=secrets[0] if pkce else "",
        nonce=secrets[1] if nonce else "",
        refresh=flow.refresh,
        upstream=upstream if is_object(upstream) else None,
    )


def _state(
    flow: Flow, provider: Provider, ticket: str, svc: Services, *, pkce: bool = False, nonce: bool = False
) -> str:
    said = {
        "f": flow.id,
        "k": str(flow.kind),
        "p": provider.id,
        "c": pkce,
        "n": nonce,
        **({"t": ticket} if flow.is_api else {"d": _digest(ticket)}),
    }
    return svc.journey_sealer.seal(json.dumps(said, separators=(",", ":")).encode(), context=_STATE)


def opened(request: Request, svc: Services) -> Journey:
    """Which journey the answer belongs to, by its state and the browser's cookie. Nothing is used up yet.

    Raises BadRequest for an answer that nobody waits for, of another provider or in another browser; NotFound where
    the provider is not offered any more.
    """
    plain = svc.journey_sealer.open(request.param("state") or "", context=_STATE)
    if plain is None:
        raise BadRequest("The sign-in at the provider was not begun here, or too long ago: start again")
    said: dict[str, Any] = json.loads(plain)
    named = request.path_parameters.get("provider", said["p"])
    if named != said["p"]:
        raise BadRequest("The answer comes from another provider than was asked")
    ticket = said.get("t") or ticket_in(request.cookies.get(CONTINUITY, ""), elsewhere=True)
    if "d" in said and not same(_digest(ticket), said["d"]):
        raise BadRequest("The sign-in was begun in another browser, or cookies are blocked: start again")
    provider = providers.find(said["p"], svc)
    if provider is None:
        raise NotFound("The provider is not offered any more")
    return Journey(said["f"], Kind(said["k"]), provider, ticket, "t" in said, said["c"], said["n"])


def used(journey: Journey, svc: Services) -> Journey:
    """The journey with what was remembered, once: a second answer finds nothing. Raises BadRequest."""
    parked = svc.continuity.find(journey.ticket)
    if parked is None or parked.flow_id != journey.flow_id or not svc.continuity.use(journey.ticket):
        raise BadRequest("This sign-in at the provider was used already, or took too long: start again")
    kept = parked.fields
    return replace(
        journey,
        verifier=kept["verifier"] if journey.pkce else "",
        nonce=kept["nonce"] if journey.asked_nonce else "",
        traits=kept["traits"],
        payload=kept["payload"],
    )


def ensure_from(journey: Journey, at: Endpoints, request: Request) -> None:
    """That nobody mixed up providers (RFC 9207). Raises BadRequest."""
    issuer = request.param("iss")
    if (issuer or at.names_itself) and issuer not in at.issuers:
        raise BadRequest("The answer comes from another provider than was asked")


def answer(parameters: Mapping[str, str]) -> dict[str, str]:
    """What of an answer that came as a form is taken along to the address it is answered at."""
    return {name: parameters[name] for name in _OWN if parameters.get(name)}


def _secret(svc: Services) -> str:
    return to_base64url(svc.random.bytes(_SECRET))


def _digest(ticket: str) -> str:
    return to_base64url(hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).digest())
