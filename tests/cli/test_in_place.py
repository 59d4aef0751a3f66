"""A patch of the file itself: what people wrote stays, and what would be wrong is not written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.deployments import command
from tests.config.documents import ANY_TRAITS

FILE = f"""# Ours.
dsn: memory  # for now
secrets:
  cookie: ["a-cookie-secret-for-tests"]
identity:
  schemas:
    - id: default
      url: "{ANY_TRAITS}"
selfservice:
  default_browser_return_url: 'https://app.example.org/'
  flows:
    login:
      # How long.
      lifespan: 10m
      after:
        hooks:
          - hook: revoke_active_sessions  # one session a person
"""


@pytest.fixture
def kratos(tmp_path: Path) -> Path:
    path = tmp_path / "kratos.yml"
    path.write_text(FILE)
    path.chmod(0o640)
    return path


def patch(path: Path, *arguments: str) -> Any:
    return command("patch", "identity-config", "-c", str(path), "--in-place", *arguments)


def test_only_the_lines_of_the_change_change(kratos: Path):
    result = patch(kratos, "--replace", '/selfservice/flows/login/lifespan="7m"', "--add", '/log/level="debug"')
    assert result.exit_code == 0, result.output
    assert kratos.read_text() == FILE.replace("lifespan: 10m", "lifespan: 7m") + "log:\n  level: debug\n"
    assert "-      lifespan: 10m\n+      lifespan: 7m\n" in result.stdout
    assert kratos.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in kratos.parent.iterdir()] == ["kratos.yml"]


def test_entries_of_lists_are_added_and_removed(kratos: Path):
    patch(kratos, "--add", '/selfservice/flows/login/after/hooks/1/hook="require_verified_address"')
    assert "          - hook: require_verified_address\n" in kratos.read_text()
    patch(kratos, "--remove", "/selfservice/flows/login/after/hooks/1")
    assert kratos.read_text() == FILE


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--add", '/selfservice/flows/login/lifespan="soon"'), "/selfservice/flows/login/lifespan: a duration is"),
        (("--add", '/selfservice/flows/login/after/hooks/1/hook="sesion"'), "did you mean session?"),
        (("--remove", "/selfservice/flows/login/style"), "nothing is set there"),
    ],
)
def test_a_bad_change_is_refused_and_the_file_stays(kratos: Path, arguments: tuple[str, ...], said: str):
    result = patch(kratos, *arguments)
    assert result.exit_code in (1, 2)
    assert said in result.stderr
    assert kratos.read_text() == FILE


def test_a_dry_run_shows_the_difference_only(kratos: Path):
    assert (
        "+      lifespan: 7m\n" in patch(kratos, "--dry-run", "--add", '/selfservice/flows/login/lifespan="7m"').stdout
    )
    assert kratos.read_text() == FILE


def test_json_stays_json(tmp_path: Path):
    path = tmp_path / "kratos.json"
    path.write_text(json.dumps({"dsn": "memory", "identity": {"schemas": [{"id": "default", "url": ANY_TRAITS}]}}))
    patch(path, "--add", '/selfservice/default_browser_return_url="https://app.example.org/"')
    assert json.loads(path.read_text())["selfservice"] == {"default_browser_return_url": "https://app.example.org/"}


def test_one_file_has_to_be_named(tmp_path: Path):
    result = command("patch", "identity-config", "--in-place", "--remove", "/dev")
    assert (result.exit_code, "give it with -c" in result.stderr) == (2, True)
    assert patch(tmp_path / "missing.yml", "--remove", "/dev").exit_code == 2
    broken = tmp_path / "broken.yml"
    broken.write_text("a: [")
    assert patch(broken, "--remove", "/a").exit_code == 2
