"""The configuration over the admin API, and the process that follows it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.live import Live, lived
from tests.world import Native

from vestibule import wiring
from vestibule.stores.configurations import KEPT

LIFESPAN = "/selfservice/flows/login/lifespan"
HOOKS = "/selfservice/flows/login/after/hooks"
REVOKE = {"hook": "revoke_active_sessions"}
KEY = "a-key-that-nobody-shall-read"


def add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def web_hook(**config: Any) -> dict[str, Any]:
    return {
        "hook": "web_hook",
        "config": {"url": "https://hooks.example.org/", "method": "POST", "body": "base64://e30=", **config},
    }


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with lived(tmp_path) as world:
        yield world


def test_the_configuration_is_shown_without_the_store_and_the_secrets(live: Live):
    reply = live.admin("GET", "/admin/config")
    assert reply.status == 200
    assert reply.json["revision"] == 0
    assert reply.json["config"].keys() & {"dsn", "secrets"} == set()
    assert reply.json["config"]["identity"]["default_schema_id"] == "person"


def test_a_change_is_in_force_at_once_and_after_a_restart(live: Live):
    reply = live.patch(add(LIFESPAN, "7m"), add(HOOKS, [REVOKE]))
    assert (reply.status, reply.json["revision"], reply.json["changed"]) == (200, 1, True)
    flows = live.config()["selfservice"]["flows"]
    assert (flows["login"]["lifespan"], flows["login"]["after"]["hooks"]) == ("7m", [REVOKE])
    assert wiring.services().config.selfservice.flows.login.lifespan.total_seconds() == 420
    live.restarted()
    assert wiring.services().config.selfservice.flows.login.lifespan.total_seconds() == 420


def test_a_bad_change_is_refused_with_its_reasons_and_changes_nothing(live: Live):
    for operation, path in (
        (add(f"{HOOKS}/0", {"hook": "no_such_hook"}), f"{HOOKS}/0/hook"),
        (add(f"{HOOKS}", [{"hook": "session"}]), f"{HOOKS}/0"),
        (add("/selfservice/flows/login/lifespam", "1h"), "/selfservice/flows/login/lifespam"),
        (add("/identity/schemas/0/url", "base64://e30="), "/identity/schemas/0/url"),
    ):
        reply = live.patch(add(LIFESPAN, "7m"), operation)
        assert reply.status == 400, operation
        assert path in [finding["path"] for finding in reply.json["error"]["details"]["findings"]]
    assert live.admin("GET", "/admin/config").json["revision"] == 0
    assert "lifespan" not in live.config()["selfservice"]["flows"]["login"]


@pytest.mark.parametrize("key", ["dsn", "secrets/cookie/0", "serve/public/base_url", "log/level"])
def test_what_is_read_at_the_start_cannot_be_patched(live: Live, key: str):
    for operation in (add(f"/{key}", "x" * 32), {"op": "copy", "from": f"/{key}", "path": "/revision"}):
        reply = live.patch(operation)
        assert reply.status == 400
        assert f"/{key}" in reply.json["error"]["reason"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/vestibule/pages/logo", "file:///proc/self/environ"),
        ("/courier/templates/login_code/valid/email/subject", "file:///proc/self/environ"),
        ("/courier/templates/login_code/valid/email/subject", "/proc/self/environ"),
        (f"{HOOKS}/0", web_hook(body="/etc/passwd")),
        ("/identity/schemas/-", {"id": "b", "url": "schema.json"}),
        (f"{HOOKS}/0", web_hook(headers={"X-A": "env://AWS_SECRET_ACCESS_KEY"})),
    ],
)
def test_a_change_reads_no_files_and_no_credentials_of_the_machine(
    live: Live, monkeypatch: pytest.MonkeyPatch, path: str, value: Any
):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    reply = live.patch(add(path, value))
    assert reply.status == 400
    assert any("names a" in finding["message"] for finding in reply.json["error"]["details"]["findings"])


def test_a_dry_run_tells_everything_and_does_nothing(live: Live):
    said = live.patch(add(HOOKS, [web_hook(), REVOKE]), query="?dry_run=true").json
    assert (said["changed"], said["accepted"], said["revision"]) == (False, True, 0)
    assert "+        - hook: revoke_active_sessions\n" in said["diff"]
    assert {"path": f"{HOOKS}/1/hook", "before": None, "after": "revoke_active_sessions"} in said["effective"]
    refused = live.patch(add(LIFESPAN, "soon"), query="?dry_run=true").json
    assert (refused["accepted"], refused["findings"][0]["path"]) == (False, LIFESPAN)
    assert live.admin("GET", "/admin/config").json["revision"] == 0


def test_of_two_editors_one_gets_a_conflict(live: Live):
    seen = live.admin("GET", "/admin/config").headers["etag"]
    assert live.patch(add(LIFESPAN, "7m"), If_Match=seen).status == 200
    assert live.patch(add(LIFESPAN, "9m"), If_Match=seen).status == 409
    assert live.patch(add(LIFESPAN, "9m"), If_Match="0").status == 409
    assert live.patch(add(LIFESPAN, "9m"), If_Match="1").status == 200


def test_of_two_who_write_at_the_same_moment_one_gets_a_conflict(live: Live, monkeypatch: pytest.MonkeyPatch):
    live.patch(add(LIFESPAN, "7m"))
    configurations = live.svc.configurations
    monkeypatch.setattr(type(configurations), "head", lambda self, consistent=True: 0)
    reply = live.patch(add(LIFESPAN, "9m"))
    assert reply.status == 409
    monkeypatch.undo()
    assert live.config()["selfservice"]["flows"]["login"]["lifespan"] == "7m"


def test_secrets_are_sealed_in_the_store_and_masked_in_what_is_told(live: Live):
    auth = {"type": "api_key", "config": {"name": "Authorization", "value": KEY, "in": "header"}}
    said = live.patch(add(HOOKS, [web_hook(auth=auth, headers={"X-Api-Key": KEY})])).json
    assert KEY not in str(live.stored())
    assert KEY not in json.dumps({name: said[name] for name in ("diff", "effective", "findings")})
    assert KEY not in live.admin("GET", "/admin/config/history").body.decode()
    assert KEY not in json.dumps(said["config"])
    shown = live.config("?secrets=true")["selfservice"]["flows"]["login"]["after"]["hooks"][0]["config"]
    assert shown["auth"] == auth


SECRET = "a-s3cret-that-nobody-shall-ever-read"
JWKS = (
    "base64://"
    + base64.b64encode(
        json.dumps({"keys": [{"kty": "oct", "alg": "HS256", "kid": "a", "k": SECRET * 2}]}).encode()
    ).decode()
)
BASIC = {"type": "basic_auth", "config": {"user": "me", "password": SECRET}}
API_KEY = {"type": "api_key", "config": {"name": "X-Api-Key", "value": SECRET, "in": "header"}}
OIDC = {
    "id": "o",
    "provider": "generic",
    "client_id": "c",
    "issuer_url": "https://op.example.org",
    "mapper_url": "base64://e30=",
}
APPLE = {
    "id": "a",
    "provider": "apple",
    "client_id": "c",
    "mapper_url": "base64://e30=",
    "apple_team_id": "t",
    "apple_private_key_id": "k",
}
TARGET = {
    "url": f"https://me:{SECRET}@mail.example.org/?api_key={SECRET}&page=1",
    "method": "POST",
    "body": "base64://e30=",
}
SECRETS: dict[str, Any] = {
    "/selfservice/methods/oidc/config": {
        "providers": [OIDC | {"client_secret": SECRET}, APPLE | {"apple_private_key": SECRET}]
    },
    "/selfservice/methods/password/config/migrate_hook": {
        "enabled": True,
        "config": {"url": "https://old.example.org/", "auth": BASIC, "headers": {"Authorization": SECRET}},
    },
    "/selfservice/flows/login/after/hooks": [web_hook(auth=API_KEY, headers={"X-Api-Key": SECRET, "Cookie": SECRET})],
    "/courier/smtp": {"connection_uri": f"smtps://me:{SECRET}@mail.example.org:465/", "headers": {"X-Auth": SECRET}},
    "/courier/http": {"request_config": {**TARGET, "auth": BASIC, "headers": {"X-Token": SECRET}}},
    "/courier/channels": [{"id": "sms", "type": "http", "request_config": {**TARGET, "auth": API_KEY}}],
    "/session/whoami/tokenizer/templates": {"t": {"ttl": "5m", "jwks_url": JWKS}},
    "/oauth2_provider/headers": {"Authorization": f"Bearer {SECRET}"},
    "/vestibule/webhooks/signing": {"secrets": ["whsec_" + base64.b64encode(SECRET.encode()).decode()]},
    "/vestibule/oauth2/token/api_key": {"values": [SECRET]},
    "/vestibule/proxy_key": SECRET,
    "/vestibule/admin_keys": [SECRET],
}
"""Where secrets stand in a configuration (contract 05) and may be patched, with what can be said there."""


@pytest.mark.parametrize("path", SECRETS)
def test_no_secret_is_shown_and_what_is_shown_can_be_written_back(live: Live, path: str):
    texts = (SECRET, JWKS, base64.b64encode(SECRET.encode()).decode().rstrip("="))
    said = live.patch(add(path, SECRETS[path]))
    assert said.status == 200, said.body
    for query in ("", "?defaults=true", "?revision=1"):
        shown = live.admin("GET", f"/admin/config{query}").body.decode()
        assert not [text for text in texts if text in shown + said.body.decode()], shown
        assert "(hidden " in shown
    stored = live.config("?secrets=true")
    document = live.config()
    document["selfservice"]["flows"]["login"]["lifespan"] = "11m"
    assert live.admin("PUT", "/admin/config", document).status == 200
    document = live.config()
    value = document
    for name in path.split("/")[1:]:
        value = value[name]
    assert live.patch({"op": "replace", "path": path, "value": value}).status == 200
    assert live.config() == document
    stored["selfservice"]["flows"]["login"]["lifespan"] = "11m"
    assert live.config("?secrets=true") == stored


def test_marks_mean_secrets_where_secrets_stand_and_are_a_text_elsewhere(live: Live):
    live.patch(add("/vestibule/proxy_key", SECRET))
    mark = live.config()["vestibule"]["proxy_key"]
    assert live.patch(add("/vestibule/pages/name", mark)).status == 200
    assert live.config("?secrets=true")["vestibule"]["pages"]["name"] == mark
    nobodys = "(hidden 0123456789abcdef)"
    relay = f"https://me:{nobodys}@mail.example.org/?api_key={mark}"
    for change in (
        add("/vestibule/proxy_key", nobodys),
        add("/courier/http", {"request_config": {**TARGET, "url": relay}}),
    ):
        unknown = live.patch(change)
        assert (unknown.status, "is hidden" in unknown.body.decode()) == (400, True)
    assert live.config("?secrets=true")["vestibule"]["proxy_key"] == SECRET


def test_the_history_tells_who_changed_what_and_leads_back(live: Live):
    live.patch(add(LIFESPAN, "7m"), query="?note=shorter")
    live.patch({"op": "replace", "path": LIFESPAN, "value": "9m"})
    past = live.admin("GET", "/admin/config/history").json["revisions"]
    assert [(each["revision"], each["note"]) for each in past] == [(2, ""), (1, "shorter")]
    assert past[1]["changes"] == [add(LIFESPAN, "7m")]
    assert live.config("?revision=1")["selfservice"]["flows"]["login"]["lifespan"] == "7m"
    assert live.admin("POST", "/admin/config/rollback", {"revision": 1}).json["revision"] == 3
    assert live.config()["selfservice"]["flows"]["login"]["lifespan"] == "7m"
    assert live.admin("POST", "/admin/config/rollback", {"revision": 0}).json["revision"] == 4
    assert "lifespan" not in live.config()["selfservice"]["flows"]["login"]
    assert live.admin("POST", "/admin/config/rollback", {"revision": 9}).status == 404
    assert live.admin("GET", "/admin/config?revision=9").status == 404


def test_what_is_replaced_as_a_whole_keeps_what_is_read_at_the_start(live: Live):
    live.patch(add(LIFESPAN, "7m"), add(HOOKS, [REVOKE]))
    document = live.config()
    document["selfservice"]["flows"]["login"]["lifespan"] = "11m"
    del document["selfservice"]["flows"]["login"]["after"]
    assert live.admin("PUT", "/admin/config", document).status == 200
    login = live.config()["selfservice"]["flows"]["login"]
    assert (login["lifespan"], "after" in login) == ("11m", False)
    assert live.admin("PUT", "/admin/config", document | {"dsn": "memory2"}).status == 400
    assert live.admin("PUT", "/admin/config", document).json["changed"] is False


def test_defaults_are_shown_on_request_and_a_removed_key_returns_to_its_own(live: Live):
    live.patch(add("/selfservice/methods/password/enabled", False))  # noqa: FBT003 (a value of the configuration)
    reply = live.patch({"op": "remove", "path": "/selfservice/methods/password/enabled"})
    assert reply.status == 200
    shown = live.config("?defaults=true")
    assert shown["selfservice"]["methods"]["password"]["enabled"] is True
    assert shown["selfservice"]["flows"]["settings"]["privileged_session_max_age"] == "1h"
    assert shown["hashers"]["argon2"]["memory"] == "1MB"
    assert shown["hashers"]["argon2"]["dedicated_memory"] == "1024MB"


def test_what_the_environment_sets_as_well_has_a_warning(live: Live):
    live.restarted(environ={"SELFSERVICE_FLOWS_LOGIN_LIFESPAN": "3m"})
    said = live.patch(add(LIFESPAN, "7m"), query="?dry_run=true").json
    assert ("warning", LIFESPAN) in [(each["severity"], each["path"]) for each in said["findings"]]
    assert said["effective"] == []


# --- the files change -------------------------------------------------------------------------------------


def test_a_changed_file_gets_the_patches_again(live: Live):
    live.patch(add(LIFESPAN, "7m"))
    live.restarted({"selfservice": {"flows": {"login": {"style": "identifier_first"}}}})
    login = wiring.services().config.selfservice.flows.login
    assert (login.lifespan.total_seconds(), login.style) == (420, "identifier_first")
    assert live.admin("GET", "/admin/config/history").json["revisions"][0]["files"] == "others"


def test_a_file_that_the_patches_do_not_fit_is_reported_and_what_ran_goes_on(
    live: Live, caplog: pytest.LogCaptureFixture
):
    live.restarted({"selfservice": {"flows": {"login": {"after": {"hooks": [REVOKE]}}}}})
    live.patch({"op": "remove", "path": f"{HOOKS}/0"})
    live.restarted({"selfservice": {"flows": {"login": {"lifespan": "8m", "after": {"hooks": []}}}}})
    login = wiring.services().config.selfservice.flows.login
    assert (login.lifespan.total_seconds(), login.after.hooks) == (3600, ())
    assert "does not fit" in caplog.text
    shown = live.admin("GET", "/admin/config").json
    assert "what ran before goes on" in shown["findings"][0]["message"]
    assert live.admin("GET", "/admin/config/history").json["findings"] == shown["findings"]
    assert live.patch(add(LIFESPAN, "7m")).status == 409
    assert live.admin("POST", "/admin/config/rollback", {"revision": 0}).status == 200
    assert live.config()["selfservice"]["flows"]["login"]["lifespan"] == "8m"


# --- following --------------------------------------------------------------------------------------------


def test_a_change_elsewhere_is_seen_within_seconds(live: Live):
    live.svc.configurations.add(
        0,
        note="",
        changes=[],
        patches=[add(LIFESPAN, "7m")],
        document=json.loads(live.file.read_text()),
        frozen=None,
    )
    document = json.loads(live.file.read_text())
    document["selfservice"]["flows"]["login"]["lifespan"] = "7m"
    live.svc.configurations.add(1, note="", changes=[], patches=[add(LIFESPAN, "7m")], document=document, frozen=None)
    before = wiring.services()
    assert wiring.services() is before
    live.seconds_pass(wiring.WAIT_SECONDS + 1)
    assert wiring.services().config.selfservice.flows.login.lifespan.total_seconds() == 420


def test_a_store_out_of_reach_leaves_everything_as_it_is(live: Live, monkeypatch: pytest.MonkeyPatch):
    from vestibule.ports import StoreUnavailable  # noqa: PLC0415 (used here alone)

    def unavailable(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("out of reach")

    before = wiring.services()
    monkeypatch.setattr(type(live.svc.configurations), "head", unavailable)
    live.seconds_pass(60)
    assert wiring.services() is before


@pytest.mark.attack("cfg-01")
def test_a_revision_that_cannot_be_used_leaves_what_runs_and_says_so_once(live: Live, caplog: pytest.LogCaptureFixture):
    live.patch(add(LIFESPAN, "7m"))
    wiring.services()
    unusable = {"identity": KEY}
    live.svc.configurations.add(1, note="", changes=[], patches=[], document=unusable, frozen=None)
    for _ in range(3):
        live.seconds_pass(wiring.WAIT_SECONDS)
        assert wiring.services().config.selfservice.flows.login.lifespan.total_seconds() == 420
    assert caplog.text.count("revision 2 of the configuration cannot be used") == 1
    assert KEY not in caplog.text
    assert live.admin("POST", "/admin/config/rollback", {"revision": 1}).status == 200
    assert live.config()["selfservice"]["flows"]["login"]["lifespan"] == "7m"


def test_old_revisions_go(live: Live):
    for number in range(KEPT + 2):
        live.patch(add(LIFESPAN, f"{number + 1}m"))
    revisions = live.admin("GET", "/admin/config/history").json["revisions"]
    assert [revisions[0]["revision"], revisions[-1]["revision"], len(revisions)] == [KEPT + 2, 3, KEPT]


def test_flows_work_on_a_revision(live: Live):
    live.patch(add("/selfservice/flows/registration/enabled", False))  # noqa: FBT003 (as above)
    assert Native(live).get("/self-service/registration/api").error_id == "self_service_flow_disabled"
    live.admin("POST", "/admin/config/rollback", {"revision": 0})
    assert Native(live).sign_up("ann@example.org").status == 200
