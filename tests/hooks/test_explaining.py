"""What `actions explain` says is what runs."""

from __future__ import annotations

from typing import Any

import pytest
from tests.world import World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.points import Point
from vestibule.domain.json import Json
from vestibule.hooks import explaining

FLOWS = "/selfservice/flows"


def hook(name: str, **config: Any) -> dict[str, Any]:
    url = f"https://user:geheim@target.example.org/{name}?token=geheim"
    return {"hook": "web_hook", "config": {"id": name, "url": url, "method": "POST", "body": "base64://e30=", **config}}


def explained(table: SqliteTable, asked: str, flows: dict[str, Any], **more: Any) -> Json:
    changes = {"selfservice": {"flows": flows, **more}}
    return explaining.explained(asked, World.build(table, changes).svc.config)


def ran(document: Json) -> dict[str, list[str]]:
    """Point to the hooks that run there."""
    return {each["point"]: [hook.get("id", hook["hook"]) for hook in each["hooks"]] for each in document["points"]}


DOCUMENTED = {
    "before": {"hooks": [hook("hook_1")]},
    "after": {"hooks": [hook("hook_2")], "password": {"hooks": [hook("hook_3")]}},
}
"""The example of the product's documents: 1 and 3 for the password, 1 and 2 for any other method."""


def test_the_documented_example_is_explained(sqlite_table: SqliteTable):
    said = explained(sqlite_table, "login.password", {"login": DOCUMENTED})
    assert ran(said) == {"login.before": ["hook_1"], "login.after": ["hook_3"]}
    (shadowed,) = said["shadowed"]
    assert (shadowed["id"], shadowed["at"]) == ("hook_2", f"{FLOWS}/login/after/hooks/0")
    assert shadowed["why"] == "the hooks of login.after.password take the place of the default ones"
    other = explained(sqlite_table, "login.oidc", {"login": DOCUMENTED})
    assert ran(other) == {"login.before": ["hook_1"], "login.after": ["hook_2"]}
    assert other["shadowed"] == []


@pytest.mark.parametrize("asked", ["login.password", "login.after.password"])
def test_places_may_be_named_as_they_stand_in_the_configuration(sqlite_table: SqliteTable, asked: str):
    assert ran(explained(sqlite_table, asked, {"login": DOCUMENTED}))["login.after"] == ["hook_3"]


@pytest.mark.parametrize("asked", ["login", "login.after"])
def test_without_a_method_it_is_one_that_has_no_list(sqlite_table: SqliteTable, asked: str):
    assert ran(explained(sqlite_table, asked, {"login": DOCUMENTED}))["login.after"] == ["hook_2"]


@pytest.mark.parametrize("flow", ["registration", "settings"])
def test_hooks_whose_answers_are_read_run_before_storing_others_after_it(sqlite_table: SqliteTable, flow: str):
    reads = hook("reads", response={"parse": True})
    said = explained(sqlite_table, flow, {flow: {"after": {"hooks": [reads, hook("told")]}}})
    assert ran(said) == {f"{flow}.before": [], f"{flow}.pre_persist": ["reads"], f"{flow}.post_persist": ["told"]}
    assert (said["shadowed"], said["never"]) == ([], [])


def test_what_runs_by_itself_is_named(sqlite_table: SqliteTable):
    flows = {
        "verification": {"enabled": True},
        "registration": {"after": {"password": {"hooks": [{"hook": "session"}]}}},
    }
    (_, _, after) = explained(sqlite_table, "registration.password", flows)["points"]
    assert [each["hook"] for each in after["hooks"]] == ["verification", "session"]
    assert after["hooks"][0]["why"] == "runs by itself, since verification is enabled"


def test_hooks_that_never_do_anything_say_why(sqlite_table: SqliteTable):
    hooks = [{"hook": "b2b_sso"}, {"hook": "verification"}, {"hook": "notify_previous_addresses"}]
    flows = {"login": {"after": {"hooks": hooks[:2]}}, "settings": {"after": {"hooks": hooks[2:]}}}
    never = explained(sqlite_table, "login.totp", flows)["never"]
    assert [each["at"] for each in never] == [f"{FLOWS}/login/after/hooks/0", f"{FLOWS}/login/after/hooks/1"]
    assert "no implementation" in never[0]["why"]
    assert never[1]["why"] == "it acts on first factors only"
    (never,) = explained(sqlite_table, "settings.password", flows)["never"]
    assert never["why"] == "notify_previous_addresses acts for profile only"


@pytest.mark.parametrize(
    ("asked", "flows", "methods", "word"),
    [
        ("recovery", {"recovery": {"enabled": False}}, {}, "flows.recovery"),
        ("login.totp", {}, {}, "methods.totp"),
        ("registration.code", {}, {"code": {"mfa_enabled": True}}, "methods.code"),
    ],
)
def test_what_is_switched_off_is_said_first(sqlite_table: SqliteTable, asked: str, flows: Any, methods: Any, word: str):
    assert word in explained(sqlite_table, asked, flows, methods=methods)["off"]


def test_what_is_switched_on_is_not_off(sqlite_table: SqliteTable):
    for asked in ("login.password", "settings.profile", "verification"):
        assert explained(sqlite_table, asked, {"verification": {"enabled": True}})["off"] is None
    code = {"code": {"mfa_enabled": True}}
    assert explained(sqlite_table, "login.code", {}, methods=code)["off"] is None


def test_addresses_are_shown_without_secrets(sqlite_table: SqliteTable):
    said = explained(sqlite_table, "login", {"login": DOCUMENTED})
    assert said["points"][0]["hooks"][0]["calls"] == "POST https://target.example.org/hook_1"
    assert "geheim" not in str(said)


@pytest.mark.parametrize("asked", ["", "logout", "login.fingerprint", "recovery.code", "login.password.oidc", "."])
def test_other_places_are_refused_with_those_that_there_are(sqlite_table: SqliteTable, asked: str):
    with pytest.raises(explaining.NoSuchPlace) as refused:
        explained(sqlite_table, asked, {})
    assert (
        "there are" in str(refused.value) or "its methods are" in str(refused.value) or "do not" in str(refused.value)
    )


def test_every_point_is_explained_by_its_flow(sqlite_table: SqliteTable):
    points = [each["point"] for flow in explaining.FLOWS for each in explained(sqlite_table, flow, {})["points"]]
    assert sorted(points) == sorted(Point)


def test_token_actions_are_explained(sqlite_table: SqliteTable):
    token = {"hooks": [{"hook": "claims", "config": {"id": "roles", "body": "base64://e30="}}, hook("risk")]}
    world = World.build(sqlite_table, {"vestibule": {"oauth2": {"token": token}}})
    said = explaining.explained("oauth2.token", world.svc.config)
    assert ran(said) == {"oauth2.token": ["roles", "risk"]}
    assert "api_key" in said["off"]


def test_the_admin_api_explains(sqlite_table: SqliteTable):
    world = World.build(sqlite_table, {"selfservice": {"flows": {"login": DOCUMENTED}}})
    reply = world.admin("GET", "/admin/actions/explain?of=login.password")
    assert (reply.status, ran(reply.json)["login.after"]) == (200, ["hook_3"])
    assert world.admin("HEAD", "/admin/actions/explain?of=login.password").status == 200
    wrong = world.admin("GET", "/admin/actions/explain?of=logout")
    assert (wrong.status, "login, registration" in wrong.json["error"]["reason"]) == (400, True)
