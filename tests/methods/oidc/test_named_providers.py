"""Each named provider, with answers as it gives them: from the button to the person."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, get_args
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from tests.providers import CLIENT_ID, Provider, answer, away, configured, key, mapper, where
from tests.world import Browser, Spa

from vestibule.config.oidc import ProviderName
from vestibule.methods.oidc.oauth1 import signature
from vestibule.methods.oidc.rows import ROWS

EMAIL = "ann@example.org"
SEEN = mapper(
    """
    local claims = std.extVar('claims');
    { identity: { traits: { email: if 'email' in claims then claims.email else 'nobody@example.org' },
                  metadata_public: claims } }
    """
)
APPLE_KEY = ECKey.generate_key("P-256")
TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"


@dataclass
class Case:
    """How a provider is configured, what its servers answer, and what is known of the person then."""

    says: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    routes: dict[str, Any] = field(default_factory=dict[str, Any])
    issuer: str = ""
    """For those that publish where they are."""
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    """Of the ID token."""
    page: str = ""
    asked: dict[str, str] = field(default_factory=dict[str, str])
    """Parameters of the sign-in page."""
    token: dict[str, Any] = field(default_factory=dict[str, Any])
    """What comes with the access token."""


def oauth(page: str, trade: str, profile: str, profile_said: Any, says: dict[str, Any], **more: Any) -> Case:
    routes = {trade: {"access_token": "an-access-token", **more.pop("token", {})}, **more.pop("routes", {})}
    return Case(says, routes={**routes, profile: profile_said}, page=page, **more)


CASES: dict[str, Case] = {
    "google": Case(
        {"sub": "g1", "email": EMAIL, "email_verified": True, "hd": "example.org"},
        {"scope": ["email", "offline_access"]},
        issuer="https://accounts.google.com",
        claims={"sub": "g1", "email": EMAIL, "email_verified": True, "hd": "example.org"},
        asked={"access_type": "offline", "scope": "email openid"},
    ),
    "github": oauth(
        "https://github.com/login/oauth/authorize",
        "https://github.com/login/oauth/access_token",
        "https://api.github.com/user",
        {"id": 7, "login": "ann", "name": "Ann", "avatar_url": "https://a.example/7", "email": None},
        {"sub": "7", "nickname": "ann", "name": "Ann", "email": EMAIL, "email_verified": True},
        settings={"scope": ["user:email"]},
        token={"scope": "user:email"},
        routes={
            "https://api.github.com/user/emails": [
                {"email": "other@example.org", "primary": False, "verified": True},
                {"email": EMAIL, "primary": True, "verified": True},
            ]
        },
    ),
    "github-app": oauth(
        "https://github.com/login/oauth/authorize",
        "https://github.com/login/oauth/access_token",
        "https://api.github.com/user",
        {"id": 7, "login": "ann"},
        {"sub": "7", "email": EMAIL},
        routes={"https://api.github.com/user/emails": [{"email": EMAIL, "primary": True, "verified": False}]},
    ),
    "gitlab": oauth(
        "https://gitlab.com/oauth/authorize",
        "https://gitlab.com/oauth/token",
        "https://gitlab.com/oauth/userinfo",
        {"sub": "12", "name": "Ann", "nickname": "ann", "email": EMAIL, "email_verified": True},
        {"sub": "12", "name": "Ann", "email": EMAIL, "email_verified": True, "iss": "https://gitlab.com"},
    ),
    "microsoft": Case(
        {"sub": "m1", "oid": "an-object", "email": EMAIL},
        {"microsoft_tenant": "common"},
        {
            "https://login.microsoftonline.com/common/oauth2/v2.0/token": "id_token",
            "https://login.microsoftonline.com/common/discovery/v2.0/keys": "keys",
        },
        claims={
            "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0", "tid": TENANT, "sub": "m1",
            "oid": "an-object", "email": EMAIL,
        },
        page="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
    ),
    "discord": oauth(
        "https://discord.com/api/oauth2/authorize",
        "https://discord.com/api/oauth2/token",
        "https://discord.com/api/users/@me",
        {"id": "80", "username": "ann", "discriminator": "0001", "avatar": "a_b", "verified": True, "email": EMAIL},
        {"sub": "80", "name": "ann#0001", "email": EMAIL, "email_verified": True,
         "picture": "https://cdn.discordapp.com/avatars/80/a_b.gif"},
        settings={"scope": ["identify", "email"]},
        token={"scope": "email identify"},
        asked={"prompt": "none"},
    ),
    "salesforce": oauth(
        "https://my.salesforce.example/services/oauth2/authorize",
        "https://my.salesforce.example/services/oauth2/token",
        "https://my.salesforce.example/services/oauth2/userinfo",
        {"sub": "https://my.salesforce.example/id/1", "email": EMAIL, "updated_at": "2026-01-02T03:04:05Z"},
        {"sub": "https://my.salesforce.example/id/1", "updated_at": 1767323045},
        settings={"issuer_url": "https://my.salesforce.example/"},
    ),
    "auth0": oauth(
        "https://ann.auth0.example/authorize",
        "https://ann.auth0.example/oauth/token",
        "https://ann.auth0.example/userinfo",
        {"sub": "auth0|1", "email": EMAIL, "email_verified": True, "updated_at": "2026-01-02T03:04:05.000Z"},
        {"sub": "auth0|1", "email_verified": True, "updated_at": 1767323045},
        settings={"issuer_url": "https://ann.auth0.example"},
    ),
    "slack": oauth(
        "https://slack.com/oauth/authorize",
        "https://slack.com/api/oauth.access",
        "https://slack.com/api/users.identity",
        {"ok": True, "user": {"id": "U1", "name": "Ann", "email": EMAIL}, "team": {"id": "T1"}},
        {"sub": "U1", "name": "Ann", "email": EMAIL, "team": "T1"},
        settings={"scope": ["identity.basic", "identity.email"]},
        token={"scope": "identity.basic,identity.email"},
    ),
    "spotify": oauth(
        "https://accounts.spotify.com/authorize",
        "https://accounts.spotify.com/api/token",
        "https://api.spotify.com/v1/me",
        {"id": "ann", "display_name": "Ann", "email": EMAIL, "images": [{"url": "https://i.example/1"}],
         "external_urls": {"spotify": "https://open.spotify.com/user/ann"}},
        {"sub": "ann", "name": "Ann", "picture": "https://i.example/1",
         "profile": "https://open.spotify.com/user/ann"},
        settings={"scope": ["user-read-email"]},
        token={"scope": "user-read-email"},
    ),
    "facebook": oauth(
        "https://www.facebook.com/v3.2/dialog/oauth",
        "https://graph.facebook.com/v3.2/oauth/access_token",
        "https://graph.facebook.com/me",
        {"id": "4", "name": "Ann Lee", "first_name": "Ann", "last_name": "Lee", "email": EMAIL,
         "birthday": "02/28/1990", "picture": {"data": {"url": "https://p.example/4"}}},
        {"sub": "4", "given_name": "Ann", "birthdate": "1990-02-28", "picture": "https://p.example/4"},
    ),
    "vk": oauth(
        "https://oauth.vk.com/authorize",
        "https://oauth.vk.com/access_token",
        "https://api.vk.com/method/users.get",
        {"response": [{"id": 5, "first_name": "Ann", "last_name": "Lee", "sex": 1, "bdate": "28.2.1990"}]},
        {"sub": "5", "given_name": "Ann", "gender": "female", "birthdate": "1990-02-28", "email": EMAIL},
        token={"email": EMAIL},
    ),
    "yandex": oauth(
        "https://oauth.yandex.com/authorize",
        "https://oauth.yandex.com/token",
        "https://login.yandex.ru/info",
        {"id": "6", "login": "ann", "default_email": EMAIL, "default_avatar_id": "1/2", "sex": "female"},
        {"sub": "6", "email": EMAIL, "picture": "https://avatars.yandex.net/get-yapic/1/2/islands-200"},
    ),
    "patreon": oauth(
        "https://www.patreon.com/oauth2/authorize",
        "https://www.patreon.com/api/oauth2/token",
        "https://www.patreon.com/api/oauth2/v2/identity",
        {"data": {"id": "9", "attributes": {"full_name": "Ann Lee", "first_name": "Ann", "email": EMAIL}}},
        {"sub": "9", "name": "Ann Lee", "given_name": "Ann", "email": EMAIL},
    ),
    "lark": oauth(
        "https://passport.feishu.cn/suite/passport/oauth/authorize",
        "https://passport.feishu.cn/suite/passport/oauth/token",
        "https://passport.feishu.cn/suite/passport/oauth/userinfo",
        {"open_id": "ou_1", "union_id": "on_1", "name": "Ann", "email": EMAIL, "mobile": "+86100"},
        {"sub": "ou_1", "name": "Ann", "phone_number": "+86100"},
    ),
    "apple": Case(
        {"sub": "a1", "email": EMAIL, "email_verified": True},
        {"client_secret": None, "scope": ["name", "email"], "apple_team_id": "TEAM", "apple_private_key_id": "KEY",
         "apple_private_key": APPLE_KEY.as_pem(private=True).decode()},
        issuer="https://appleid.apple.com",
        claims={"sub": "a1", "email": EMAIL, "email_verified": "true"},
        asked={"response_mode": "form_post"},
    ),
    "netid": Case(
        {"sub": "n1", "email": EMAIL},
        issuer="https://broker.netid.de",
        claims={"sub": "n1", "email": EMAIL},
    ),
    "dingtalk": Case(
        {"sub": "o1", "nickname": "Ann", "email": EMAIL},
        routes={
            "https://api.dingtalk.com/v1.0/oauth2/userAccessToken": {"accessToken": "an-access-token"},
            "https://api.dingtalk.com/v1.0/contact/users/me": {"nick": "Ann", "openId": "o1", "email": EMAIL},
        },
        page="https://login.dingtalk.com/oauth2/auth",
        asked={"prompt": "consent"},
    ),
    "linkedin": oauth(
        "https://www.linkedin.com/oauth/v2/authorization",
        "https://www.linkedin.com/oauth/v2/accessToken",
        "https://api.linkedin.com/v2/me",
        {"id": "l1", "localizedFirstName": "Ann", "localizedLastName": "Lee"},
        {"sub": "l1", "name": "Ann Lee", "email": EMAIL},
        routes={"https://api.linkedin.com/v2/emailAddress": {"elements": [{"handle~": {"emailAddress": EMAIL}}]}},
    ),
    "linkedin_v2": Case(
        {"sub": "l2", "email": EMAIL},
        issuer="https://www.linkedin.com/oauth",
        claims={"sub": "l2", "email": EMAIL},
    ),
    "line": Case(
        {"sub": "i1", "email": EMAIL},
        issuer="https://access.line.me",
        claims={"sub": "i1", "email": EMAIL},
    ),
    "jackson": Case(
        {"sub": "s1", "email": EMAIL},
        {"issuer_url": "https://jackson.example"},
        {"https://jackson.example/api/oauth/token": "id_token", "https://jackson.example/oauth/jwks": "keys"},
        claims={"iss": "https://jackson.example", "sub": "s1", "email": EMAIL},
        page="https://jackson.example/api/oauth/authorize",
    ),
    "amazon": oauth(
        "https://www.amazon.com/ap/oa",
        "https://api.amazon.com/auth/o2/token",
        "https://api.amazon.com/user/profile",
        {"user_id": "amzn1.account.1", "name": "Ann", "email": EMAIL},
        {"sub": "amzn1.account.1", "name": "Ann", "email": EMAIL},
        settings={"scope": ["profile"]},
    ),
    "uaepass": oauth(
        "https://id.uaepass.ae/idshub/authorize",
        "https://id.uaepass.ae/idshub/token",
        "https://id.uaepass.ae/idshub/userinfo",
        {"sub": "UAEPASS/1", "fullnameEN": "Ann Lee", "firstnameEN": "Ann", "email": EMAIL, "gender": "Female"},
        {"sub": "UAEPASS/1", "name": "Ann Lee", "given_name": "Ann", "gender": "female"},
        asked={"acr_values": "urn:safelayer:tws:policies:authentication:level:low", "code_challenge_method": "S256"},
    ),
    "fedcm-test": Case({"sub": "f1"}, {"issuer_url": "https://fedcm.example"}, issuer="https://fedcm.example",
                       claims={"sub": "f1", "email": EMAIL}),
    "generic": Case({"sub": "x1"}, {"issuer_url": "https://generic.example"}, issuer="https://generic.example",
                    claims={"sub": "x1", "email": EMAIL}),
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


def test_every_kind_of_provider_is_tried():
    assert CASES.keys() | {"x"} == ROWS.keys()
    assert set(get_args(ProviderName)) <= ROWS.keys()


@pytest.mark.parametrize("name", CASES)
def test_a_named_provider_says_who_somebody_is(name: str, deploy: Any, provider: Provider):
    case = CASES[name]
    imitate(case, provider)
    settings = {"provider": name, "mapper_url": SEEN, "issuer_url": None, "scope": [], **case.settings}
    world = deploy(configured(settings))
    client = Spa(world)
    location = where(away(client))
    asked = {each: values[0] for each, values in parse_qs(urlsplit(location).query).items()}
    assert location.startswith(f"{case.page or case.issuer + '/authorize'}?")
    assert asked["client_id"] == CLIENT_ID
    assert {each: asked.get(each) for each in case.asked} == case.asked
    back = provider.sends_back(location, code="a-code")
    provider.claims = case.claims
    reply = client.get(back)
    assert reply.status == 200, reply.body
    shown = reply.json["identity"]["metadata_public"]
    assert {each: shown.get(each) for each in case.says} == case.says
    methods = client.whoami().json["authentication_methods"]
    assert [(each["method"], each["provider"]) for each in methods] == [("oidc", "example")]


# --- what only one of them does ---------------------------------------------------------------------------


def with_case(name: str, provider: Provider, deploy: Any, **settings: Any) -> Spa:
    case = CASES[name]
    imitate(case, provider)
    given = {"provider": name, "mapper_url": SEEN, "issuer_url": None, "scope": [], **case.settings, **settings}
    provider.claims = case.claims
    return Spa(deploy(configured(given)))


def test_apple_gets_a_secret_that_we_sign_and_answers_with_a_form(deploy: Any, provider: Provider):
    client = with_case("apple", provider, deploy)
    back = provider.sends_back(where(away(client)), code="a-code")
    address, _, query = back.partition("?")
    form = f"{query}&user=" + json.dumps({"name": {"firstName": "Ann", "lastName": "Lee"}}).replace(" ", "")
    posted = client.send("POST", address, form.encode(), Content_Type="application/x-www-form-urlencoded")
    assert posted.status == 302
    reply = client.get(posted.location)
    assert reply.status == 200, reply.body
    assert reply.json["identity"]["metadata_public"]["given_name"] == "Ann"
    secret = jwt.decode(provider.form()["client_secret"], APPLE_KEY, algorithms=["ES256"])
    assert secret.header["kid"] == "KEY"
    assert (secret.claims["iss"], secret.claims["sub"]) == ("TEAM", CLIENT_ID)
    assert secret.claims["aud"] == "https://appleid.apple.com"


def test_facebook_is_shown_that_we_know_the_secret(deploy: Any, provider: Provider):
    client = with_case("facebook", provider, deploy)
    client.get(provider.sends_back(where(away(client)), code="a-code"))
    assert "appsecret_proof=" in provider.sent("/me").url


def test_dingtalk_is_asked_in_json(deploy: Any, provider: Provider):
    client = with_case("dingtalk", provider, deploy)
    client.get(provider.sends_back(where(away(client)), code="a-code"))
    sent = provider.sent("/userAccessToken").json
    assert (sent["clientId"], sent["code"], sent["grantType"]) == (CLIENT_ID, "a-code", "authorization_code")
    assert provider.sent("/me").headers["x-acs-dingtalk-access-token"] == "an-access-token"


def test_line_is_asked_for_a_token_that_a_published_key_checks(deploy: Any, provider: Provider):
    client = with_case("line", provider, deploy)
    client.get(provider.sends_back(where(away(client)), code="a-code"))
    assert provider.form()["id_token_key_type"] == "JWK"


@pytest.mark.parametrize(("source", "subject"), [("oid", "an-object"), ("me", "me-1"), ("userinfo", "m1")])
def test_microsofts_subject_is_the_one_that_was_chosen(source: str, subject: str, deploy: Any, provider: Provider):
    client = with_case("microsoft", provider, deploy, subject_source=source)
    provider.routes["https://graph.microsoft.com/v1.0/me"] = {"id": "me-1"}
    reply = client.get(provider.sends_back(where(away(client)), code="a-code"))
    assert reply.json["identity"]["metadata_public"]["sub"] == subject


@pytest.mark.attack("oidc-05")
def test_microsofts_tenants_speak_for_their_own_people(deploy: Any, provider: Provider):
    client = with_case("microsoft", provider, deploy)
    provider.claims = provider.claims | {"tid": "00000000-0000-0000-0000-000000000000"}
    reply = client.get(provider.sends_back(where(away(client)), code="a-code"))
    assert reply.status == 400


@pytest.mark.parametrize("name", ["github", "discord", "slack", "spotify"])
def test_a_scope_that_is_not_granted_is_missed(name: str, deploy: Any, provider: Provider):
    client = with_case(name, provider, deploy)
    start, tokens = next((start, said) for start, said in CASES[name].routes.items() if "access_token" in said)
    provider.routes[start] = tokens | {"scope": "something.else"}
    reply = client.get(provider.sends_back(where(away(client)), code="a-code"))
    assert (reply.status, reply.flow.message_ids) == (400, [4000001])


@pytest.mark.parametrize("settings", [{"pkce": "auto"}, {"scope": ["email"]}])
def test_amazon_is_configured_as_it_works(settings: dict[str, Any], deploy: Any, provider: Provider):
    reply = away(with_case("amazon", provider, deploy, **settings))
    assert (reply.status, reply.error_id) == (500, "invalid_configuration")


def test_a_forced_challenge_comes_back_at_the_address_of_all_providers(deploy: Any, provider: Provider):
    client = with_case("uaepass", provider, deploy)
    location = where(away(client))
    asked = parse_qs(urlsplit(location).query)
    assert asked["redirect_uri"] == ["https://id.example.org/self-service/methods/oidc/callback"]


def test_a_provider_of_openid_connect_is_sent_a_nonce_and_has_to_return_it(deploy: Any, provider: Provider):
    client = with_case("netid", provider, deploy)
    back = provider.sends_back(where(away(client)), code="a-code")
    assert provider.asked["nonce"]
    provider.tokens = {"id_token": provider.id_token(nonce="another-one")}
    assert client.get(back).status == 400


# --- OAuth 1.0a -----------------------------------------------------------------------------------------


def test_x_is_signed_in_at_by_the_older_protocol(deploy: Any, provider: Provider):
    form = {"content_type": "application/x-www-form-urlencoded"}
    given = b"oauth_token=an-access&oauth_token_secret=s2"
    said = b"oauth_token=a-request&oauth_token_secret=s1&oauth_callback_confirmed=true"
    provider.routes = {
        "https://api.twitter.com/oauth/request_token": answer(200, said, **form),
        "https://api.twitter.com/oauth/access_token": answer(200, given, **form),
        "https://api.twitter.com/1.1/account/verify_credentials.json": {"id_str": "77", "name": "Ann", "email": EMAIL},
    }
    client = Browser(deploy(configured({"provider": "x", "mapper_url": SEEN, "issuer_url": None, "scope": []})))
    location = away(client).location
    assert location == "https://api.twitter.com/oauth/authenticate?oauth_token=a-request"
    signed = provider.sent("/request_token").headers["Authorization"]
    callback = signed.split('oauth_callback="')[1].split('"')[0]
    back = f"{unquote(callback)}&oauth_token=a-request&oauth_verifier=a-verifier"
    assert client.get(back).status == 303
    shown = client.whoami().json["identity"]
    assert shown["metadata_public"]["sub"] == "77"
    assert 'oauth_token="an-access"' in provider.sent("/verify_credentials.json").headers["Authorization"]


def test_the_signature_of_the_older_protocol_is_that_of_its_example():
    """RFC 5849 §1.2."""
    parameters = {
        "oauth_consumer_key": "dpf43f3p2l4k3l03",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131200",
        "oauth_nonce": "wIjqoS",
        "oauth_callback": "http://printer.example.com/ready",
    }
    made = signature("POST", "https://photos.example.net/initiate", parameters, "kd94hf93k423kf44", "")
    assert made == "74KNZJeDHnMBp0EMJ9ZHt/XKycU="
