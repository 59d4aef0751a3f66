"""The commands that show and change a configuration: what they print, refuse, send, and to whom."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.deployments import (
    Recorded,
    Request,
    behind_a_port,
    cloudformation,
    command,
    flow_lists,
    saved,
    shown,
    signed_with,
    wired,
)
from tests.live import lived
from tests.world import SCHEMA

from vestibule.cli import identity_config, target

LIFESPAN = "/selfservice/flows/login/lifespan"
KEY = "a-key-that-nobody-shall-read"


@pytest.fixture
def kratos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    with wired():
        yield saved(tmp_path)


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorded]:
    """A deployment's admin API; commands find it by VESTIBULE_ADMIN_URL."""
    with lived(tmp_path) as live, behind_a_port(live) as server:
        monkeypatch.setenv("VESTIBULE_ADMIN_URL", server.address)
        yield server


def patch(*arguments: str) -> Any:
    return command("patch", "identity-config", *arguments)


def lifespan() -> str:
    return shown(command("get", "ic"))["selfservice"]["flows"]["login"].get("lifespan", "")


# --- asking and changing ----------------------------------------------------------------------------------


def test_a_change_is_shown_and_made_and_the_result_is_printed_on_request(api: Recorded):
    result = patch("--add", f'{LIFESPAN}="7m"')
    assert result.exit_code == 0
    assert "+      lifespan: 7m\n" in result.stdout
    assert "revision 1 is in force" in result.stderr
    replaced = shown(patch("--replace", f'{LIFESPAN}="9m"', "--format", "json"))
    assert replaced["selfservice"]["flows"]["login"]["lifespan"] == "9m"
    assert patch("--replace", f'{LIFESPAN}="10m"', "-q").stdout == "3\n"
    assert "nothing changes" in patch("--replace", f'{LIFESPAN}="10m"').stderr


def test_operations_come_in_the_products_order(api: Recorded, tmp_path: Path):
    (tmp_path / "p.json").write_text(json.dumps([{"op": "add", "path": LIFESPAN, "value": "1m"}]))
    result = patch(
        "--remove", LIFESPAN, "--replace", f'{LIFESPAN}="3m"', "--add", f'{LIFESPAN}="2m"', "-f", f"{tmp_path}/p.json"
    )
    assert result.exit_code == 0
    sent = json.loads(api.requests[-1][3])
    assert [(each["op"], each.get("value")) for each in sent] == [
        ("add", "1m"),
        ("add", "2m"),
        ("replace", "3m"),
        ("remove", None),
    ]


def test_a_part_of_a_configuration_is_laid_over_what_is_there(api: Recorded, tmp_path: Path):
    part = tmp_path / "part.yml"
    part.write_text(
        "selfservice:\n  flows:\n    login:\n      after:\n        hooks: [{hook: revoke_active_sessions}]\n"
    )
    assert patch("-f", str(part)).exit_code == 0
    document = shown(command("get", "identity-config"))
    assert flow_lists(document, "login") == {"": ["revoke_active_sessions"]}
    assert document["selfservice"]["flows"]["login"]["ui_url"] == "https://app.example.org/login"


def test_paths_and_documents_may_name_the_place_in_a_project(api: Recorded, tmp_path: Path):
    prefix = "/services/identity/config"
    assert command("patch", "project", "some-id", "--add", f'{prefix}{LIFESPAN}="7m"').exit_code == 0
    assert lifespan() == "7m"
    whole = {"services": {"identity": {"config": {"selfservice": {"flows": {"login": {"lifespan": "8m"}}}}}}}
    (tmp_path / "project.json").write_text(json.dumps(whole))
    assert patch("-f", str(tmp_path / "project.json")).exit_code == 0
    assert lifespan() == "8m"


def test_files_that_values_name_are_sent_along(api: Recorded, tmp_path: Path):
    template = tmp_path / "hook.jsonnet"
    template.write_text("function(ctx) ctx")
    hook = {"hook": "web_hook", "config": {"url": "https://a.example/", "method": "POST", "body": f"file://{template}"}}
    result = patch("--add", f"/selfservice/flows/login/after/hooks={json.dumps([hook])}")
    assert result.exit_code == 0, result.output
    sent = json.loads(api.requests[-1][3])[0]["value"][0]["config"]["body"]
    assert sent == f"base64://{base64.b64encode(b'function(ctx) ctx').decode()}"
    assert "cannot be read" in patch("--add", '/vestibule/pages/logo="file://missing.svg"').stderr


def test_a_dry_run_tells_and_changes_nothing(api: Recorded):
    result = patch("--dry-run", "--add", f'{LIFESPAN}="7m"')
    assert result.exit_code == 0
    assert "+      lifespan: 7m\n" in result.stdout
    assert f'effective: {LIFESPAN}: "1h" → "7m"' in result.stdout
    refused = patch("--dry-run", "--add", f'{LIFESPAN}="soon"')
    assert (refused.exit_code, LIFESPAN in refused.stderr) == (1, True)
    assert lifespan() == ""


def test_a_bad_change_is_refused_with_its_place(api: Recorded):
    result = patch("--add", '/selfservice/flows/login/after/hooks=[{"hook": "sesion"}]')
    assert result.exit_code == 1
    assert "/selfservice/flows/login/after/hooks/0/hook: there is no such hook; did you mean session?" in result.stderr
    assert patch("--add", '/secrets/cookie/0="0123456789abcdef"').exit_code == 1


def test_of_two_editors_one_gets_a_conflict(api: Recorded):
    assert patch("--if-match", "0", "--add", f'{LIFESPAN}="7m"').exit_code == 0
    late = patch("--if-match", "0", "--add", f'{LIFESPAN}="9m"')
    assert (late.exit_code, "revision 1" in late.stderr) == (1, True)
    assert lifespan() == "7m"


def test_the_history_leads_back(api: Recorded):
    patch("--add", f'{LIFESPAN}="7m"', "--note", "shorter")
    patch("--add", f'{LIFESPAN}="9m"')
    told = command("history", "identity-config").stdout
    assert told.index('= "9m"') < told.index("shorter") < told.index('= "7m"')
    assert command("rollback", "identity-config", "--to", "1").exit_code == 0
    assert lifespan() == "7m"
    assert command("rollback", "identity-config", "--to", "0").exit_code == 0
    assert lifespan() == ""
    assert command("rollback", "identity-config", "--to", "99").exit_code == 1


def test_a_printed_configuration_can_be_edited_and_put_back(api: Recorded, tmp_path: Path):
    document = yaml.safe_load(command("get", "identity-config", "--format", "yaml").stdout)
    document["selfservice"]["flows"]["login"]["lifespan"] = "7m"
    file = tmp_path / "edited.yaml"
    file.write_text(yaml.safe_dump(document))
    assert command("update", "identity-config", "some-id", "--file", str(file)).exit_code == 0
    assert lifespan() == "7m"
    document["selfservice"]["flows"]["login"]["lifespan"] = "8m"
    assert command("update", "identity-config", stdin=json.dumps(document)).exit_code == 0
    assert lifespan() == "8m"
    assert command("update", "identity-config", stdin=json.dumps(document | {"dsn": "other"})).exit_code == 1


def test_another_kratos_is_taken_over_without_what_its_deployment_decides(api: Recorded, tmp_path: Path):
    document = shown(command("get", "identity-config"))
    document |= {"dsn": "postgres://db/kratos", "secrets": {"cookie": [KEY]}, "log": {"level": "debug"}}
    document["selfservice"]["flows"]["login"]["lifespan"] = "7m"
    file = tmp_path / "theirs.yml"
    file.write_text(yaml.safe_dump(document))
    result = command("import", "identity-config", "-f", str(file))
    assert result.exit_code == 0, result.output
    assert "dsn is left out" in result.stderr
    assert lifespan() == "7m"


def test_files_of_another_kratos_are_found_beside_its_configuration_and_sent_along(api: Recorded, tmp_path: Path):
    theirs = tmp_path / "theirs"
    mails = theirs / "mails" / "recovery_code" / "valid"
    mails.mkdir(parents=True)
    (mails / "email.subject.gotmpl").write_text("Your code")
    document = shown(command("get", "identity-config"))
    (theirs / "person.schema.json").write_text(json.dumps(SCHEMA))
    document["identity"]["schemas"][0]["url"] = "file:///etc/config/kratos/person.schema.json"
    document["courier"] = {"template_override_path": "/etc/config/kratos/mails"}
    (theirs / "kratos.yml").write_text(yaml.safe_dump(document))
    result = command("import", "identity-config", "-f", str(theirs / "kratos.yml"))
    assert result.exit_code == 0, result.output
    after = shown(command("get", "identity-config"))
    assert after["identity"]["schemas"][0]["url"].startswith("base64://")
    subject = after["courier"]["templates"]["recovery_code"]["valid"]["email"]["subject"]
    assert base64.b64decode(subject.removeprefix("base64://")) == b"Your code"
    assert "template_override_path" not in after["courier"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give --add, --replace, --remove or --file"),
        (("--add", "/selfservice/flows/login/lifespan"), "--add /selfservice/flows/login/lifespan: needs a value"),
        (("--add", f"{LIFESPAN}=7m"), f"--add {LIFESPAN}: the value is no JSON; a text has quotes"),
        (("--remove", "selfservice"), "a path is a JSON pointer"),
        (("--remove", "/selfservice/flows/login/lifespan"), "nothing is set there"),
        (("--add", '/selfservice/flows/login/after/hooks/1/hook="revoke_active_sessions"'), "has 0 entries"),
        (("-f", "missing.json"), "missing.json: cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(api: Recorded, arguments: tuple[str, ...], said: str):
    result = patch(*arguments)
    assert result.exit_code in (1, 2)
    assert said in result.stderr


@pytest.mark.parametrize(
    ("format_", "printed"),
    [
        ("jsonpath=selfservice.flows.registration.after.password.hooks.0.hook", '"session"\n'),
        ("jsonpath=selfservice.flows.registration.after.password.hooks.#", "1\n"),
        ("jsonpointer=/selfservice/flows/registration/style", '"unified"\n'),
        ("jsonpointer=/selfservice/methods/password/enabled", "true\n"),
        ("jsonpath=selfservice.methods.password.config.min_password_length", "8\n"),
    ],
)
def test_a_part_is_printed_by_its_path_and_its_default_where_nothing_is_set(api: Recorded, format_: str, printed: str):
    assert command("get", "identity-config", "--format", format_).stdout == printed


@pytest.mark.parametrize("format_", ["xml", "jsonpath=$.selfservice", "jsonpath=no.such", "jsonpointer=selfservice"])
def test_what_cannot_be_printed_is_said(api: Recorded, format_: str):
    result = command("get", "identity-config", "--format", format_)
    assert (result.exit_code, result.stdout) == (2, "")


# --- switches ---------------------------------------------------------------------------------------------


def test_switches_are_listed_turned_on_and_off(api: Recorded):
    listed = command("switch", "list").stdout
    assert "require-verified-login                  off\n" in listed
    assert "sign-in-after-registration              on\n" in listed  # after every method that is enabled
    assert "  oidc                                  off  (the method is not enabled)\n" in listed
    result = command("switch", "on", "require-verified-login")
    assert result.exit_code == 0, result.output
    made = 'add /selfservice/flows/login/after/hooks = [{"hook": "require_verified_address"}]'
    assert made in result.stderr
    assert api.requests[-1][0] == "PATCH"
    assert "require-verified-login                  on\n" in command("switch", "list").stdout
    assert "is on already" in command("switch", "on", "require-verified-login").stderr
    assert command("switch", "off", "require-verified-login").exit_code == 0
    assert "require-verified-login                  off\n" in command("switch", "list").stdout


def test_a_switch_is_turned_for_one_method(api: Recorded):
    assert command("switch", "on", "show-verification-after-registration", "--method", "oidc").exit_code == 0
    lists = flow_lists(shown(command("get", "identity-config")), "registration")
    assert lists == {"": [], "password": ["session"], "oidc": ["show_verification_ui"]}
    listed = command("switch", "list").stdout
    assert "show-verification-after-registration    off\n" in listed
    assert "  oidc                                  on  (the method is not enabled)\n" in listed
    assert command("switch", "on", "require-verified-login", "--method", "magic").exit_code == 2
    assert command("switch", "on", "no-such-switch").exit_code == 2


def test_who_sits_there_is_shown_the_change_and_asked_before_it_is_made(api: Recorded, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(identity_config, "_interactive", lambda: True)
    refused = command("switch", "on", "require-verified-login", stdin="n\n")
    assert (refused.exit_code, "Make this change?" in refused.stderr) == (1, True)
    assert shown(command("get", "ic", "--format", "json")).get("revision") is None
    assert [method for method, path, _, _ in api.requests if method == "PATCH" and "dry_run" not in path] == []
    made = command("switch", "on", "require-verified-login", stdin="y\n")
    assert (made.exit_code, "+        - hook: require_verified_address\n" in made.stdout) == (0, True)
    assert api.requests[-1][2]["if-match"].startswith('"0-')
    assert command("rollback", "identity-config", "--to", "0", "--yes").exit_code == 0


# --- whom it asks -----------------------------------------------------------------------------------------


def test_a_file_and_its_store_are_changed_without_a_server(kratos: Path):
    before = kratos.read_text()
    assert patch("-c", str(kratos), "--add", f'{LIFESPAN}="7m"').exit_code == 0
    document = shown(command("get", "identity-config", "-c", str(kratos)))
    assert document["selfservice"]["flows"]["login"]["lifespan"] == "7m"
    assert kratos.read_text() == before


def test_a_store_in_memory_keeps_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with wired():
        result = patch("-c", str(saved(tmp_path, {"dsn": "memory"})), "--add", f'{LIFESPAN}="7m"')
    assert (result.exit_code, "in memory" in result.stderr) == (2, True)


def test_the_server_that_runs_here_is_asked_when_nothing_is_named(api: Recorded, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("VESTIBULE_ADMIN_URL")
    monkeypatch.setattr(target, "LOCAL_SERVER", api.address)
    assert patch("--add", f'{LIFESPAN}="7m"').exit_code == 0
    assert [path for _, path, _, _ in api.requests] == ["/health/alive", "/admin/config"]


def test_a_bearer_key_comes_from_the_environment(api: Recorded, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VESTIBULE_ADMIN_TOKEN", KEY)
    command("get", "identity-config", "--endpoint", api.address)
    assert api.requests[-1][2]["authorization"] == f"Bearer {KEY}"


def test_requests_to_a_stack_are_signed_with_their_body(api: Recorded, monkeypatch: pytest.MonkeyPatch):
    keys = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys[1])
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setattr(target, "HERE", ())
    arguments = ("--endpoint", api.address, "--region", "eu-central-1", "--note", "a b", "--add", f'{LIFESPAN}="7m"')
    assert patch(*arguments).exit_code == 0
    method, path, headers, body = api.requests[-1]
    sent = Request(method, f"{api.address}{path}", headers, body)
    assert signed_with(*keys, "eu-central-1")(sent)
    for forged in (
        sent._replace(body=body.replace(b"7m", b"9m")),
        sent._replace(method="PUT"),
        sent._replace(url=f"{sent.url}&dry_run=true"),
    ):
        assert not signed_with(*keys, "eu-central-1")(forged)


def test_a_stack_is_found_by_its_name(api: Recorded, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("VESTIBULE_ADMIN_URL")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    outputs: dict[str, str] = {"AdminUrl": f"{api.address}/"}
    with cloudformation(outputs) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", endpoint)
        arguments = ("get", "identity-config", "--stack", "identity", "--region", "eu-central-1")
        assert shown(command(*arguments))["identity"]["default_schema_id"] == "person"
        outputs.clear()
        refused = command(*arguments)
        assert (refused.exit_code, "has no output AdminUrl" in refused.stderr) == (2, True)


def test_an_address_where_nobody_or_somebody_else_answers_is_said(api: Recorded, monkeypatch: pytest.MonkeyPatch):
    nobody = command("get", "identity-config", "--endpoint", "http://127.0.0.1:9")
    assert (nobody.exit_code, "cannot be reached" in nobody.stderr) == (2, True)
    other = command("get", "identity-config", "--endpoint", f"{api.address}/nowhere")
    assert other.exit_code == 2
    assert command("get", "identity-config", "--endpoint", "ftp://x").exit_code == 2


def test_every_command_has_a_help_that_says_whom_it_asks():
    for words in (
        *((verb, "identity-config") for verb in ("get", "patch", "update", "import", "history", "rollback")),
        *(("switch", verb) for verb in ("list", "on", "off")),
    ):
        result = command(*words, "--help")
        assert result.exit_code == 0
        assert "VESTIBULE_ADMIN_TOKEN" in result.output
