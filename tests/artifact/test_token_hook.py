"""The built token hook, told its key and actions by a revision while it runs, as an OAuth2 server (Hydra) asks it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.artifact.test_functions import event

Invoke = Callable[[str, dict[str, Any]], dict[str, Any]]

KEY = "a-key-of-the-oauth2-server"
PATIENCE = 60.0
"""Seconds; a function that runs looks for a new revision every five."""
CLAIMS = """function(ctx) {
  access_token: {tier: 'gold'},
  id_token: {email: ctx.identity.traits.email, verified: [each.value for each in ctx.verified_addresses]},
}"""


@pytest.fixture(scope="module")
def invoke(deployment) -> Iterator[Invoke]:
    """Functions on a table of their own: what is configured here is for no other test."""
    with deployment("token-hook") as invoked:
        yield invoked


def person(invoke: Invoke) -> str:
    made = invoke("AdminIdentities", event("AdminIdentities"))
    return json.loads(made["body"])["id"]


def configured(invoke: Invoke) -> None:
    """By the admin API, as `vestibule patch identity-config` does it."""
    body = f"base64://{base64.b64encode(CLAIMS.encode()).decode()}"
    token = {
        "api_key": {"in": "header", "name": "Authorization", "values": [KEY]},
        "hooks": [{"hook": "claims", "config": {"id": "profile", "body": body}}],
    }
    patch = json.dumps([{"op": "add", "path": "/vestibule/oauth2/token", "value": token}])
    changed = invoke("AdminConfig", asked("AdminConfig", "PATCH", "/admin/config", patch))
    assert changed["statusCode"] == 200, changed
    assert KEY not in json.loads(changed["body"])["diff"]


def asked(name: str, method: str, path: str, body: str, **headers: str) -> dict[str, Any]:
    request = event(name, routeKey=f"{method} {path}", rawPath=path, body=body)
    request["requestContext"]["http"] |= {"method": method, "path": path}
    request["headers"] |= {"content-type": "application/json", **headers}
    return request


def tokens(subject: str, path: str = "/oauth2/token-hook", *, key: str = KEY) -> dict[str, Any]:
    """A request of either hook for a refresh; the access token has a claim from the consent."""
    document = json.loads(event("Oauth2TokenHook")["body"])
    session = document["session"]
    session["id_token"]["subject"] = session["id_token"]["id_token_claims"]["sub"] = subject
    session["extra"] = {"from": "consent"}
    if path == "/oauth2/refresh-token-hook":
        document = {"subject": subject, "session": session, "requester": document["request"], "client_id": "shop"}
    return asked("Oauth2TokenHook", "POST", path, json.dumps(document), authorization=key)


def test_the_token_hook_follows_its_configuration_and_answers_as_hydra_reads_it(invoke: Invoke):
    subject = person(invoke)
    assert invoke("Oauth2TokenHook", tokens(subject))["statusCode"] == 404

    configured(invoke)
    until = time.monotonic() + PATIENCE
    while (answer := invoke("Oauth2TokenHook", tokens(subject)))["statusCode"] == 404 and time.monotonic() < until:
        time.sleep(0.5)
    assert answer["statusCode"] == 200, answer
    told = {
        "session": {
            "access_token": {"from": "consent", "tier": "gold"},
            "id_token": {"email": "bob@example.com", "verified": []},
        }
    }
    assert json.loads(answer["body"]) == told
    legacy = invoke("Oauth2TokenHook", tokens(subject, "/oauth2/refresh-token-hook"))
    assert (legacy["statusCode"], json.loads(legacy["body"])) == (200, told)

    assert invoke("Oauth2TokenHook", tokens(subject, key="another"))["statusCode"] == 401
    nobody = "9f0e2f1f-3c5b-4a90-8f6d-0e0c7c1c4a5c"
    assert invoke("Oauth2TokenHook", tokens(nobody))["statusCode"] == 403

    patch = json.dumps([{"op": "replace", "path": "/state", "value": "inactive"}])
    request = asked("AdminIdentities", "PATCH", f"/admin/identities/{subject}", patch)
    request |= {"routeKey": "PATCH /admin/identities/{id}", "pathParameters": {"id": subject}}
    assert invoke("AdminIdentities", request)["statusCode"] == 200
    assert invoke("Oauth2TokenHook", tokens(subject))["statusCode"] == 403
