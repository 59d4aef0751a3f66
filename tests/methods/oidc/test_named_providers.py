"""Each named provider, with answers as it gives them: from the button to the person."""

from __future__ import annotations

import hmac
import json
from typing import Any, get_args
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from joserfc import jwt
from tests.methods.oidc.named import APPLE_KEY, CASES, EMAIL, imitate
from tests.providers import CLIENT_ID, CLIENT_SECRET, Provider, answer, away, configured, mapper, where
from tests.world import Browser, Native, Spa

from vestibule.config.oidc import ProviderName
from vestibule.methods.oidc.oauth1 import signature
from vestibule.methods.oidc.rows import ROWS

SEEN = mapper(
    """
    local claims = std.extVar('claims');
    { identity: { traits: { email: if 'email' in claims then claims.email else 'nobody@example.org' },
                  metadata_public: claims } }
    """
)


def test_every_kind_of_provider_is_tried():
    assert CASES.keys() | {"x"} == ROWS.keys()
    assert set(get_args(ProviderName)) <= ROWS.keys()


def with_case(name: str, provider: Provider, deploy: Any, kind: Any = Spa, **settings: Any) -> Any:
    """A client of a deployment that offers the provider."""
    case = CASES[name]
    imitate(case, provider)
    given = {"provider": name, "mapper_url": SEEN, "issuer_url": None, "scope": [], **case.settings, **settings}
    return kind(deploy(configured(given)))


def comes_back(client: Any, provider: Provider) -> Any:
    return client.get(back_from(where(away(client)), provider))


def back_from(location: str, provider: Provider, code: str = "a-code") -> str:
    return provider.sends_back(location, **{provider.code_as: code})


def asked_of(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.mark.parametrize("name", CASES)
def test_a_named_provider_says_who_somebody_is(name: str, deploy: Any, provider: Provider):
    client = with_case(name, provider, deploy)
    reply = comes_back(client, provider)
    assert reply.status == 200, reply.body
    shown = reply.json["identity"]["metadata_public"]
    assert shown.pop("raw_claims")
    shown.pop("nonce", None)
    assert shown == CASES[name].says
    methods = client.whoami().json["authentication_methods"]
    assert [(each["method"], each["provider"]) for each in methods] == [("oidc", "example")]


@pytest.mark.parametrize("name", CASES)
def test_a_named_provider_is_asked_in_its_own_way(name: str, deploy: Any, provider: Provider):
    case, client = CASES[name], with_case(name, provider, deploy)
    location = where(away(client))
    assert location.startswith(f"{case.page or case.issuer.rstrip('/') + '/authorize'}?")
    bound = {"state", *(["nonce"] if case.nonce else ())}
    bound |= {"code_challenge", "code_challenge_method"} if case.pkce else set()
    asked = {each: said for each, said in asked_of(location).items() if each not in bound}
    scope = {"scope": case.scope} if case.scope else {}
    back = asked.pop("redirect_uri")
    assert asked == {"client_id": CLIENT_ID, "response_type": "code", **scope, **case.asked}
    assert all(asked_of(location)[each] for each in bound)
    assert back.endswith("/oidc/callback" if name == "uaepass" else "/oidc/callback/example")

    client.get(back_from(location, provider))
    trade = next(call for call in provider.calls if b"a-code" in call.body)
    assert ("Authorization" in trade.headers) is (case.secret_in == "header")
    assert (b"client_secret" in trade.body) is (case.secret_in == "body")
    assert (b"clientSecret" in trade.body) is (case.secret_in == "json")
    assert (b"code_verifier" in trade.body) is case.pkce
    if case.shown:
        header, value = case.shown
        assert provider.calls[-1].headers[header] == value


@pytest.mark.parametrize("name", CASES)
def test_somebody_who_signs_in_once_more_is_asked_for_it(name: str, deploy: Any, provider: Provider):
    case, client = CASES[name], with_case(name, provider, deploy)
    assert comes_back(client, provider).status == 200
    location = where(away(client, params={"refresh": "true"}))
    chosen = ("prompt", "auth_type", "acr_values", "access_type", "response_mode")
    assert {each: said for each, said in asked_of(location).items() if each in chosen} == case.again
    assert client.get(back_from(location, provider)).status == 200
    assert len(client.world.admin("GET", "/admin/identities").json) == 1


# --- what only one of them does ---------------------------------------------------------------------------


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
    comes_back(client, provider)
    proof = hmac.new(CLIENT_SECRET.encode(), b"an-access-token", "sha256").hexdigest()
    assert parse_qs(urlsplit(provider.sent("/me").url).query)["appsecret_proof"] == [proof]


def test_vk_takes_the_access_token_as_a_parameter(deploy: Any, provider: Provider):
    comes_back(with_case("vk", provider, deploy), provider)
    asked = asked_of(provider.sent("/users.get").url)
    assert asked == {"fields": "photo_200,nickname,bdate,sex", "v": "5.103", "access_token": "an-access-token"}


def test_an_address_at_github_needs_the_scope_for_it(deploy: Any, provider: Provider):
    client = with_case("github", provider, deploy, scope=[])
    shown = comes_back(client, provider).json["identity"]["metadata_public"]
    assert "email" not in shown
    assert not [call for call in provider.calls if call.url.endswith("/user/emails")]


@pytest.mark.parametrize("name", ["generic", "patreon"])
def test_nobody_gets_around_signing_in_once_more(name: str, deploy: Any, provider: Provider):
    """What a client wants of the sign-in page counts only where nothing else is needed."""
    client = with_case(name, provider, deploy)
    asked = asked_of(where(away(client, upstream_parameters={"prompt": "select_account"})))
    assert asked["prompt"] == "select_account"
    assert comes_back(client, provider).status == 200
    again = away(client, params={"refresh": "true"}, upstream_parameters={"prompt": "none", "hd": "example.org"})
    asked = asked_of(where(again))
    assert (asked["prompt"], asked["hd"]) == (CASES[name].again["prompt"], "example.org")


def test_dingtalk_is_asked_in_json(deploy: Any, provider: Provider):
    client = with_case("dingtalk", provider, deploy)
    comes_back(client, provider)
    sent = provider.sent("/userAccessToken").json
    assert (sent["clientId"], sent["code"], sent["grantType"]) == (CLIENT_ID, "a-code", "authorization_code")
    assert provider.sent("/me").headers["x-acs-dingtalk-access-token"] == "an-access-token"


def test_line_is_asked_for_a_token_that_a_published_key_checks(deploy: Any, provider: Provider):
    client = with_case("line", provider, deploy)
    comes_back(client, provider)
    assert provider.form()["id_token_key_type"] == "JWK"


@pytest.mark.parametrize(("source", "subject"), [("oid", "an-object"), ("me", "me-1"), ("userinfo", "m1")])
def test_microsofts_subject_is_the_one_that_was_chosen(source: str, subject: str, deploy: Any, provider: Provider):
    client = with_case("microsoft", provider, deploy, subject_source=source)
    provider.routes["https://graph.microsoft.com/v1.0/me"] = {"id": "me-1"}
    reply = comes_back(client, provider)
    assert reply.json["identity"]["metadata_public"]["sub"] == subject


@pytest.mark.attack("oidc-05")
def test_microsofts_tenants_speak_for_their_own_people(deploy: Any, provider: Provider):
    client = with_case("microsoft", provider, deploy)
    provider.claims = provider.claims | {"tid": "00000000-0000-0000-0000-000000000000"}
    reply = comes_back(client, provider)
    assert reply.status == 400


@pytest.mark.parametrize("name", ["github", "discord", "slack", "spotify", "linkedin"])
def test_a_scope_that_is_not_granted_is_missed(name: str, deploy: Any, provider: Provider):
    client = with_case(name, provider, deploy)
    says_it = "active" if name == "linkedin" else "access_token"
    start, tokens = next((start, said) for start, said in CASES[name].routes.items() if says_it in said)
    provider.routes[start] = tokens | {"scope": "something.else"}
    reply = comes_back(client, provider)
    assert (reply.status, reply.flow.message_ids) == (400, [4000001])


@pytest.mark.parametrize("settings", [{"pkce": "auto"}, {"scope": ["email"]}])
def test_amazon_is_configured_as_it_works(settings: dict[str, Any], deploy: Any, provider: Provider):
    reply = away(with_case("amazon", provider, deploy, **settings))
    assert (reply.status, reply.error_id) == (500, "invalid_configuration")


@pytest.mark.parametrize("name", ["netid", "linkedin_v2"])
def test_a_profile_is_that_of_the_person_of_the_token(name: str, deploy: Any, provider: Provider):
    client = with_case(name, provider, deploy)
    (start,) = (start for start in provider.routes if start.endswith("/userinfo"))
    provider.routes[start] = {"sub": "somebody-else", "email": EMAIL}
    reply = comes_back(client, provider)
    assert (reply.status, reply.flow.message_ids) == (400, [4000001])


@pytest.mark.parametrize(("nonce", "status"), [("the-nonce", 200), ("another", 400)])
def test_what_a_browser_got_of_netid_is_traded_for_an_id_token(
    nonce: str, status: int, deploy: Any, provider: Provider
):
    origin = "https://shop.example.org"
    app = with_case("netid", provider, deploy, Native, net_id_token_origin_header=origin)
    provider.claims = {"sub": "n1", "email": EMAIL, "nonce": nonce}
    reply = app.submit(
        app.start("login"), method="oidc", provider="example", id_token="fedcm-token", id_token_nonce="the-nonce"
    )
    assert reply.status == status
    asked = provider.sent("/token")
    assert asked.headers["Origin"] == origin
    assert provider.form() == {"grant_type": "netid_fedcm", "fedcm_token": "fedcm-token"}


def test_a_token_that_netid_does_not_know_signs_nobody_in(deploy: Any, provider: Provider):
    app = with_case("netid", provider, deploy, Native)
    provider.routes = {"https://broker.netid.de/token": answer(400, {"error": "invalid_grant"})}
    reply = app.submit(app.start("login"), method="oidc", provider="example", id_token="made-up")
    assert reply.flow.message_ids == [4000001]


@pytest.mark.parametrize(
    ("name", "lacks"),
    [("google", {"nonce": None}), ("apple", {"nonce": None, "nonce_supported": False})],
)
def test_a_token_of_a_library_that_knows_no_nonce_is_taken(
    name: str, lacks: dict[str, Any], deploy: Any, provider: Provider
):
    """Some of Google's libraries, and Apple's on old systems, which say so."""
    app = with_case(name, provider, deploy, Native)
    token = provider.id_token(**lacks)
    reply = app.submit(app.start("login"), method="oidc", provider="example", id_token=token, id_token_nonce="a-nonce")
    assert reply.status == 200, reply.body


@pytest.mark.parametrize("nonce", ["a-nonce", ""])
def test_a_token_of_apple_that_lacks_its_nonce_is_not_taken(nonce: str, deploy: Any, provider: Provider):
    app = with_case("apple", provider, deploy, Native)
    token = provider.id_token(nonce=None)
    reply = app.submit(app.start("login"), method="oidc", provider="example", id_token=token, id_token_nonce=nonce)
    assert (reply.status, reply.flow.message_ids) == (400, [4000001])


@pytest.mark.parametrize("name", sorted(CASES.keys() - {"apple", "google", "netid", "fedcm-test"}))
def test_other_providers_give_apps_no_tokens(name: str, deploy: Any, provider: Provider):
    app = with_case(name, provider, deploy, Native)
    reply = app.submit(app.start("login"), method="oidc", provider="example", id_token="a.b.c")
    assert reply.status in (400, 502)
    assert not [call for call in provider.calls if b"a.b.c" in call.body]


def test_a_provider_of_openid_connect_is_sent_a_nonce_and_has_to_return_it(deploy: Any, provider: Provider):
    client = with_case("line", provider, deploy)
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
        "https://api.twitter.com/1.1/account/verify_credentials.json": {
            "id": 77,
            "id_str": "77",
            "name": "Ann",
            "screen_name": "ann",
            "url": "https://ann.example",
            "profile_image_url_https": "https://p.example/77",
            "email": EMAIL,
        },
    }
    offered = {"provider": "x", "mapper_url": SEEN, "issuer_url": None, "scope": ["email"]}
    client = Browser(deploy(configured(offered)))
    location = away(client).location
    assert location == "https://api.twitter.com/oauth/authenticate?oauth_token=a-request"
    signed = provider.sent("/request_token").headers["Authorization"]
    callback = signed.split('oauth_callback="')[1].split('"')[0]
    back = f"{unquote(callback)}&oauth_token=a-request&oauth_verifier=a-verifier"
    assert client.get(back).status == 303
    shown = client.whoami().json["identity"]
    said = shown["metadata_public"]
    assert said.pop("raw_claims")
    assert said == {
        "iss": "https://api.twitter.com/1.1/account/verify_credentials.json",
        "sub": "77",
        "name": "Ann",
        "nickname": "ann",
        "preferred_username": "ann",
        "picture": "https://p.example/77",
        "website": "https://ann.example",
        "email": EMAIL,
    }
    asked = provider.sent("/verify_credentials.json")
    assert 'oauth_token="an-access"' in asked.headers["Authorization"]
    assert asked.url.endswith("?include_email=true")


def test_whoever_says_no_at_x_is_led_back_to_the_form(deploy: Any, provider: Provider):
    said = b"oauth_token=a-request&oauth_token_secret=s1&oauth_callback_confirmed=true"
    form = "application/x-www-form-urlencoded"
    provider.routes = {"https://api.twitter.com/oauth/request_token": answer(200, said, content_type=form)}
    client = Spa(deploy(configured({"provider": "x", "mapper_url": SEEN, "issuer_url": None})))
    away(client)
    callback = provider.sent("/request_token").headers["Authorization"].split('oauth_callback="')[1].split('"')[0]
    reply = client.get(f"{unquote(callback)}&denied=a-request")
    assert (reply.status, reply.flow.message_ids) == (400, [4000001])


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
