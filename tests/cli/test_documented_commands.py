"""Every command of the product's documentation, with `vestibule` for its own name, does what the text there says.

Commands are kept as people copy them: placeholders, quotes and line ends included.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from tests.cli.deployments import command, flow_lists, saved, shown, wired

from vestibule.config.load import load

Run = Callable[[str], Result]

LOGIN = {"": ["revoke_active_sessions"]}
VERIFY = ["show_verification_ui"]
BY_METHOD = {"password": VERIFY, "oidc": VERIFY, "webauthn": VERIFY}


@pytest.fixture
def kratos(tmp_path: Path) -> Path:
    return saved(
        tmp_path,
        {
            "selfservice": {
                "default_browser_return_url": "https://app.example.org/",
                "flows": {"verification": {"enabled": True}, "registration": {}, "settings": {}, "login": {}},
            }
        },
    )


@pytest.fixture
def run(kratos: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command line in a shell's reading, for the file and its store."""
    monkeypatch.chdir(kratos.parent)

    def typed(line: str) -> Result:
        name, *arguments = shlex.split(line.replace("\\\n", "").replace("$PROJECT_ID", "7f4dfb3b"))
        assert name == "vestibule"
        return command(*arguments, "-c", str(kratos))

    with wired():
        yield typed


def config_of(run: Run) -> dict[str, Any]:
    return shown(run("vestibule get identity-config"))


@pytest.mark.parametrize(
    ("line", "flow", "lists"),
    [
        (
            """vestibule patch identity-config {project_id} \\
            --add '/selfservice/flows/login/after/hooks=[{"hook": "revoke_active_sessions"}]'""",
            "login",
            {"": ["revoke_active_sessions"]},
        ),
        (
            """vestibule patch identity-config {project_id} \\
            --add '/selfservice/flows/login/after/password/hooks=[{"hook": "revoke_active_sessions"}]' \\
            --add '/selfservice/flows/login/after/oidc/hooks=[{"hook": "revoke_active_sessions"}]' \\
            --add '/selfservice/flows/login/after/webauthn/hooks=[{"hook": "revoke_active_sessions"}]'""",
            "login",
            {"": [], **{method: ["revoke_active_sessions"] for method in BY_METHOD}},
        ),
        (
            """vestibule patch identity-config {project_id} \\
            --add '/selfservice/flows/registration/after/password/hooks=[{"hook": "show_verification_ui"}]' \\
            --add '/selfservice/flows/registration/after/oidc/hooks=[{"hook": "show_verification_ui"}]' \\
            --add '/selfservice/flows/registration/after/webauthn/hooks=[{"hook": "show_verification_ui"}]'""",
            "registration",
            {"": [], **BY_METHOD},
        ),
        (
            """vestibule patch identity-config --project <project-id> --workspace <workspace-id> \\
            --add '/selfservice/flows/login/after/password/hooks/0/hook="require_verified_address"'""",
            "login",
            {"": [], "password": ["require_verified_address"]},
        ),
        (
            """vestibule patch identity-config "$PROJECT_ID" \\
            --add '/selfservice/flows/registration/after/password/hooks/0/hook="show_verification_ui"' \\
            --add '/selfservice/flows/registration/after/oidc/hooks/0/hook="show_verification_ui"' \\
            --add '/selfservice/flows/registration/after/webauthn/hooks/0/hook="show_verification_ui"'""",
            "registration",
            {"": [], **BY_METHOD},
        ),
        (
            """vestibule patch identity-config {project_id} \\
            --add '/selfservice/flows/settings/after/profile/hooks/0/hook="show_verification_ui"'""",
            "settings",
            {"": [], "profile": ["show_verification_ui"]},
        ),
    ],
    ids=["revoke", "revoke-by-method", "verify-lists", "require-verified", "verify-hooks", "settings"],
)
def test_a_documented_patch_makes_the_lists_that_it_is_for(run: Run, line: str, flow: str, lists: dict[str, Any]):
    result = run(line)
    assert result.exit_code == 0, result.output
    assert flow_lists(config_of(run), flow) == lists


@pytest.mark.parametrize("flag", ["legacy_require_verified_login_error", "legacy_continue_with_verification_ui"])
def test_a_documented_flag_is_set_and_removed(run: Run, flag: str):
    line = f"""vestibule patch identity-config --project <project-id> --workspace <workspace-id> \\
    --add '/feature_flags/{flag}=true'"""
    assert run(line).exit_code == 0
    assert config_of(run)["feature_flags"] == {flag: True}
    assert run(f"vestibule patch identity-config --remove /feature_flags/{flag} --yes").exit_code == 0
    assert run(f"vestibule get identity-config --format jsonpointer=/feature_flags/{flag}").stdout == "false\n"


def test_session_revocation_is_disabled_by_the_position_that_get_shows(run: Run):
    run("""vestibule patch identity-config --add '/selfservice/flows/login/after/hooks=[
        {"hook": "require_verified_address"}, {"hook": "revoke_active_sessions"}]'""")
    hooks = config_of(run)["selfservice"]["flows"]["login"]["after"]["hooks"]
    assert hooks[1] == {"hook": "revoke_active_sessions"}
    result = run("""vestibule patch identity-config {project_id} \\
    --remove '/selfservice/flows/login/after/hooks/1'""")
    assert result.exit_code == 0, result.output
    assert flow_lists(config_of(run), "login") == {"": ["require_verified_address"]}


def test_the_configuration_is_printed_as_yaml_that_loads(run: Run, tmp_path: Path):
    run("""vestibule patch ic --add '/selfservice/flows/login/after/hooks/0/hook="revoke_active_sessions"'""")
    printed = run("vestibule get identity-config --format yaml")
    assert yaml.safe_load(printed.stdout) == config_of(run)
    written = tmp_path / "written.yml"
    written.write_text(printed.stdout)
    environ = {"DSN": "memory", "SECRETS_COOKIE": "a-secret-of-sixteen-or-more"}
    assert load([written], environ).config.selfservice.flows.login.after.hooks[0].hook == "revoke_active_sessions"


def test_the_documented_precedence_and_the_successor_of_the_legacy_flag_load_from_a_file(run: Run, tmp_path: Path):
    def web_hook(name: str) -> dict[str, Any]:
        config = {"url": f"https://example.org/{name}", "method": "POST", "body": "base64://ZnVuY3Rpb24oY3R4KSBjdHg="}
        return {"hook": "web_hook", "config": config}

    precedence = {
        "before": {"hooks": [web_hook("hook_1")]},
        "after": {"hooks": [web_hook("hook_2")], "password": {"hooks": [web_hook("hook_3")]}},
    }
    after = {"after": {"hooks": [{"hook": "show_verification_ui"}]}}
    for flows in ({"login": precedence}, {"registration": after, "login": after}):
        part = tmp_path / "part.yml"
        part.write_text(yaml.safe_dump({"selfservice": {"flows": flows}}))
        result = run(f"vestibule patch identity-config -f {part} --format json")
        assert result.exit_code == 0, result.output
        for flow, wanted in flows.items():
            assert config_of(run)["selfservice"]["flows"][flow]["after"]["hooks"] == wanted["after"]["hooks"]
