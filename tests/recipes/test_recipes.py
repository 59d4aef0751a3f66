"""Each page of docs/recipes does what it says, for the three clients where they differ."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests import verification
from tests.config.documents import document
from tests.recipes.conftest import SECRETS, Deployed
from tests.recipes.page import FOLDER, PAGES, page
from tests.resources.administrator import created
from tests.world import CLIENTS, PASSWORD, PUBLIC, Browser, Client, Native, Reply

from vestibule.adapters.templates import FetchedTemplates
from vestibule.config.action_lint import linted
from vestibule.config.document import merged
from vestibule.ports import TemplateFailed

Deploy = Callable[..., Deployed]

ANN = "ann@example.org"
APP_PAGES = {"selfservice": {"flows": {"verification": {"ui_url": "https://app.example.org/verification"}}}}


# --- every page ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_nothing_to_complain_of(name: str, templates: FetchedTemplates):
    """Its templates are Jsonnet, its files are there, and all its hooks run."""
    recipe = page(name)

    def wrong(source: str) -> str | None:
        try:
            templates.check(source)
        except TemplateFailed as failed:
            return str(failed)
        return None

    findings = linted(merged(document(), recipe.configuration), wrong)
    assert [finding for finding in findings if finding.severity != "info"] == []


def test_every_page_is_listed():
    index = (FOLDER / "README.md").read_text()
    assert [name for name in PAGES if f"({name}.md)" not in index] == []


# --- who may sign up ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLIENTS)
def test_only_one_domain_signs_up(deployed: Deploy, kind: type[Client]):
    world = deployed("one-email-domain").world
    client = kind(world)
    refused = client.refused_flow("registration", client.sign_up("ann@example.com"))
    (message,) = refused.nodes["traits.email"]["messages"]
    assert (message["id"], message["text"]) == (4990001, "Please use your address at example.org.")
    assert refused.nodes["traits.email"]["attributes"]["value"] == "ann@example.com"
    again = client.submit(refused, method="password", password=PASSWORD, traits={"email": ANN})
    assert again.status in (200, 303)
    assert client.whoami().status == 200


def test_a_domain_that_only_ends_alike_is_another(deployed: Deploy):
    app = Native(deployed("one-email-domain").world)
    for email in ("ann@not-example.org", "ann@example.org.evil.com", '"ann@example.org"@evil.com'):
        assert app.sign_up(email).status == 400


@pytest.mark.parametrize("kind", CLIENTS)
def test_wrong_code_corrected_and_accepted(deployed: Deploy, kind: type[Client]):
    there = deployed("invite-code")
    client = kind(there.world)
    asked = client.refused_flow("registration", client.sign_up(ANN))
    field = "transient_payload.invite_code"
    assert [each["text"] for each in asked.nodes[field]["messages"]] == ["Signing up takes an invite code."]

    def send(flow: Any, code: str) -> Reply:
        given = {"method": "password", "password": PASSWORD, "traits": {"email": ANN}}
        return client.submit(flow, **given, transient_payload={"invite_code": code})

    wrong = client.refused_flow("registration", send(asked, "winter"))
    assert [each["text"] for each in wrong.nodes[field]["messages"]] == ["This invite code is not known."]
    assert there.world.svc.identities.by_identifier(["password"], ANN) is None
    assert send(wrong, " Spring-42 ").status in (200, 303)
    assert client.whoami().json["identity"]["traits"]["email"] == ANN
    ids = [call.headers["webhook-id"] for call in there.services.calls]
    assert len(set(ids)) == 3, "a corrected form is another event"


def test_a_code_is_stored_nowhere_in_the_identity(deployed: Deploy):
    world = deployed("invite-code").world
    reply = Native(world).sign_up(ANN, transient_payload={"invite_code": "spring-42"})
    assert "spring" not in json.dumps(world.admin("GET", f"/admin/identities/{reply.json['identity']['id']}").json)


# --- from where ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flow", ["login", "registration"])
def test_blocked_addresses_see_no_form(deployed: Deploy, flow: str):
    world = deployed("client-address").world
    url = f"{PUBLIC}/self-service/{flow}/api"
    assert world.send("GET", url).status == 200
    for said in ({}, {"True-Client-Ip": "192.0.2.7"}, {"X-Forwarded-For": "192.0.2.7"}):
        refused = world.send("GET", url, headers=said, source_ip="198.51.100.9")
        assert (refused.status, refused.error_id) == (403, "self_service_flow_refused")
        (message,) = refused.json["error"]["details"]["messages"]
        assert message["text"] == "This service is not available where you are."


def test_a_browser_from_there_is_sent_to_the_error_page(deployed: Deploy):
    world = deployed("client-address").world
    refused = world.send("GET", f"{PUBLIC}/self-service/login/browser", source_ip="198.51.100.9")
    assert (refused.status, refused.location.split("?")[0]) == (303, "https://app.example.org/error")


def test_a_country_is_believed_to_a_trusted_proxy_alone(deployed: Deploy):
    url, abroad = f"{PUBLIC}/self-service/login/api", {"CloudFront-Viewer-Country": "US"}
    assert deployed("client-address").world.send("GET", url, headers=abroad).status == 200
    world = deployed("client-address", {"vestibule": {"trusted_proxy": True}}).world
    at_home = {"CloudFront-Viewer-Country": "FR", "True-Client-Ip": "192.0.2.7"}
    assert world.send("GET", url, headers=at_home).status == 200
    assert world.send("GET", url, headers=at_home | abroad).status == 403


# --- built-in ones -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_sign_in_ends_the_others(deployed: Deploy, kind: type[Client]):
    world = deployed("one-session").world
    first, second = kind(world), kind(world)
    first.sign_up(ANN)
    assert first.whoami().status == 200
    second.sign_in(ANN)
    assert (first.whoami().status, second.whoami().status) == (401, 200)


def test_an_unverified_address_does_not_sign_in(deployed: Deploy):
    world = deployed("verified-address", APP_PAGES).world
    app = Native(world)
    signed_up = app.sign_up(ANN)
    assert [each["action"] for each in signed_up.json["continue_with"]] == ["show_verification_ui"]
    refused = app.sign_in(ANN)
    assert (refused.status, refused.error_id) == (403, "session_verified_address_required")
    (item,) = refused.json["error"]["details"]["continue_with"]
    flow = app.fetch("verification", item["flow"]["id"]).flow
    assert verification.enter(app, flow, verification.code_to(world, ANN)).status == 200
    assert app.sign_in(ANN).status == 200


def test_a_browser_is_led_to_the_proof(deployed: Deploy):
    browser = Browser(deployed("verified-address", APP_PAGES).world)
    assert browser.sign_up(ANN).location.startswith("https://app.example.org/verification?flow=")
    assert browser.sign_in(ANN).location.startswith("https://app.example.org/verification?flow=")
    assert browser.whoami().status == 401


# --- services that nobody waits for --------------------------------------------------------------------------


def test_a_welcome_mail_is_sent_behind_the_sign_up(deployed: Deploy):
    there = deployed("welcome-mail")
    app = Native(there.world)
    assert app.sign_up(ANN).status == 200
    assert there.services.calls == []
    (call,) = there.deliver()
    assert (call.method, call.url) == ("POST", "https://mandrillapp.com/api/1.0/messages/send-template")
    assert (call.json["key"], call.json["message"]["to"]) == ("md-geheim", [{"email": ANN, "type": "to"}])
    assert there.deliver() == []
    assert "md-geheim" not in str(there.world.stored())


def test_accounts_of_tests_get_no_welcome_mail(deployed: Deploy):
    there = deployed("welcome-mail")
    Native(there.world).sign_up("test-7@example.org")
    assert there.deliver() == []


def test_a_crm_that_is_down_keeps_nobody_from_signing_up(deployed: Deploy):
    there = deployed("crm-sync")
    there.services.broken = True
    assert Native(there.world).sign_up(ANN, traits={"email": ANN, "name": {"first": "Ann"}}).status == 200
    assert len(there.deliver()) == 3
    there.services.broken = False
    there.world.clock.pass_by(minutes=6)
    (call,) = there.deliver()
    assert call.json["properties"]["firstname"] == "Ann"
    assert call.headers["Authorization"] == "Bearer pat-geheim"
    assert there.world.svc.identities.find(call.json["properties"]["identity_id"]) is not None


def test_a_changed_profile_goes_to_the_crm_too(deployed: Deploy):
    there = deployed("crm-sync", {"selfservice": {"flows": {"settings": {"ui_url": "https://app.example.org/s"}}}})
    app = Native(there.world)
    app.sign_up(ANN)
    there.deliver()
    app.submit(app.start("settings"), method="profile", traits={"email": ANN, "name": {"first": "Anna"}})
    assert [call.json["properties"]["firstname"] for call in there.deliver()] == ["Anna"]


# --- services that say something -----------------------------------------------------------------------------


def test_metadata_of_a_known_customer_is_stored(deployed: Deploy):
    there = deployed("metadata")
    signed_up = Native(there.world).sign_up(ANN).json
    assert signed_up["session"]["identity"]["metadata_public"] == {"plan": "pro"}
    stored = there.world.admin("GET", f"/admin/identities/{signed_up['identity']['id']}").json
    assert stored["metadata_admin"] == {"customer_number": "C-1001"}
    (call,) = there.services.calls
    assert (call.json["id"], call.headers["X-Api-Key"]) == (stored["id"], SECRETS["secret://ssm/customers"])


@pytest.mark.parametrize("broken", [False, True])
def test_others_sign_up_without_metadata(deployed: Deploy, broken: bool):
    there = deployed("metadata")
    there.services.broken = broken
    reply = Native(there.world).sign_up("bob@example.org")
    assert (reply.status, reply.json["identity"]["metadata_public"]) == (200, None)


def token_request(subject: str, *scopes: str, client: str = "shop", grant: str = "refresh_token") -> bytes:
    told = {"id_token_claims": {"sub": subject, "ext": {"nickname": "annie"}}, "subject": subject}
    request = {"client_id": client, "granted_scopes": list(scopes), "grant_types": [grant]}
    return json.dumps({"session": {"id_token": told, "extra": {}}, "request": request}).encode()


def test_tokens_carry_claims_of_the_identity_as_it_is_now(deployed: Deploy):
    world = deployed("token-claims").world
    address = {"value": ANN, "via": "email", "verified": True, "status": "completed"}
    person = created(world, ANN, metadata_public={"roles": ["editor"]}, verifiable_addresses=[address])

    def asked(*scopes: str, **of: str) -> Reply:
        headers = {"X-Api-Key": SECRETS["secret://ssm/hydra"]}
        body = token_request(person["id"], *scopes, **of)
        return world.send("POST", f"{PUBLIC}/oauth2/token-hook", headers=headers, body=body)

    assert asked("openid").json == {
        "session": {"access_token": {"roles": ["editor"]}, "id_token": {"nickname": "annie"}}
    }
    mail = {"nickname": "annie", "email": ANN, "email_verified": True}
    assert asked("openid", "email").json["session"]["id_token"] == mail
    assert asked("openid", client="stolen").status == 403
    assert asked("openid", grant="client_credentials").status == 204
    world.admin(
        "PATCH", f"/admin/identities/{person['id']}", [{"op": "replace", "path": "/state", "value": "inactive"}]
    )
    assert asked("openid").status == 403
