"""The built stack on an AWS of this machine: API Gateway, Lambda, DynamoDB with its stream, EventBridge, SQS, SES."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.artifact.lambda_runtime import ROOT, Missing
from tests.deployed.emulator import Stack, deploy, eventually, running

PASSWORD = "nine lives of a grey cat"


def configuration() -> dict[str, Any]:
    """What ships, with hashes that are cheap to make, and without the question to the list of breached passwords."""
    shipped = yaml.safe_load((ROOT / "infra" / "config" / "kratos.yml").read_text())
    schema = ROOT / "infra" / "config" / "identity.schema.json"
    shipped["identity"]["schemas"] = [{"id": "person", "url": schema.as_uri()}]
    shipped["hashers"] = {"algorithm": "bcrypt", "bcrypt": {"cost": 4}}
    shipped["selfservice"]["methods"]["password"]["config"]["haveibeenpwned_enabled"] = False
    hooks = [{"hook": "show_verification_ui"}, {"hook": "session"}]
    shipped["selfservice"]["flows"]["registration"]["after"]["password"]["hooks"] = hooks
    return shipped


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("ministack")
    try:
        with running(folder) as endpoint:
            yield deploy(endpoint, folder, configuration())
    except Missing as missing:
        pytest.skip(str(missing))


def test_a_person_signs_up_gets_the_code_by_mail_and_proves_the_address(stack: Stack):
    token, flow = signed_up(stack, "ann@example.org")
    assert stack.call("public", "GET", "/sessions/whoami", X_Session_Token=token)[0] == 200
    code = eventually(lambda: code_mailed_to(stack, "ann@example.org"))
    status, proven = stack.call(
        "public", "POST", f"/self-service/verification?flow={flow}", {"method": "code", "code": code}
    )
    assert (status, proven["state"]) == (200, "passed_challenge")
    (ann,) = stack.call("admin", "GET", "/admin/identities?credentials_identifier=ann@example.org")[1]
    assert ann["verifiable_addresses"][0]["verified"] is True
    sent = stack.call("admin", "GET", "/admin/courier/messages?recipient=ann@example.org")[1]
    assert [message["status"] for message in sent] == ["sent"]


def signed_up(stack: Stack, email: str) -> tuple[str, str]:
    """(session token, id of the verification flow)."""
    flow = stack.call("public", "GET", "/self-service/registration/api")[1]["id"]
    form = {"method": "password", "password": PASSWORD, "traits": {"email": email}}
    status, done = stack.call("public", "POST", f"/self-service/registration?flow={flow}", form)
    assert status == 200, done
    shown = next(each for each in done["continue_with"] if each["action"] == "show_verification_ui")
    return done["session_token"], shown["flow"]["id"]


def code_mailed_to(stack: Stack, email: str) -> str | None:
    """The code in the first mail that SES took for her, once it did."""
    mails = stack.mails_to(email)
    return re.search(r"\b\d{6}\b", mails[0]["BodyText"])[0] if mails else None
