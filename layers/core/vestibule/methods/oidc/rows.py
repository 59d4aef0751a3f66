"""What each named provider does otherwise than OpenID Connect says, a row each. Contract 03 §10."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

Speaks = Literal["oidc", "oauth2", "oauth1"]
Pkce = Literal["auto", "never", "force"]


class Row(Struct, frozen=True, kw_only=True):
    """One kind of provider. `{issuer}` in an address is the issuer's, `{tenant}` the tenant of `microsoft_tenant`.

    `oidc` providers publish where they are (discovery at the issuer), unless `trade` says it here; their claims are the
    ID token's. The others' claims are made of `documents`, by the reader of that name in `profiles`: the first is the
    person's own, the rest are added to it under their names.
    """

    speaks: Speaks = "oidc"
    issuer: str = ""
    page: str = ""
    trade: str = ""
    """Where people sign in, and where a code is traded for tokens."""
    keys: str = ""
    also_issuers: tuple[str, ...] = ()
    documents: Mapping[str, str] = field(default_factory=dict[str, str])
    reader: str = "standard"
    scopes: tuple[str, ...] = ()
    """Asked for in any case."""
    checked: bool = False
    """Whether what was asked for has to be granted."""
    introspection: str = ""
    """Where that is asked, of those that do not say it with the token."""
    allowed: frozenset[str] = frozenset()
    """Scopes that may be asked for; empty: any."""
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the address of the sign-in page."""
    on_refresh: Mapping[str, str] = field(default_factory=dict[str, str])
    """The same where somebody who is signed in signs in once more."""
    client_in: Literal["header", "body", "json"] = "header"
    """Where our id and secret stand when a code is traded."""
    exchange: Mapping[str, str] = field(default_factory=dict[str, str])
    """Sent along with the code."""
    bearer: str = "Authorization: Bearer"
    """What stands before the access token: a header and its scheme, or `?` and a parameter."""
    pkce: Pkce = "auto"
    takes_id_tokens: bool = False
    """Whether apps may send the ID token that the provider gave them."""
    claims_of_profile: bool = False
    """Whether its ID tokens say little more than who somebody is."""
    sends_nonce: bool = True
    nonce_may_lack: bool = False


_LOGIN: Mapping[str, str] = {"prompt": "login"}

_GITHUB = Row(
    speaks="oauth2",
    issuer="https://github.com/login/oauth/access_token",
    page="https://github.com/login/oauth/authorize",
    trade="https://github.com/login/oauth/access_token",
    documents={"user": "https://api.github.com/user", "emails": "https://api.github.com/user/emails"},
    reader="github",
    checked=True,
    client_in="body",
)

ROWS: Mapping[str, Row] = {
    # As recorded, the generic provider is sent no nonce: PKCE, state and cookie bind the answer to the browser.
    # LinkedIn is sent none because it does not return it.
    "generic": Row(scopes=("openid",), on_refresh=_LOGIN, sends_nonce=False),
    "fedcm-test": Row(scopes=("openid",), on_refresh=_LOGIN, takes_id_tokens=True),
    "google": Row(
        issuer="https://accounts.google.com",
        also_issuers=("accounts.google.com",),
        scopes=("openid",),
        on_refresh=_LOGIN,
        takes_id_tokens=True,
        nonce_may_lack=True,
    ),
    "github": _GITHUB,
    "github-app": replace(_GITHUB, checked=False),
    "gitlab": Row(
        speaks="oauth2",
        issuer="https://gitlab.com",
        page="{issuer}/oauth/authorize",
        trade="{issuer}/oauth/token",
        documents={"user": "{issuer}/oauth/userinfo"},
        on_refresh=_LOGIN,
    ),
    "microsoft": Row(
        issuer="https://login.microsoftonline.com/{tenant}/v2.0",
        page="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
        trade="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        keys="https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys",
        documents={"me": "https://graph.microsoft.com/v1.0/me"},
        scopes=("openid",),
        on_refresh=_LOGIN,
    ),
    "discord": Row(
        speaks="oauth2",
        issuer="https://discord.com/api/oauth2/",
        page="https://discord.com/oauth2/authorize",
        trade="https://discord.com/api/v10/oauth2/token",
        documents={"user": "https://discord.com/api/v10/users/@me"},
        reader="discord",
        checked=True,
        parameters={"prompt": "none"},
        on_refresh={"prompt": "consent"},
        client_in="body",
    ),
    "salesforce": Row(
        speaks="oauth2",
        page="{issuer}/services/oauth2/authorize",
        trade="{issuer}/services/oauth2/token",
        documents={"user": "{issuer}/services/oauth2/userinfo"},
        on_refresh=_LOGIN,
        client_in="body",
    ),
    "auth0": Row(
        speaks="oauth2",
        page="{issuer}/authorize",
        trade="{issuer}/oauth/token",
        documents={"user": "{issuer}/userinfo"},
        on_refresh=_LOGIN,
        client_in="body",
    ),
    "slack": Row(
        speaks="oauth2",
        issuer="https://slack.com/oauth/",
        page="https://slack.com/oauth/authorize",
        trade="https://slack.com/api/oauth.access",
        documents={"user": "https://slack.com/api/users.identity"},
        reader="slack",
        checked=True,
        client_in="body",
    ),
    "spotify": Row(
        speaks="oauth2",
        issuer="https://accounts.spotify.com/api/token",
        page="https://accounts.spotify.com/authorize",
        trade="https://accounts.spotify.com/api/token",
        documents={"user": "https://api.spotify.com/v1/me"},
        reader="spotify",
        checked=True,
    ),
    "facebook": Row(
        speaks="oauth2",
        issuer="https://www.facebook.com",
        page="https://facebook.com/dialog/oauth",
        trade="https://graph.facebook.com/oauth/access_token",
        documents={
            "user": "https://graph.facebook.com/me"
            "?fields=id,name,first_name,last_name,middle_name,email,picture,birthday,gender"
        },
        reader="facebook",
        scopes=("openid",),
        on_refresh={"auth_type": "reauthenticate"},
        client_in="body",
    ),
    "vk": Row(
        speaks="oauth2",
        issuer="https://api.vk.com/method/users.get",
        page="https://oauth.vk.com/authorize",
        trade="https://oauth.vk.com/access_token",
        documents={"user": "https://api.vk.com/method/users.get?fields=photo_200,nickname,bdate,sex&v=5.103"},
        reader="vk",
        bearer="?access_token",
        client_in="body",
    ),
    "yandex": Row(
        speaks="oauth2",
        issuer="https://login.yandex.ru/info",
        page="https://oauth.yandex.com/authorize",
        trade="https://oauth.yandex.com/token",
        documents={"user": "https://login.yandex.ru/info?format=json"},
        reader="yandex",
        bearer="Authorization: OAuth",
    ),
    "patreon": Row(
        speaks="oauth2",
        issuer="https://www.patreon.com/",
        page="https://www.patreon.com/oauth2/authorize",
        trade="https://www.patreon.com/api/oauth2/token",
        documents={
            "user": "https://www.patreon.com/api/oauth2/v2/identity"
            "?fields%5Buser%5D=first_name,last_name,url,full_name,email,image_url"
        },
        reader="patreon",
        parameters={"prompt": "none"},
        on_refresh={"prompt": "consent"},
        client_in="body",
    ),
    "lark": Row(
        speaks="oauth2",
        issuer="https://passport.feishu.cn/suite/passport/oauth/userinfo",
        page="https://passport.feishu.cn/suite/passport/oauth/authorize",
        trade="https://passport.feishu.cn/suite/passport/oauth/token",
        documents={"user": "https://passport.feishu.cn/suite/passport/oauth/userinfo"},
        reader="lark",
        client_in="body",
    ),
    "apple": Row(
        issuer="https://appleid.apple.com",
        scopes=("openid",),
        on_refresh=_LOGIN,
        takes_id_tokens=True,
        client_in="body",
    ),
    "netid": Row(
        issuer="https://broker.netid.de/",
        scopes=("openid",),
        on_refresh=_LOGIN,
        claims_of_profile=True,
        takes_id_tokens=True,
    ),
    "dingtalk": Row(
        speaks="oauth2",
        issuer="https://api.dingtalk.com/v1.0/oauth2/userAccessToken",
        page="https://login.dingtalk.com/oauth2/auth",
        trade="https://api.dingtalk.com/v1.0/oauth2/userAccessToken",
        documents={"user": "https://api.dingtalk.com/v1.0/contact/users/me"},
        reader="dingtalk",
        parameters={"prompt": "consent"},
        client_in="json",
        bearer="x-acs-dingtalk-access-token: ",
    ),
    "linkedin": Row(
        speaks="oauth2",
        issuer="https://login.linkedin.com/",
        page="https://www.linkedin.com/oauth/v2/authorization",
        trade="https://www.linkedin.com/oauth/v2/accessToken",
        documents={
            "user": "https://api.linkedin.com/v2/me?projection=(id,localizedLastName,localizedFirstName,"
            "profilePicture(displayImage~digitalmediaAsset:playableStreams))",
            "address": "https://api.linkedin.com/v2/emailAddress?q=members&projection=(elements*(handle~))",
        },
        reader="linkedin",
        checked=True,
        introspection="https://www.linkedin.com/oauth/v2/introspectToken",
        client_in="body",
    ),
    "linkedin_v2": Row(
        issuer="https://www.linkedin.com/oauth",
        also_issuers=("https://www.linkedin.com",),
        scopes=("openid",),
        on_refresh=_LOGIN,
        claims_of_profile=True,
        sends_nonce=False,
        client_in="body",
    ),
    "x": Row(
        speaks="oauth1",
        issuer="https://api.twitter.com/1.1/account/verify_credentials.json",
        page="https://api.twitter.com/oauth/authenticate",
        trade="https://api.twitter.com/oauth/access_token",
        documents={"user": "https://api.twitter.com/1.1/account/verify_credentials.json"},
        reader="x",
        on_refresh={"force_login": "true"},
    ),
    "line": Row(
        issuer="https://access.line.me",
        scopes=("openid",),
        on_refresh=_LOGIN,
        exchange={"id_token_key_type": "JWK"},
        client_in="body",
    ),
    "jackson": Row(
        page="{issuer}/api/oauth/authorize",
        trade="{issuer}/api/oauth/token",
        keys="{issuer}/oauth/jwks",
        scopes=("openid",),
        on_refresh=_LOGIN,
        client_in="body",
    ),
    "amazon": Row(
        speaks="oauth2",
        issuer="https://api.amazon.com/auth/o2/token",
        page="https://www.amazon.com/ap/oa",
        trade="https://api.amazon.com/auth/o2/token",
        documents={"user": "https://api.amazon.com/user/profile"},
        reader="amazon",
        allowed=frozenset({"profile", "profile:user_id", "postal_code"}),
        client_in="body",
    ),
    "uaepass": Row(
        speaks="oauth2",
        issuer="https://id.uaepass.ae",
        page="{issuer}/idshub/authorize",
        trade="{issuer}/idshub/token",
        documents={"user": "{issuer}/idshub/userinfo"},
        reader="uaepass",
        parameters={"acr_values": "urn:safelayer:tws:policies:authentication:level:low"},
        pkce="force",
    ),
}
