"""What `actions lint` says, and what it leaves to others."""

from __future__ import annotations

from typing import Any

import pytest
from tests.config.documents import document

from vestibule.config.action_lint import Check, linted
from vestibule.config.document import put

FLOWS = "/selfservice/flows"
TOKEN = "/vestibule/oauth2/token"


def web_hook(**config: Any) -> dict[str, Any]:
    return {
        "hook": "web_hook",
        "config": {"url": "https://example.org/", "method": "POST", "body": "file://body.jsonnet", **config},
    }


def _fine(_: str) -> str | None:
    return None


def said(path: str, value: Any, check: Check | None = None, **more: Any) -> list[tuple[str, str, str]]:
    content = document(path, value)
    for key, below in more.items():
        content = put(content, key.split("__"), below)
    return [(each.severity, each.path, each.message) for each in linted(content, check or _fine)]


def test_nothing_is_said_of_actions_that_run():
    assert said(f"{FLOWS}/login/after/hooks", [web_hook()]) == []


def test_nothing_is_said_of_anything_else():
    assert said("/serve/public/base_url", "http://example.org/") == []
    assert said("/no/such/key", 1) == []


def test_errors_come_first():
    found = said(f"{FLOWS}/login/after/hooks", [web_hook(can_interrupt=True), {"hook": "sesion"}, {"hook": "session"}])
    assert [severity for severity, _, _ in found] == ["error", "error", "info"]
    assert ("error", f"{FLOWS}/login/after/hooks/1/hook", "there is no such hook; did you mean session?") in found


def test_references_are_not_looked_into():
    assert (
        said(f"{FLOWS}/login/after/hooks", [web_hook(url="https://example.org/", headers={"X-Key": "secret://ssm/k"})])
        == []
    )


@pytest.mark.attack("cfg-01")
@pytest.mark.parametrize(
    "path",
    [
        f"{FLOWS}/registration/before/hooks",
        f"{FLOWS}/registration/after/hooks",
        f"{FLOWS}/registration/after/password/hooks",
        f"{TOKEN}/hooks",
    ],
)
def test_templates_are_read_wherever_they_stand(path: str):
    read: list[str] = []

    def check(source: str) -> str | None:
        read.append(source)
        return "the template fails at line 3, column 7"

    found = said(path, [web_hook()], check)
    assert read == ["file://body.jsonnet"]
    assert ("error", f"{path}/0/config/body", "the template fails at line 3, column 7") in found


def test_token_actions_that_nobody_can_call_are_a_warning():
    claims = {"hook": "claims", "config": {"body": "base64://e30="}}
    ((severity, path, message),) = said(f"{TOKEN}/hooks", [claims])
    assert (severity, path) == ("warning", f"{TOKEN}/hooks")
    assert "api_key" in message
    key: dict[str, Any] = {"vestibule__oauth2__token__api_key__values": ["a-key-for-tests-alone"]}
    assert said(f"{TOKEN}/hooks", [claims], **key) == []
    assert [severity for severity, _, _ in said(f"{TOKEN}/hooks", [claims, claims], **key)] == ["error"]


@pytest.mark.parametrize("config", [{"can_interrupt": True}, {"response": {"parse": True}}])
def test_switches_without_effect_on_tokens_are_said(config: dict[str, Any]):
    key: dict[str, Any] = {"vestibule__oauth2__token__api_key__values": ["a-key-for-tests-alone"]}
    ((severity, _, message),) = said(f"{TOKEN}/hooks", [web_hook(**config)], **key)
    assert (severity, "403 denies" in message) == ("info", True)


@pytest.mark.parametrize("value", [[], "x", [1], [{}], {"a": 1}])
def test_malformed_lists_of_token_actions_are_no_crash(value: Any):
    assert all(path.startswith("/vestibule/oauth2") for _, path, _ in said(f"{TOKEN}/hooks", value))
