"""The named providers as they answer: their addresses, their words for a person, what they want to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from joserfc.jwk import ECKey
from tests.providers import Provider, answer, key

EMAIL = "ann@example.org"
APPLE_KEY = ECKey.generate_key("P-256")
TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"

LOGIN = {"prompt": "login"}
"""What most are asked where somebody signs in once more."""

Document = Mapping[str, Any]
NONE: Document = {}


@dataclass(kw_only=True)
class Case:
    """How a provider is configured, what its servers answer, what they are asked, and who somebody is then.

    `says` is every claim that a mapper sees, but `raw_claims` and `nonce`.
    """

    says: Document
    settings: Document = field(default_factory=dict[str, Any])
    scope: str
    routes: Document = field(default_factory=dict[str, Any])
    """Answers by the start of an address; `id_token` and `keys` stand for those of the test."""
    issuer: str = ""
    """For those that publish where they are."""
    id_token: Document = field(default_factory=dict[str, Any])
    page: str = ""
    asked: Document = field(default_factory=dict[str, Any])
    """Parameters of the sign-in page beyond the standard's."""
    again: Document = field(default_factory=dict[str, Any])
    """The same, where somebody signs in once more."""
    secret_in: Literal["header", "body", "json"] = "header"
    shown: tuple[str, str] | None = ("Authorization", "Bearer an-access-token")
    """The header that the profile is asked with."""
    code_as: str = "code"
    nonce: bool = False
    pkce: bool = False


def oauth(trade: str, profile: str, profile_said: Any, *, token: Document = NONE, **more: Any) -> Case:
    routes = {trade: {"access_token": "an-access-token", **token}, **more.pop("routes", {}), profile: profile_said}
    return Case(routes=routes, **{"again": {}, **more})


def openid(issuer: str, says: Document, **more: Any) -> Case:
    defaults = {"scope": "openid", "nonce": True, "pkce": True, "again": LOGIN, "shown": None}
    return Case(says={"iss": issuer, **says}, issuer=issuer, **{**defaults, "id_token": says, **more})


CASES: dict[str, Case] = {
    "generic": openid("https://generic.example", {"sub": "x1", "email": EMAIL},
                      settings={"issuer_url": "https://generic.example"}, nonce=False),
    "fedcm-test": openid("https://fedcm.example", {"sub": "f1", "email": EMAIL},
                         settings={"issuer_url": "https://fedcm.example"}),
    "google": openid(
        "https://accounts.google.com",
        {"sub": "g1", "email": EMAIL, "email_verified": True, "hd": "example.org"},
        settings={"scope": ["email", "offline_access"]},
        scope="email openid",
        asked={"access_type": "offline"},
        again={**LOGIN, "access_type": "offline"},
    ),
    "github": oauth(
        "https://github.com/login/oauth/access_token",
        "https://api.github.com/user",
        {"id": 7, "login": "ann", "name": "Ann", "avatar_url": "https://a.example/7", "email": "public@example.org",
         "html_url": "https://github.com/ann", "blog": "https://ann.example", "updated_at": "2026-01-02T03:04:05Z"},
        page="https://github.com/login/oauth/authorize",
        says={"iss": "https://github.com/login/oauth/access_token", "sub": "7", "nickname": "ann", "name": "Ann",
              "picture": "https://a.example/7", "profile": "https://github.com/ann", "website": "https://ann.example",
              "updated_at": 1767323045, "email": EMAIL, "email_verified": True},
        settings={"scope": ["user:email"]},
        scope="user:email",
        token={"scope": "read:user,user:email"},
        routes={
            "https://api.github.com/user/emails": [
                {"email": "other@example.org", "primary": False, "verified": True},
                {"email": EMAIL, "primary": True, "verified": True},
            ]
        },
        secret_in="body",
    ),
    "github-app": oauth(
        "https://github.com/login/oauth/access_token",
        "https://api.github.com/user",
        {"id": 7, "login": "ann"},
        page="https://github.com/login/oauth/authorize",
        says={"iss": "https://github.com/login/oauth/access_token", "sub": "7", "nickname": "ann", "email": EMAIL},
        scope="",
        routes={
            "https://api.github.com/user/emails": [
                {"email": "first@example.org", "primary": False, "verified": True},
                {"email": EMAIL, "primary": False, "verified": False},
            ]
        },
        secret_in="body",
    ),
    "gitlab": oauth(
        "https://gitlab.com/oauth/token",
        "https://gitlab.com/oauth/userinfo",
        {"sub": "12", "name": "Ann", "nickname": "ann", "email": EMAIL, "email_verified": True, "groups": ["g"]},
        page="https://gitlab.com/oauth/authorize",
        says={"iss": "https://gitlab.com", "sub": "12", "name": "Ann", "nickname": "ann", "email": EMAIL,
              "email_verified": True},
        settings={"scope": ["openid", "email"]},
        scope="openid email",
        again=LOGIN,
    ),
    "microsoft": Case(
        says={"iss": f"https://login.microsoftonline.com/{TENANT}/v2.0", "sub": "m1", "oid": "an-object",
              "email": EMAIL},
        settings={"microsoft_tenant": "common"},
        scope="openid",
        routes={
            "https://login.microsoftonline.com/common/oauth2/v2.0/token": "id_token",
            "https://login.microsoftonline.com/common/discovery/v2.0/keys": "keys",
        },
        id_token={"iss": f"https://login.microsoftonline.com/{TENANT}/v2.0", "tid": TENANT, "sub": "m1",
                  "oid": "an-object", "email": EMAIL},
        page="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        again=LOGIN,
        shown=None,
        nonce=True,
    ),
    "discord": oauth(
        "https://discord.com/api/v10/oauth2/token",
        "https://discord.com/api/v10/users/@me",
        {"id": "80", "username": "ann", "discriminator": "0001", "avatar": "a_b", "verified": True, "email": EMAIL,
         "locale": "en-GB"},
        page="https://discord.com/oauth2/authorize",
        says={"iss": "https://discord.com/api/oauth2/", "sub": "80", "name": "ann#0001", "nickname": "ann",
              "preferred_username": "ann", "email": EMAIL, "email_verified": True, "locale": "en-GB",
              "picture": "https://cdn.discordapp.com/avatars/80/a_b.gif"},
        settings={"scope": ["identify", "email"]},
        scope="identify email",
        token={"scope": "email identify"},
        asked={"prompt": "none"},
        again={"prompt": "consent"},
        secret_in="body",
    ),
    "salesforce": oauth(
        "https://my.salesforce.example/services/oauth2/token",
        "https://my.salesforce.example/services/oauth2/userinfo",
        {"sub": "https://my.salesforce.example/id/1", "email": EMAIL, "updated_at": "2026-01-02T03:04:05Z"},
        page="https://my.salesforce.example/services/oauth2/authorize",
        says={"iss": "https://my.salesforce.example/", "sub": "https://my.salesforce.example/id/1", "email": EMAIL,
              "updated_at": 1767323045},
        settings={"issuer_url": "https://my.salesforce.example/"},
        scope="",
        again=LOGIN,
        secret_in="body",
    ),
    "auth0": oauth(
        "https://ann.auth0.example/oauth/token",
        "https://ann.auth0.example/userinfo",
        {"sub": "auth0|1", "email": EMAIL, "email_verified": True, "updated_at": "2026-01-02T03:04:05.000Z"},
        page="https://ann.auth0.example/authorize",
        says={"iss": "https://ann.auth0.example", "sub": "auth0|1", "email": EMAIL, "email_verified": True,
              "updated_at": 1767323045},
        settings={"issuer_url": "https://ann.auth0.example", "scope": ["profile"]},
        scope="profile",
        again=LOGIN,
        secret_in="body",
    ),
    "slack": oauth(
        "https://slack.com/api/oauth.access",
        "https://slack.com/api/users.identity",
        {"ok": True, "user": {"id": "U1", "name": "Ann", "email": EMAIL, "image_512": "https://i.example/512"},
         "team": {"id": "T1"}},
        page="https://slack.com/oauth/authorize",
        says={"iss": "https://slack.com/oauth/", "sub": "U1", "name": "Ann", "nickname": "Ann",
              "preferred_username": "Ann", "email": EMAIL, "email_verified": True, "team": "T1",
              "picture": "https://i.example/512"},
        settings={"scope": ["identity.basic", "identity.email"]},
        scope="identity.basic identity.email",
        token={"scope": "identity.basic,identity.email"},
        secret_in="body",
    ),
    "spotify": oauth(
        "https://accounts.spotify.com/api/token",
        "https://api.spotify.com/v1/me",
        {"id": "ann", "display_name": "Ann", "email": EMAIL, "images": [{"url": "https://i.example/1"}],
         "external_urls": {"spotify": "https://open.spotify.com/user/ann"}, "birthdate": "1990-02-28"},
        page="https://accounts.spotify.com/authorize",
        says={"iss": "https://accounts.spotify.com/api/token", "sub": "ann", "name": "Ann", "nickname": "Ann",
              "email": EMAIL, "picture": "https://i.example/1", "profile": "https://open.spotify.com/user/ann",
              "birthdate": "1990-02-28"},
        settings={"scope": ["user-read-email"]},
        scope="user-read-email",
        token={"scope": "user-read-email"},
    ),
    "facebook": oauth(
        "https://graph.facebook.com/oauth/access_token",
        "https://graph.facebook.com/me?",
        {"id": "4", "name": "Ann Lee", "first_name": "Ann", "middle_name": "M", "last_name": "Lee", "email": EMAIL,
         "birthday": "02/28/1990", "gender": "female", "picture": {"data": {"url": "https://p.example/4"}}},
        page="https://facebook.com/dialog/oauth",
        says={"iss": "https://www.facebook.com", "sub": "4", "name": "Ann Lee", "given_name": "Ann",
              "middle_name": "M", "family_name": "Lee", "last_name": "Lee", "nickname": "Ann Lee",
              "preferred_username": "Ann Lee", "email": EMAIL, "email_verified": True, "birthdate": "02/28/1990",
              "gender": "female", "picture": "https://p.example/4"},
        settings={"scope": ["email"]},
        scope="email openid",
        again={"auth_type": "reauthenticate"},
        secret_in="body",
    ),
    "vk": oauth(
        "https://oauth.vk.com/access_token",
        "https://api.vk.com/method/users.get?",
        {"response": [{"id": 5, "first_name": "Ann", "last_name": "Lee", "nickname": "A", "sex": 1,
                       "bdate": "28.2.1990", "photo_200": "https://p.example/5"}]},
        page="https://oauth.vk.com/authorize",
        says={"iss": "https://api.vk.com/method/users.get", "sub": "5", "given_name": "Ann", "family_name": "Lee",
              "nickname": "A", "gender": "female", "birthdate": "28.2.1990", "picture": "https://p.example/5",
              "email": EMAIL},
        settings={"scope": ["email"]},
        scope="email",
        token={"email": EMAIL},
        secret_in="body",
        shown=None,
    ),
    "yandex": oauth(
        "https://oauth.yandex.com/token",
        "https://login.yandex.ru/info",
        {"id": "6", "login": "ann", "first_name": "Ann", "last_name": "Lee", "default_email": EMAIL,
         "default_avatar_id": "1/2", "is_avatar_empty": False, "sex": "female", "birthday": "1990-02-28",
         "default_phone": {"id": 1, "number": "+7900"}},
        page="https://oauth.yandex.com/authorize",
        says={"iss": "https://login.yandex.ru/info", "sub": "6", "given_name": "Ann", "family_name": "Lee",
              "nickname": "ann", "preferred_username": "ann", "email": EMAIL, "gender": "female",
              "birthdate": "1990-02-28", "phone_number": "+7900",
              "picture": "https://avatars.yandex.net/get-yapic/1/2/islands-200"},
        scope="",
        shown=("Authorization", "OAuth an-access-token"),
    ),
    "patreon": oauth(
        "https://www.patreon.com/api/oauth2/token",
        "https://www.patreon.com/api/oauth2/v2/identity?fields%5Buser%5D=first_name",
        {"data": {"id": "9", "type": "user", "attributes": {
            "full_name": "Ann Lee", "first_name": "Ann", "last_name": "Lee", "email": EMAIL,
            "image_url": "https://p.example/9", "url": "https://www.patreon.com/ann"}}},
        page="https://www.patreon.com/oauth2/authorize",
        says={"iss": "https://www.patreon.com/", "sub": "9", "name": "Ann Lee", "nickname": "Ann Lee",
              "given_name": "Ann", "family_name": "Lee", "last_name": "Lee", "email": EMAIL,
              "picture": "https://p.example/9", "profile": "https://www.patreon.com/ann"},
        scope="",
        asked={"prompt": "none"},
        again={"prompt": "consent"},
        secret_in="body",
    ),
    "lark": oauth(
        "https://passport.feishu.cn/suite/passport/oauth/token",
        "https://passport.feishu.cn/suite/passport/oauth/userinfo",
        {"sub": "other", "open_id": "ou_1", "union_id": "on_1", "name": "Ann", "email": EMAIL, "mobile": "+86100",
         "avatar_url": "https://p.example/a"},
        page="https://passport.feishu.cn/suite/passport/oauth/authorize",
        says={"iss": "https://passport.feishu.cn/suite/passport/oauth/userinfo", "sub": "ou_1", "name": "Ann",
              "nickname": "Ann", "email": EMAIL, "phone_number": "+86100", "picture": "https://p.example/a"},
        scope="",
        secret_in="body",
    ),
    "apple": openid(
        "https://appleid.apple.com",
        {"sub": "a1", "email": EMAIL, "email_verified": True, "nonce_supported": True},
        id_token={"sub": "a1", "email": EMAIL, "email_verified": "true", "nonce_supported": True},
        settings={"client_secret": None, "scope": ["name", "email"], "apple_team_id": "TEAM",
                  "apple_private_key_id": "KEY", "apple_private_key": APPLE_KEY.as_pem(private=True).decode()},
        scope="name email openid",
        asked={"response_mode": "form_post"},
        again={**LOGIN, "response_mode": "form_post"},
        secret_in="body",
    ),
    "netid": openid(
        "https://broker.netid.de/",
        {"sub": "n1", "email": EMAIL, "email_verified": True, "given_name": "Ann"},
        id_token={"sub": "n1"},
        routes={"https://broker.netid.de/userinfo": {
            "sub": "n1", "email": EMAIL, "email_verified": True, "given_name": "Ann"}},
        shown=("Authorization", "Bearer an-access-token"),
    ),
    "dingtalk": Case(
        says={"iss": "https://api.dingtalk.com/v1.0/oauth2/userAccessToken", "sub": "o1", "name": "Ann",
              "nickname": "Ann", "email": EMAIL, "picture": "https://p.example/d"},
        settings={"scope": ["openid"]},
        scope="openid",
        routes={
            "https://api.dingtalk.com/v1.0/oauth2/userAccessToken": {"accessToken": "an-access-token", "expireIn": 9},
            "https://api.dingtalk.com/v1.0/contact/users/me": {
                "nick": "Ann", "openId": "o1", "unionId": "u1", "email": EMAIL, "avatarUrl": "https://p.example/d"},
        },
        page="https://login.dingtalk.com/oauth2/auth",
        asked={"prompt": "consent"},
        again={"prompt": "consent"},
        secret_in="json",
        code_as="authCode",
        shown=("x-acs-dingtalk-access-token", "an-access-token"),
    ),
    "linkedin": oauth(
        "https://www.linkedin.com/oauth/v2/accessToken",
        "https://api.linkedin.com/v2/me",
        {"id": "l1", "localizedFirstName": "Ann", "localizedLastName": "Lee", "profilePicture": {"displayImage~": {
            "elements": [{"identifiers": [{"identifier": f"https://p.example/{size}"}]} for size in (100, 800)]}}},
        page="https://www.linkedin.com/oauth/v2/authorization",
        says={"iss": "https://login.linkedin.com/", "sub": "l1", "name": "Ann Lee", "given_name": "Ann",
              "last_name": "Lee", "family_name": "Lee", "email": EMAIL, "picture": "https://p.example/800"},
        settings={"scope": ["r_liteprofile", "r_emailaddress"]},
        scope="r_liteprofile r_emailaddress",
        routes={
            "https://www.linkedin.com/oauth/v2/introspectToken": {
                "active": True, "scope": "r_emailaddress,r_liteprofile"},
            "https://api.linkedin.com/v2/emailAddress": {"elements": [{"handle~": {"emailAddress": EMAIL}}]},
        },
        secret_in="body",
    ),
    "linkedin_v2": openid(
        "https://www.linkedin.com/oauth",
        {"iss": "https://www.linkedin.com", "sub": "l2", "email": EMAIL, "email_verified": True, "locale": "en-US"},
        id_token={"iss": "https://www.linkedin.com", "sub": "l2"},
        routes={"https://www.linkedin.com/oauth/userinfo": {
            "sub": "l2", "email": EMAIL, "email_verified": True, "locale": {"country": "US", "language": "en"}}},
        secret_in="body",
        nonce=False,
        shown=("Authorization", "Bearer an-access-token"),
    ),
    "line": openid("https://access.line.me", {"sub": "i1", "email": EMAIL}, secret_in="body"),
    "jackson": Case(
        says={"iss": "https://jackson.example", "sub": "s1", "email": EMAIL},
        settings={"issuer_url": "https://jackson.example"},
        scope="openid",
        routes={"https://jackson.example/api/oauth/token": "id_token", "https://jackson.example/oauth/jwks": "keys"},
        id_token={"iss": "https://jackson.example", "sub": "s1", "email": EMAIL},
        page="https://jackson.example/api/oauth/authorize",
        again=LOGIN,
        secret_in="body",
        shown=None,
        nonce=True,
    ),
    "amazon": oauth(
        "https://api.amazon.com/auth/o2/token",
        "https://api.amazon.com/user/profile",
        {"user_id": "amzn1.account.1", "name": "Ann", "email": EMAIL, "postal_code": "98052"},
        page="https://www.amazon.com/ap/oa",
        says={"iss": "https://api.amazon.com/auth/o2/token", "sub": "amzn1.account.1", "name": "Ann", "email": EMAIL,
              "zoneinfo": "98052"},
        settings={"scope": ["profile", "postal_code"]},
        scope="profile postal_code",
        secret_in="body",
    ),
    "uaepass": oauth(
        "https://id.uaepass.ae/idshub/token",
        "https://id.uaepass.ae/idshub/userinfo",
        {"sub": "UAEPASS/1", "fullnameEN": "Ann Lee", "firstnameEN": "Ann", "lastnameEN": "Lee", "email": EMAIL,
         "gender": "Female", "mobile": "971500000000"},
        page="https://id.uaepass.ae/idshub/authorize",
        says={"iss": "https://id.uaepass.ae", "sub": "UAEPASS/1", "name": "Ann Lee", "given_name": "Ann",
              "family_name": "Lee", "last_name": "Lee", "email": EMAIL, "gender": "Female",
              "phone_number": "971500000000"},
        settings={"scope": ["urn:uae:digitalid:profile:general"]},
        scope="urn:uae:digitalid:profile:general",
        asked={"acr_values": "urn:safelayer:tws:policies:authentication:level:low"},
        again={"acr_values": "urn:safelayer:tws:policies:authentication:level:low"},
        pkce=True,
    ),
}  # fmt: skip


def imitate(case: Case, provider: Provider) -> None:
    provider.issuer = case.issuer or "https://nobody.example"

    def said(what: Any) -> Any:
        if what == "keys":
            return {"keys": [key().as_dict(private=False)]}
        if what == "id_token":
            return {"access_token": "an-access-token", "id_token": provider.id_token()}
        return answer(200, what) if isinstance(what, list) else what

    longest_first = sorted(case.routes.items(), key=lambda pair: -len(pair[0]))
    provider.routes = {start: (lambda what=what: said(what)) for start, what in longest_first}
    provider.claims, provider.code_as = dict(case.id_token), case.code_as
