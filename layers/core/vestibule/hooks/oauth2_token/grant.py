"""What an OAuth2 server is about to issue tokens for: the requests of Ory Hydra's token hooks. Contract 10."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from vestibule.domain.identity import Identity
from vestibule.domain.json import Json
from vestibule.domain.record import Unprinted
from vestibule.ui.strict_json import BadBody, json_object

_WITHOUT_A_PERSON = frozenset({"client_credentials"})
_OF_A_PERSON = frozenset({"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"})
"""Grants whose subject has signed in here. Others name whomever their issuer says."""


class Grant(Unprinted, frozen=True, kw_only=True):
    """`session` and `request` as the token hook has them, whichever hook asks; `subject` is empty where nobody is."""

    session: Json
    request: Json
    subject: str
    grant_types: frozenset[str]

    @property
    def names_a_person(self) -> bool:
        return not self.grant_types or bool(self.grant_types & _OF_A_PERSON)

    @property
    def concerns_nobody(self) -> bool:
        return bool(self.grant_types) and self.grant_types <= _WITHOUT_A_PERSON

    @property
    def claims(self) -> Json:
        """The custom claims that the tokens have so far."""
        claims: Any = self.session["id_token"]["id_token_claims"]
        return {"access_token": self.session.get("extra") or {}, "id_token": claims.get("ext") or {}}

    def context(self, identity: Identity | None, claims: Json, base_url: str) -> Json:
        """`ctx` of the templates. `session` carries the claims as the actions before have left them."""
        id_token = self.session["id_token"]
        told = id_token | {"id_token_claims": id_token["id_token_claims"] | {"ext": claims["id_token"]}}
        session = self.session | {"id_token": told, "extra": claims["access_token"]}
        ctx: Json = {"session": session, "request": self.request, "verified_addresses": []}
        if identity is not None:
            addresses = [address.to_wire() for address in identity.verifiable_addresses if address.verified]
            ctx |= {"identity": identity.to_wire(base_url), "verified_addresses": addresses}
        return ctx


class _Claims(Struct):
    sub: str = ""
    ext: dict[str, Any] | None = None


class _IdToken(Struct):
    id_token_claims: _Claims
    subject: str = ""


class _Session(Struct):
    id_token: _IdToken
    extra: dict[str, Any] | None = None


class _Request(Struct):
    client_id: str
    granted_scopes: list[str] | None = None
    granted_audience: list[str] | None = None
    grant_types: list[str] | None = None
    requested_scopes: list[str] | None = None
    payload: dict[str, list[str]] | None = None

    def to_wire(self) -> Json:
        return {
            "client_id": self.client_id,
            "requested_scopes": self.requested_scopes or [],
            "granted_scopes": self.granted_scopes or [],
            "granted_audience": self.granted_audience or [],
            "grant_types": self.grant_types or [],
            "payload": self.payload or {},
        }


class _TokenHook(Struct):
    session: _Session
    request: _Request


class _RefreshTokenHook(Struct):
    """The legacy hook, which is asked for refreshes alone."""

    subject: str
    session: _Session
    requester: _Request


def read(body: bytes, *, refresh: bool) -> Grant:
    """The grant in the body of the token hook, or (`refresh`) of the legacy one. Raises BadBody."""
    document = json_object(body)
    try:
        if refresh:
            old = msgspec.convert(document, _RefreshTokenHook)
            session, request, subject = old.session, old.requester, old.subject
            told, grant_types = document["requester"], request.grant_types or ["refresh_token"]
        else:
            asked = msgspec.convert(document, _TokenHook)
            session, request, subject = asked.session, asked.request, ""
            told, grant_types = document["request"], request.grant_types or []
    except msgspec.ValidationError as error:
        raise BadBody(f"The body is no request of a token hook: {error}") from None
    token = session.id_token
    return Grant(
        session=document["session"],
        request=told | request.to_wire() | {"grant_types": grant_types},
        subject=subject or token.subject or token.id_token_claims.sub,
        grant_types=frozenset(grant_types),
    )
