"""Every built function, booted as Lambda boots it, answers an event of API Gateway. `sam local` has the same events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vestibule.local import template

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests" / "events"
PASSWORD = "blue-Kettle-42-orbit"

ALONE = {
    "LoginStart": (200, '"type":"api"'),
    "LoginFetch": (404, '"code":404'),
    "RegistrationStart": (200, '"name":"traits.email"'),
    "OidcCallback": (400, '"code":400'),
    "SettingsStart": (401, '"id":"session_inactive"'),
    "SettingsFetch": (401, '"code":401'),
    "SettingsSubmit": (401, '"code":401'),
    "RecoveryStart": (200, '"state":"choose_method"'),
    "RecoveryFetch": (404, '"code":404'),
    "RecoverySubmit": (404, '"code":404'),
    "VerificationStart": (200, '"state":"choose_method"'),
    "VerificationFetch": (404, '"code":404'),
    "VerificationSubmit": (404, '"code":404'),
    "SessionsExchange": (404, '"code":404'),
    "PublicErrors": (200, '"code":500'),
    "PublicSchemas": (200, '"title":"Person"'),
    "PublicHealth": (200, '{"status":"ok"}'),
    "PublicWellKnown": (303, ""),
    "Oauth2TokenHook": (404, '"code":404'),  # no key is configured; with one: test_token_hook.py
    "PublicPages": (200, "<!doctype html>"),
    "PublicFallback": (405, "Method Not Allowed"),
    "AdminIdentities": (201, '"email":"bob@example.com"'),
    "AdminConfig": (200, '"revision":0'),
    "AdminCourier": (200, "[]"),
    "AdminRecovery": (404, '"code":404'),
    "AdminSessions": (200, "["),
    "AdminActions": (200, '"point":"login.after"'),
    "AdminHealth": (200, '"version":"'),
    "AdminFallback": (307, ""),
}
"""Function to the status and a part of the body that its event file is answered with."""

IN_A_JOURNEY = {
    "RegistrationFetch", "RegistrationSubmit", "LoginSubmit", "LogoutStart", "LogoutSubmit",
    "SessionsWhoami", "SessionsList", "SessionsRevoke",
}  # fmt: skip


WORKERS = {
    "WorkersPublish": {"batchItemFailures": []},
    "WorkersCourier": {"batchItemFailures": []},
    "WorkersFeedback": {"batchItemFailures": []},
    "WorkersSweep": None,
    "WorkersWebhooks": {"batchItemFailures": []},
}
"""Function to what it answers to whom it works for."""


def test_every_function_is_tried():
    resources = template.read(ROOT / "template.yaml")["Resources"].items()
    functions = {name for name, entry in resources if entry["Type"] == "AWS::Serverless::Function"}
    assert functions == ALONE.keys() | IN_A_JOURNEY | WORKERS.keys() | {"AdminAuthorizer"}


@pytest.mark.parametrize("name", ALONE)
def test_a_built_function_answers_its_event(invoke, name):
    status, part = ALONE[name]
    answer = invoke(name, event(name))
    assert answer.get("statusCode") == status, answer
    assert part in compact(answer["body"])


@pytest.mark.parametrize("name", WORKERS)
def test_a_built_worker_takes_its_records(invoke, name):
    assert invoke(name, event(name)) == WORKERS[name]


def test_the_built_functions_sign_up_in_and_out(invoke, logs):
    flow = opened(invoke, "RegistrationStart")
    fetched = invoke("RegistrationFetch", event("RegistrationFetch", rawQueryString=f"id={flow}"))
    assert (fetched["statusCode"], json.loads(fetched["body"])["id"]) == (200, flow)

    signed_up = submitted(invoke, "RegistrationSubmit", flow)
    assert signed_up["identity"]["traits"]["email"] == "ann@example.com"
    signed_in = submitted(invoke, "LoginSubmit", opened(invoke, "LoginStart"))
    token = signed_in["session_token"]

    whoami = asked(invoke, "SessionsWhoami", token)
    assert whoami["identity"]["id"] == signed_up["identity"]["id"]
    assert [session["id"] for session in asked(invoke, "SessionsList", token)] == [signed_up["session"]["id"]]
    assert asked(invoke, "SessionsRevoke", token) == {"count": 1}
    assert "logout_url" in asked(invoke, "LogoutStart", token)

    left = event("LogoutSubmit", body=json.dumps({"session_token": token}))
    assert invoke("LogoutSubmit", left)["statusCode"] == 204
    assert invoke("SessionsWhoami", carrying(token, "SessionsWhoami"))["statusCode"] == 401

    logged = "".join(log.read_text() for log in logs.iterdir())
    assert "LoginSucceeded" in logged
    assert not [secret for secret in (PASSWORD, token, "ann@example.com") if secret in logged]


def test_a_wrong_password_reopens_the_form(invoke):
    submitted(invoke, "RegistrationSubmit", opened(invoke, "RegistrationStart"), email="eve@example.com")
    wrong = json.dumps({"method": "password", "identifier": "eve@example.com", "password": "wrong"})
    query = f"flow={opened(invoke, 'LoginStart')}"
    answer = invoke("LoginSubmit", event("LoginSubmit", rawQueryString=query, body=wrong))
    assert answer["statusCode"] == 400
    assert [message["id"] for message in json.loads(answer["body"])["ui"]["messages"]] == [4000006]


def test_the_admin_authoriser_knows_its_key(invoke):
    request = event("AdminAuthorizer")
    assert invoke("AdminAuthorizer", request) == {"isAuthorized": True}
    request["headers"]["authorization"] = "Bearer another"
    assert invoke("AdminAuthorizer", request) == {"isAuthorized": False}


# --- events ---------------------------------------------------------------------------------------------


def event(name: str, **changed: Any) -> dict[str, Any]:
    return json.loads((EVENTS / f"{name}.json").read_text()) | changed


def carrying(token: str, name: str) -> dict[str, Any]:
    request = event(name)
    request["headers"]["x-session-token"] = token
    return request


def asked(invoke, name: str, token: str) -> Any:
    answer = invoke(name, carrying(token, name))
    assert answer.get("statusCode") == 200, answer
    return json.loads(answer["body"])


def opened(invoke, name: str) -> str:
    """The id of a new flow."""
    return json.loads(invoke(name, event(name))["body"])["id"]


def submitted(invoke, name: str, flow: str, **traits: str) -> dict[str, Any]:
    request = event(name, rawQueryString=f"flow={flow}")
    if traits:
        form = json.loads(request["body"])
        request["body"] = json.dumps(form | {"traits": form["traits"] | traits})
    answer = invoke(name, request)
    assert answer.get("statusCode") == 200, answer
    return json.loads(answer["body"])


def compact(body: str) -> str:
    """JSON without spaces, so that the table need not know how it was written."""
    return json.dumps(json.loads(body), separators=(",", ":")) if body.startswith(("{", "[")) else body
