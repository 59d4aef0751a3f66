"""An OpenID Connect provider without sockets: it answers on the Web port, and the test is its sign-in page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey
from tests.hooks.web_hook.target import TEMPLATES, Call, answer
from tests.world import Client, Clock, Reply, World

from vestibule.ports import Table, WebResponse, WebUnreachable

ISSUER = "https://provider.example.com"
CLIENT_ID, CLIENT_SECRET = "our-client", "our secret:1"
MAPPER = """
local claims = { email_verified: false } + std.extVar('claims');
{
  identity: {
    traits: {
      [if 'email' in claims then 'email']: claims.email,
      [if 'given_name' in claims then 'name']: { first: claims.given_name },
    },
    metadata_public: { subject: claims.sub },
    verified_addresses: if 'email' in claims && claims.email_verified
    then [{ via: 'email', value: claims.email }] else [],
  },
}
"""


@cache
def key(kid: str = "first") -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": kid})


def mapper(text: str = MAPPER) -> str:
    return "base64://" + base64.b64encode(text.encode()).decode()


def configured(*providers: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Changes of the configuration that offer these providers, the generic one without any."""
    generic = {
        "id": "example",
        "provider": "generic",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "issuer_url": ISSUER,
        "mapper_url": mapper(),
        "scope": ["email"],
    }
    offered = [generic | dict(each) for each in providers or ({},)]
    session = {"hooks": [{"hook": "session"}]}
    after = {"oidc": session, "password": session}
    flows = {"registration": {"after": after, **changes.pop("registration", {})}, **changes.pop("flows", {})}
    methods = {"oidc": {"enabled": True, "config": {"providers": offered}}, **changes.pop("methods", {})}
    return {"selfservice": {"methods": methods, "flows": flows, **changes}}


@dataclass
class Provider:
    """Port Web. `routes` are answers by the start of an address, before its own."""

    clock: Clock | None = None
    issuer: str = ISSUER
    keys: list[Any] = field(default_factory=lambda: [key()])
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    tokens: dict[str, Any] = field(default_factory=dict[str, Any])
    routes: dict[str, Any] = field(default_factory=dict[str, Any])
    calls: list[Call] = field(default_factory=list[Call])
    asked: dict[str, str] = field(default_factory=dict[str, str])
    code_as: str = "code"

    # --- its sign-in page ------------------------------------------------------------------------------

    def approves(self, location: str, **claims: Any) -> str:
        """Whoever was sent there signs in with these claims; the address they are sent back to."""
        self.claims = {"sub": "1", **claims}
        return self.sends_back(location, code="a-code")

    def sends_back(self, location: str, **parameters: str) -> str:
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        return f"{self.asked['redirect_uri']}?{urlencode(parameters | {'state': self.asked['state']})}"

    def id_token(self, header: Mapping[str, Any] | None = None, signed_with: Any = None, **claims: Any) -> str:
        now = int(self.clock.now().timestamp()) if self.clock else 0
        payload = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 600, **self.claims}
        if "nonce" in self.asked:
            payload["nonce"] = self.asked["nonce"]
        payload = {name: value for name, value in (payload | claims).items() if value is not None}
        used = signed_with or self.keys[0]
        head = {"alg": "RS256", "kid": used.kid, **(header or {})}
        return jwt.encode(head, payload, used, algorithms=[head["alg"]])

    # --- its servers -----------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
        limit: int = 0,
    ) -> WebResponse:
        self.calls.append(Call(method, url, dict(headers or {}), body or b"", timeout))
        for start, said in self.routes.items():
            if url.startswith(start):
                return _said(said)
        path = url.removeprefix(self.base)
        own: dict[str, Callable[[], WebResponse]] = {
            "/.well-known/openid-configuration": lambda: answer(body=self._metadata()),
            "/keys": lambda: answer(body={"keys": [each.as_dict(private=False) for each in self.keys]}),
            "/token": self._token,
            "/userinfo": lambda: answer(body=self.claims),
        }
        assert path in own, f"nobody answers {method} {url}"
        return own[path]()

    @property
    def base(self) -> str:
        """Its address: an issuer may end with a slash."""
        return self.issuer.rstrip("/")

    def sent(self, path: str) -> Call:
        """The last request to an address that ends so."""
        return next(call for call in reversed(self.calls) if urlsplit(call.url).path.endswith(path))

    def form(self) -> dict[str, str]:
        """What the code was traded with."""
        return dict(parse_qsl(self.sent("/token").body.decode()))

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "jwks_uri": f"{self.base}/keys",
            "userinfo_endpoint": f"{self.base}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        } | self.metadata

    def _token(self) -> WebResponse:
        """RFC 7636 §4.6: no token without the verifier of the challenge."""
        challenge = self.asked.get("code_challenge")
        digest = hashlib.sha256(self.form().get("code_verifier", "").encode()).digest()
        if challenge and base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
            return answer(400, {"error": "invalid_grant"})
        tokens = {"access_token": "an-access-token", "token_type": "Bearer", **self.tokens}
        own = {} if "id_token" in tokens else {"id_token": self.id_token()}
        return answer(body=own | tokens)


def _said(said: Any) -> WebResponse:
    said = said() if callable(said) else said
    if isinstance(said, WebUnreachable):
        raise said
    return said if isinstance(said, WebResponse) else answer(body=said)


def deployed(table: Table, provider: Provider, changes: Mapping[str, Any] | None = None, schema: Any = None) -> World:
    world = World.build(table, changes or configured(), schema, web=provider, templates=TEMPLATES)
    provider.clock = world.clock
    return world


def away(client: Client, kind: str = "login", provider: str = "example", **fields: Any) -> Reply:
    """Start a flow and leave it for the provider."""
    params = fields.pop("params", {})
    return client.submit(client.start(kind, **params), provider=provider, **fields)


def where(reply: Reply) -> str:
    """Where somebody is sent: by a redirect, or told as JSON."""
    return reply.location or reply.json["redirect_browser_to"]


def there_and_back(client: Client, provider: Provider, kind: str = "login", **claims: Any) -> Reply:
    return client.get(provider.approves(where(away(client, kind)), **claims))
