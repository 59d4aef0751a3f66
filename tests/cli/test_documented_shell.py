"""The commands of the product's documentation, typed into a shell as they stand there, for every kind of deployment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli.deployments import behind_a_port, cloudformation, flow_lists, saved, signed_with
from tests.cli.test_serve import command, started  # noqa: F401 (a fixture)
from tests.live import lived

AWS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "a-secret-key", "AWS_REGION": "eu-central-1"}
KEY = "the-key-of-the-admin-api"
ELSEWHERE = "127.0.0.2"
"""A host that is not this machine by name: requests to it carry a proof."""

Serve = Callable[..., list[str]]

PATCHES = """
PROJECT_ID=7f4dfb3b
vestibule patch identity-config {project_id} \\
--add '/selfservice/flows/login/after/hooks=[{"hook": "revoke_active_sessions"}]'
vestibule patch identity-config {project_id} \\
--add '/selfservice/flows/login/after/password/hooks=[{"hook": "revoke_active_sessions"}]' \\
--add '/selfservice/flows/login/after/oidc/hooks=[{"hook": "revoke_active_sessions"}]' \\
--add '/selfservice/flows/login/after/webauthn/hooks=[{"hook": "revoke_active_sessions"}]'
vestibule patch identity-config --project 7f4dfb3b --workspace 9b0d \\
--add '/selfservice/flows/login/after/password/hooks/0/hook="require_verified_address"'
vestibule patch identity-config --project 7f4dfb3b --workspace 9b0d \\
--add '/feature_flags/legacy_require_verified_login_error=true'
vestibule patch identity-config {project_id} \\
--add '/selfservice/flows/registration/after/password/hooks=[{"hook": "show_verification_ui"}]' \\
--add '/selfservice/flows/registration/after/oidc/hooks=[{"hook": "show_verification_ui"}]' \\
--add '/selfservice/flows/registration/after/webauthn/hooks=[{"hook": "show_verification_ui"}]'
vestibule patch identity-config "$PROJECT_ID" \\
--add '/selfservice/flows/registration/after/password/hooks/0/hook="show_verification_ui"' \\
--add '/selfservice/flows/registration/after/oidc/hooks/0/hook="show_verification_ui"' \\
--add '/selfservice/flows/registration/after/webauthn/hooks/0/hook="show_verification_ui"'
vestibule patch identity-config --project 7f4dfb3b --workspace 9b0d \\
--add '/feature_flags/legacy_continue_with_verification_ui=true'
vestibule patch identity-config {project_id} \\
--add '/selfservice/flows/settings/after/profile/hooks/0/hook="show_verification_ui"'
"""

TAKEN_BACK = """
vestibule patch identity-config --add '/selfservice/flows/login/after/hooks/0={"hook": "require_verified_address"}'
vestibule get identity-config {project_id} \\

vestibule patch identity-config {project_id} \\
--remove '/selfservice/flows/login/after/hooks/1'
vestibule switch on sign-in-after-registration
vestibule get identity-config --format yaml > written.yml
vestibule get identity-config --format json
"""


@contextmanager
def a_file(folder: Path, serve: Serve) -> Iterator[dict[str, str]]:
    del serve
    yield {"WHERE": f"-c {saved(folder)}"}


@contextmanager
def a_running_server(folder: Path, serve: Serve) -> Iterator[dict[str, str]]:
    arguments = serve(dsn="memory")
    with started(arguments, folder):
        yield {"VESTIBULE_ADMIN_URL": f"http://127.0.0.1:{arguments[-1].partition('=')[2]}"}


@contextmanager
def a_stack_behind_iam(folder: Path, serve: Serve) -> Iterator[dict[str, str]]:
    del serve
    guard = signed_with(AWS["AWS_ACCESS_KEY_ID"], AWS["AWS_SECRET_ACCESS_KEY"], AWS["AWS_REGION"])
    with (
        lived(folder) as live,
        behind_a_port(live, ELSEWHERE, guard) as server,
        cloudformation({"AdminUrl": f"{server.address}/"}) as endpoint,
    ):
        yield AWS | {"VESTIBULE_STACK": "identity", "AWS_ENDPOINT_URL_CLOUDFORMATION": endpoint}


@contextmanager
def an_api_behind_a_key(folder: Path, serve: Serve) -> Iterator[dict[str, str]]:
    del serve
    with (
        lived(folder) as live,
        behind_a_port(live, ELSEWHERE, lambda sent: sent.headers.get("authorization") == f"Bearer {KEY}") as server,
    ):
        yield {"VESTIBULE_ADMIN_URL": server.address, "VESTIBULE_ADMIN_TOKEN": KEY}


def typed(text: str, folder: Path, environment: dict[str, str]) -> str:
    """What the commands print, all of which succeed."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("VESTIBULE_", "AWS_")) or name in AWS
    }
    function = f'set -eu\nvestibule() {{ "{sys.executable}" -m vestibule.cli.main "$@" ${{WHERE:-}}; }}\n'
    done = subprocess.run(
        ["bash", "-c", function + text],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(Path("layers/core").resolve()), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("deployment", [a_file, a_running_server, a_stack_behind_iam, an_api_behind_a_key])
def test_every_documented_command_works_as_it_is_written(deployment, command, tmp_path):  # noqa: F811
    with deployment(tmp_path, command) as environment:
        typed(PATCHES, tmp_path, environment)
        document = json.loads(typed("vestibule get identity-config", tmp_path, environment))
        verify, revoke = ["show_verification_ui"], ["revoke_active_sessions"]
        by_method = {"password": ["require_verified_address"], "oidc": revoke, "webauthn": revoke}
        assert flow_lists(document, "login") == {"": revoke, **by_method}
        assert flow_lists(document, "registration") == {"": [], "password": verify, "oidc": verify, "webauthn": verify}
        assert flow_lists(document, "settings") == {"": [], "profile": verify}
        flags = ("legacy_require_verified_login_error", "legacy_continue_with_verification_ui")
        assert document["feature_flags"] == dict.fromkeys(flags, True)

        printed = typed(TAKEN_BACK, tmp_path, environment)
        document = json.loads(printed.splitlines()[-1])
        assert flow_lists(document, "login") == {"": ["require_verified_address"], **by_method}
        assert flow_lists(document, "registration")["password"] == [*verify, "session"]
        assert "- hook: session" in (tmp_path / "written.yml").read_text()
