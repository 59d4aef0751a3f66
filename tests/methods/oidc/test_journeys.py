"""What the recordings do not show: apps that wait outside, tokens that apps bring, accounts that change."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey
from tests.methods.oidc.conftest import Deploy
from tests.providers import CLIENT_ID, Provider, away, configured, mapper, there_and_back, where
from tests.world import PASSWORD, Browser, Native, Spa, World

EMAIL = "ann@example.org"
APPS = "https://app.example.org/inside"


def waiting(app: Native, kind: str = "login") -> tuple[str, str]:
    """An app that started a flow: where its person is sent, and the first of its two codes."""
    flow = app.start(kind, return_session_token_exchange_code="true", return_to=APPS)
    return where(app.submit(flow, method="oidc", provider="example")), flow.document["session_token_exchange_code"]


def exchanged(app: Native, init: str, returned: str) -> Any:
    return app.get(f"/sessions/token-exchange?init_code={init}&return_to_code={returned}")


# --- apps -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["login", "registration"])
def test_an_app_fetches_the_session_that_a_browser_opened(kind: str, provider: Provider, world: World):
    app = Native(world)
    location, init = waiting(app, kind)
    back = Browser(world).get(provider.approves(location, email=EMAIL))
    assert back.location.startswith(f"{APPS}?code=")
    assert back.cookies == []
    code = back.query("code")
    assert exchanged(app, init, init).status == 404
    assert exchanged(app, code, code).status == 404
    answer = exchanged(app, init, code)
    assert answer.status == 200
    app.token = answer.json["session_token"]
    assert app.whoami().json["identity"]["traits"]["email"] == EMAIL
    assert exchanged(app, init, code).status == 404


def test_an_app_is_told_which_form_is_still_open(provider: Provider, world: World):
    app = Native(world)
    location, init = waiting(app, "registration")
    back = Browser(world).get(provider.approves(location))
    answer = exchanged(app, init, back.query("code"))
    assert answer.status == 422
    assert answer.json["id"] == back.query("flow")
    assert answer.flow.messages_at("traits.email") == [4000002]


def test_an_app_without_codes_is_answered_where_the_person_comes_back(provider: Provider, world: World):
    app = Native(world)
    location = where(app.submit(app.start("login"), method="oidc", provider="example"))
    reply = Browser(world).get(provider.approves(location, email=EMAIL))
    assert reply.status == 200
    assert reply.json["session_token"].startswith("ory_st_")


@pytest.fixture
def libraries(deploy: Deploy) -> World:
    """A provider whose own library gives apps ID tokens."""
    settings = {"provider": "fedcm-test", "additional_id_token_audiences": ["their-app"]}
    return deploy(configured(settings))


@pytest.mark.parametrize("audience", [CLIENT_ID, "their-app"])
def test_an_app_brings_the_token_that_it_got_itself(audience: str, provider: Provider, libraries: World):
    for status in ("signed up", "signed in"):
        app = Native(libraries)
        provider.claims = {"sub": "1", "email": EMAIL}
        token = provider.id_token(nonce="the-nonce", aud=audience, azp="their-app")
        reply = app.submit(
            app.start("login"), method="oidc", provider="example", id_token=token, id_token_nonce="the-nonce"
        )
        assert reply.status == 200, (status, reply.body)
        assert app.whoami().json["authentication_methods"][0]["provider"] == "example"


def test_a_token_for_a_client_that_nobody_named_is_refused(provider: Provider, libraries: World):
    app = Native(libraries)
    provider.claims = {"sub": "1", "email": EMAIL}
    token = provider.id_token(nonce="the-nonce", aud="an-app-of-somebody")
    reply = app.submit(
        app.start("registration"), method="oidc", provider="example", id_token=token, id_token_nonce="the-nonce"
    )
    assert reply.flow.message_ids == [4000001]


def test_browsers_bring_no_tokens(provider: Provider, libraries: World):
    client = Spa(libraries)
    provider.claims = {"sub": "1", "email": EMAIL}
    reply = away(client, id_token=provider.id_token())
    assert reply.flow.message_ids == [4000001]


# --- what changes -----------------------------------------------------------------------------------------


def test_what_a_provider_says_anew_is_taken_over_where_that_is_wanted(provider: Provider, deploy: Deploy):
    world = deploy(configured({"update_identity_on_login": "automatic"}))
    there_and_back(Spa(world), provider, "registration", email=EMAIL, given_name="Ann")
    client = Spa(world)
    there_and_back(client, provider, email="anna@example.org", given_name="Anna", email_verified=True)
    shown = client.whoami().json["identity"]
    assert shown["traits"] == {"email": "anna@example.org", "name": {"first": "Anna"}}
    assert shown["verifiable_addresses"][0]["verified"] is True


def test_what_a_provider_says_anew_takes_no_address_of_somebody_else(provider: Provider, deploy: Deploy):
    world = deploy(configured({"update_identity_on_login": "automatic"}))
    there_and_back(Spa(world), provider, email=EMAIL)
    world.identity("bea@example.org")
    client = Spa(world)
    assert there_and_back(client, provider, email="bea@example.org").status == 200
    assert client.whoami().json["identity"]["traits"]["email"] == EMAIL


def test_what_a_provider_says_anew_has_to_fit_the_schema(provider: Provider, deploy: Deploy):
    world = deploy(configured({"update_identity_on_login": "automatic"}))
    there_and_back(Spa(world), provider, email=EMAIL)
    client = Spa(world)
    assert there_and_back(client, provider, email="no address").status == 200
    assert client.whoami().json["identity"]["traits"]["email"] == EMAIL


def test_nothing_is_taken_over_unasked(provider: Provider, world: World):
    there_and_back(Spa(world), provider, email=EMAIL)
    client = Spa(world)
    there_and_back(client, provider, email="anna@example.org")
    assert client.whoami().json["identity"]["traits"]["email"] == EMAIL


# --- linking ----------------------------------------------------------------------------------------------


def test_an_account_is_linked_when_its_owner_signs_in_as_before(provider: Provider, world: World):
    world.identity(EMAIL)
    browser = Browser(world)
    reply = there_and_back(browser, provider, email=EMAIL)
    assert reply.query("no_org_ui") == "true"
    flow = browser.fetch("login", reply.query("flow")).flow
    assert browser.submit(flow, method="password", identifier=EMAIL, password=PASSWORD).status == 303
    methods = [each["method"] for each in browser.whoami().json["authentication_methods"]]
    assert methods == ["password", "oidc"]
    later = Spa(world)
    assert there_and_back(later, provider, email=EMAIL).status == 200
    assert later.whoami().json["identity"]["id"] == browser.whoami().json["identity"]["id"]


HINTS = {"registration": {"login_hints": True}}


@pytest.mark.parametrize("hints", [True, False])
def test_how_somebody_signs_in_is_told_with_hints_alone(hints: bool, provider: Provider, deploy: Deploy):
    """Whoever claims the address at a provider may be anybody."""
    offered = ({"id": "second"}, {"id": "third"})
    world = deploy(
        configured({}, *offered, **(HINTS if hints else {}), methods={"code": {"passwordless_enabled": True}})
    )
    owner = Spa(world)
    owner.get(provider.approves(where(away(owner, provider="second")), email=EMAIL))
    spa = Spa(world)
    back = provider.approves(where(away(spa)), email=EMAIL)
    provider.claims["sub"] = "2"
    flow = spa.get(back).flow
    (message,) = flow.document["ui"]["messages"]
    told = [message["context"][name] for name in ("available_credential_types", "available_providers")]
    assert told == ([["oidc"], ["second"]] if hints else [[], []])
    nodes = flow.document["ui"]["nodes"]
    shown = [node["attributes"]["value"] for node in nodes if node["attributes"]["name"] == "provider"]
    assert shown == (["second"] if hints else ["second", "third"])
    assert ("password" in flow.nodes) is not hints
    again = spa.submit(flow, method="oidc", provider="second")
    assert spa.get(provider.approves(where(again), email=EMAIL)).status == 200
    methods = [(each["method"], each["provider"]) for each in spa.whoami().json["authentication_methods"]]
    assert methods == [("oidc", "second"), ("oidc", "example")]


def test_an_account_is_linked_where_the_identifier_is_asked_for_first(provider: Provider, deploy: Deploy):
    world = deploy(configured(flows={"login": {"style": "identifier_first"}}))
    world.identity(EMAIL)
    spa = Spa(world)
    flow = there_and_back(spa, provider, email=EMAIL).flow
    flow = spa.submit(flow, method="identifier_first", identifier=EMAIL).flow
    assert spa.submit(flow, method="password", identifier=EMAIL, password=PASSWORD).status == 200
    assert [each["method"] for each in spa.whoami().json["authentication_methods"]] == ["password", "oidc"]


def test_a_waiting_form_of_settings_outlives_a_sign_in_at_a_provider(provider: Provider, world: World):
    """Both use the continuity cookie: the parked form waits while its person proves at the provider who they are."""
    client = Browser(world)
    there_and_back(client, provider, email=EMAIL)
    world.clock.pass_by(hours=2)
    flow = client.start("settings")
    parked = client.submit(flow, method="password", password=PASSWORD)
    assert "refresh=true" in parked.location
    refresh = client.start("login", refresh="true", return_to=flow.document["ui"]["action"])
    back = client.get(provider.approves(client.submit(refresh, provider="example").location, email=EMAIL))
    assert back.location == flow.document["ui"]["action"]
    done = client.get(back.location)
    assert done.status == 303
    assert client.fetch("settings", flow.id).json["state"] == "success"


def test_an_account_is_not_linked_twice(provider: Provider, world: World):
    client = Spa(world)
    there_and_back(client, provider, email=EMAIL)
    flow = client.start("settings")
    assert client.submit(flow, method="oidc", link="example").flow.message_ids == [4000001]


def test_a_link_that_is_begun_needs_its_own_session(provider: Provider, deploy: Deploy):
    world = deploy(configured({}, {"id": "second"}))
    client = Spa(world)
    client.sign_up(EMAIL)
    location = where(client.submit(client.start("settings"), method="oidc", link="second"))
    back = provider.approves(location, email=EMAIL)
    kept = dict(client.cookies)
    client.cookies = {name: value for name, value in kept.items() if "session" not in name}
    reply = client.get(back)
    assert (reply.status, reply.error_id) == (401, "session_inactive")
    client.cookies = kept
    assert client.get(back).status == 200
    assert [each["method"] for each in client.whoami().json["authentication_methods"]] == ["password", "oidc"]


def test_unlinking_settings_needs_the_forms_token(provider: Provider, world: World):
    client = Spa(world)
    client.sign_up(EMAIL)
    location = where(client.submit(client.start("settings"), method="oidc", link="example"))
    client.get(provider.approves(location, email=EMAIL))
    reply = client.submit(client.start("settings"), method="oidc", unlink="example", csrf_token="")
    assert (reply.status, reply.error_id) == (403, "security_csrf_violation")


# --- forms ------------------------------------------------------------------------------------------------


def test_leaving_for_a_provider_needs_no_token_of_the_form(provider: Provider, world: World):
    client = Spa(world)
    reply = client.submit(client.start("login"), provider="example", csrf_token="")
    assert reply.status == 422
    assert client.get(provider.approves(where(reply), email=EMAIL)).status == 200


def test_a_second_journey_makes_the_first_one_void(provider: Provider, world: World):
    client = Spa(world)
    first = provider.approves(where(away(client)), email=EMAIL)
    away(client)
    assert client.get(first).status == 400


@pytest.mark.parametrize("mitigated", [True, False])
def test_a_known_identifier_shows_the_providers_that_sign_it_in(mitigated: bool, provider: Provider, deploy: Deploy):
    changes = configured({}, {"id": "second"}, flows={"login": {"style": "identifier_first"}})
    world = deploy(changes | {"security": {"account_enumeration": {"mitigate": mitigated}}})
    there_and_back(Spa(world), provider, email=EMAIL)
    client = Spa(world)
    flow = client.submit(client.start("login"), method="identifier_first", identifier=EMAIL).flow
    shown = [node["attributes"]["value"] for node in flow.document["ui"]["nodes"] if node["group"] == "oidc"]
    assert shown == (["example", "second"] if mitigated else ["example"])


def test_a_registration_that_is_off_is_off_for_providers_too(provider: Provider, deploy: Deploy):
    world = deploy(configured(registration={"enabled": False}))
    reply = there_and_back(Spa(world), provider, email=EMAIL)
    assert (reply.status, reply.error_id) == (400, "self_service_flow_disabled")


def test_an_organization_has_no_address_of_its_own(provider: Provider, deploy: Deploy):
    """As in Kratos's open-source version; here its provider signs people in all the same."""
    organization = "5a1f9f0e-6f0b-4d8e-8a52-f4d3b6f4c9d1"
    world = deploy(configured({"organization_id": organization}))
    client = Spa(world)
    back = provider.approves(where(away(client)), email=EMAIL)
    path = f"/self-service/methods/oidc/organization/{organization}/callback/example"
    assert client.get(back.replace("/self-service/methods/oidc/callback/example", path)).status == 404
    assert client.get(back).status == 200


def test_there_are_no_test_logins(world: World):
    assert world.admin("POST", "/admin/test-login-flows", {"provider_id": "example"}).status == 404


def test_a_mapper_that_fails_says_nothing_of_the_person(
    provider: Provider, deploy: Deploy, caplog: pytest.LogCaptureFixture
):
    world = deploy(configured({"mapper_url": mapper("error std.extVar('claims').email")}))
    reply = there_and_back(Spa(world), provider, email="canary@example.org")
    assert reply.status == 500
    assert b"canary" not in reply.body
    assert "canary" not in caplog.text


def test_the_secret_is_sent_as_the_protocol_says(provider: Provider, world: World):
    """RFC 6749 §2.3.1: form-encoded, then joined, then in base64."""
    there_and_back(Spa(world), provider, email=EMAIL)
    header = provider.sent("/token").headers["Authorization"]
    assert header == "Basic b3VyLWNsaWVudDpvdXIrc2VjcmV0JTNBMQ=="


def test_the_secret_goes_into_the_body_where_a_provider_wants_it(provider: Provider, world: World):
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    there_and_back(Spa(world), provider, email=EMAIL)
    assert "Authorization" not in provider.sent("/token").headers
    assert provider.form()["client_id"] == CLIENT_ID


def test_where_a_provider_is_and_its_keys_are_asked_once(provider: Provider, world: World):
    for _ in range(3):
        there_and_back(Spa(world), provider, email=EMAIL)
    asked = [call.url.removeprefix(provider.issuer) for call in provider.calls]
    assert asked.count("/.well-known/openid-configuration") == 1
    assert asked.count("/keys") == 1
    world.clock.pass_by(minutes=16)
    there_and_back(Spa(world), provider, email=EMAIL)
    asked = [call.url.removeprefix(provider.issuer) for call in provider.calls]
    assert asked.count("/.well-known/openid-configuration") == 2


SIGNATURES: dict[str, Any] = {
    "RS512": lambda parameters: RSAKey.generate_key(2048, parameters),
    "PS256": lambda parameters: RSAKey.generate_key(2048, parameters),
    "ES256": lambda parameters: ECKey.generate_key("P-256", parameters),
    "ES384": lambda parameters: ECKey.generate_key("P-384", parameters),
    "ES512": lambda parameters: ECKey.generate_key("P-521", parameters),
    "EdDSA": lambda parameters: OKPKey.generate_key("Ed25519", parameters),
}


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # for a name that providers do not use yet
@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("algorithm", SIGNATURES)
def test_a_provider_signs_as_it_announces(algorithm: str, announced: bool, provider: Provider, world: World):
    provider.metadata = {"id_token_signing_alg_values_supported": [algorithm if announced else "RS256"]}
    provider.keys = [SIGNATURES[algorithm]({"kid": "first", "use": "sig"})]
    client = Spa(world)
    back = provider.approves(where(away(client)), email=EMAIL)
    provider.tokens = {"id_token": provider.id_token({"alg": algorithm})}
    assert client.get(back).status == (200 if announced else 400)


def test_the_person_of_the_token_is_the_person_of_the_profile(provider: Provider, deploy: Deploy):
    world = deploy(configured({"claims_source": "userinfo"}))
    client = Spa(world)
    assert there_and_back(client, provider, email=EMAIL).status == 200
    other = Spa(world)
    back = provider.approves(where(away(other)), email=EMAIL)
    provider.tokens = {"id_token": provider.id_token(sub="2")}
    assert other.get(back).flow.message_ids == [4000001]


@pytest.mark.parametrize(("legacy", "group"), [(False, "default"), (True, "oidc")])
def test_what_is_still_asked_for_stands_in_the_group_that_was_chosen(
    legacy: bool, group: str, provider: Provider, deploy: Deploy
):
    world = deploy(configured() | {"feature_flags": {"legacy_oidc_registration_node_group": legacy}})
    client = Spa(world)
    flow = there_and_back(client, provider, "registration").flow
    assert flow.nodes["traits.email"]["group"] == group
    assert "password" not in flow.nodes
