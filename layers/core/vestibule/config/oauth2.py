"""`vestibule.oauth2`: what is done when an OAuth2 server (Ory Hydra) issues tokens. Contract 10."""

from base64 import b64encode
from typing import Annotated, Literal

from pydantic import Field

from vestibule.config.hooks import WebHookConfig
from vestibule.config.values import Bool, Secret, Section, Source, empty

PASSED_ON = "base64://" + b64encode(b"function(ctx) { session: ctx.session, request: ctx.request }").decode()
"""A template that sends what the OAuth2 server sent: targets that were made for its own hook take it."""


class CallerKey(Section):
    """What the OAuth2 server proves itself with: the same as in its `token_hook.auth.config`."""

    in_: Literal["header", "cookie"] = Field(default="header", alias="in")
    name: Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")] = "Authorization"
    values: tuple[Secret, ...] = Field(default=(), repr=False)
    """Any of them opens; the first is the current one. None: the hook is not served."""


class ClaimsConfig(Section):
    id: str | None = None
    body: Source
    """Jsonnet: `{access_token: {…}, id_token: {…}}`, each of them optional."""
    merge: Bool = True
    """As JSON Merge Patch (RFC 7396) over the claims that are there; else in their place, as Hydra does it."""


class Claims(Section):
    hook: Literal["claims"]
    config: ClaimsConfig


class TokenWebHookConfig(WebHookConfig):
    """The target answers as one of Hydra's token hooks does: 200 with claims, 204, or 403 to deny."""

    method: str = "POST"
    body: Source | None = PASSED_ON
    merge: Bool = True
    """As above."""


class TokenWebHook(Section):
    hook: Literal["web_hook"]
    config: TokenWebHookConfig


TokenAction = Annotated[Claims | TokenWebHook, Field(discriminator="hook")]


class Token(Section):
    """Every time a token is issued or refreshed."""

    api_key: CallerKey = empty()
    hooks: tuple[TokenAction, ...] = ()


class Oauth2(Section):
    token: Token = empty()
