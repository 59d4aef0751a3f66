"""The command as people type it."""

import importlib.metadata
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from vestibule.cli.main import cli


@pytest.fixture
def vestibule():
    runner = CliRunner()
    return lambda *arguments: runner.invoke(cli, arguments, prog_name="vestibule")


def test_help_names_the_commands(vestibule):
    shown = vestibule("--help")
    assert shown.exit_code == 0
    assert all(name in shown.output for name in ("serve", "config", "version"))


def every(command: click.Command, *words: str) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from every(below, *words, name)


@pytest.mark.parametrize("words", tuple(every(cli)), ids=" ".join)
def test_help_fits_a_terminal_and_no_sentence_breaks_off(vestibule, words):
    shown = vestibule(*words, "--help").output.splitlines()
    assert shown[0].startswith(" ".join(("Usage: vestibule", *words)))
    assert max(map(len, shown)) <= 80
    assert not [line for line in shown[1:] if line.endswith("...")]


def test_help_of_serve_shows_the_options_and_examples(vestibule):
    shown = vestibule("serve", "-h").output
    options = ("--config", "--public-port", "--admin-port", "--host", "--dsn", "--dev", "--reload", "--template")
    assert all(option in shown for option in options)
    assert "\n    vestibule serve --dev\n" in shown


def test_the_version_is_the_packages(vestibule):
    assert vestibule("version").output == importlib.metadata.version("vestibule") + "\n"


def test_config_check_says_what_is_wrong_and_where(vestibule, tmp_path):
    path = tmp_path / "kratos.yml"
    path.write_text("dsn: memory\nidentity:\n  schemas: 7\n")
    shown = vestibule("config", "check", str(path))
    assert shown.exit_code == 1
    assert f"{path}:3: error: /identity/schemas" in shown.output


@pytest.mark.parametrize("arguments", [("config", "check"), ("serve", "--admin-port", "x"), ("serve", "--nonsense")])
def test_wrong_usage_has_status_2(vestibule, arguments):
    assert vestibule(*arguments).exit_code == 2
