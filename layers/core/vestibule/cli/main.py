"""The `vestibule` command. Each subcommand is imported when it is asked for: `--help` needs none of them."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path

import click

from vestibule.cli import actions_commands, identity_config_commands

_FILE = click.Path(path_type=Path, dir_okay=False)
_PORT = click.IntRange(1, 65_535)

_EXAMPLES = """\b
Examples:
  vestibule serve --dev
  vestibule serve -c kratos.yml -c local.yml --public-port 5433
  vestibule serve --dsn 'dynamodb://people?endpoint=http://127.0.0.1:8000'
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Self-service identity: sign-up, sign-in and sessions, wire-compatible with Ory Kratos.

    Start with `vestibule serve` and open the address that it prints.
    """


@cli.command(epilog=_EXAMPLES, short_help="Run everything on this machine.")
@click.option("-c", "--config", "files", type=_FILE, multiple=True, metavar="FILE", help="kratos.yml; may be repeated.")
@click.option("--public-port", type=_PORT, metavar="PORT", help="Port of the public API (4433).")
@click.option("--admin-port", type=_PORT, metavar="PORT", help="Port of the admin API (4434).")
@click.option("--host", metavar="ADDRESS", help="Address to listen on (127.0.0.1; 0.0.0.0 lets other machines in).")
@click.option("--dsn", metavar="DSN", help="The store: memory, sqlite://FILE or dynamodb://TABLE?region=…&endpoint=…")
@click.option("--dev", is_flag=True, help="For development: cookies over plain HTTP, forwarded headers, tracebacks.")
@click.option("--reload", is_flag=True, help="Start anew when the code changes.")
@click.option("--template", type=_FILE, metavar="FILE", help="The SAM template with the routes (template.yaml).")
def serve(
    files: tuple[Path, ...],
    public_port: int | None,
    admin_port: int | None,
    host: str | None,
    dsn: str | None,
    template: Path | None,
    *,
    dev: bool,
    reload: bool,
) -> None:
    """Run everything on this machine: the functions of template.yaml behind two ports.

    Several -c files are merged in order; environment variables with Kratos's names (SERVE_PUBLIC_PORT) go over them,
    options over those. Without -c it runs with infra/config/kratos.yml. Secrets that are not configured are made
    once and kept, like the store, in .vestibule/ below the current folder.
    """
    from vestibule.cli import serve as command  # noqa: PLC0415 - server and models take longer than all of --help
    from vestibule.cli.settings import Options  # noqa: PLC0415 - as above

    options = Options(
        files=files, public_port=public_port, admin_port=admin_port, host=host, dsn=dsn, dev=dev, template=template
    )
    if reload:
        arguments = [argument for argument in sys.argv[1:] if argument != "--reload"]
        sys.exit(command.reloading(options, [sys.executable, "-m", "vestibule.cli.main", *arguments]))
    sys.exit(command.run(options))


@cli.group()
def config() -> None:
    """Look after a configuration."""


@config.command(short_help="Say everything that is wrong with a file.")
@click.argument("files", type=_FILE, nargs=-1, required=True, metavar="FILE…")
def check(files: tuple[Path, ...]) -> None:
    """Say everything that is wrong with a configuration, with line numbers.

    Several files are merged in order. What Vestibule does not do yet is an error here and a warning of `serve`.
    Exit status: 1 when there is an error among them, otherwise 0.
    """
    from vestibule.cli import config_check  # noqa: PLC0415 - the models take longer than all of --help

    sys.exit(config_check.run(files))


@cli.group()
def courier() -> None:
    """Mails and text messages."""


@courier.command(short_help="Print a message with sample data.")
@click.argument("type_", metavar="TYPE")
@click.option("-c", "--config", "files", type=_FILE, multiple=True, metavar="FILE", help="kratos.yml; may be repeated.")
@click.option("--sms", is_flag=True, help="The text message instead of the mail.")
@click.option("--html", is_flag=True, help="The mail's HTML instead of its plain text.")
@click.option("--lang", "language", default="en", metavar="LANGUAGE", help="en or de (en).")
def preview(type_: str, files: tuple[Path, ...], language: str, *, sms: bool, html: bool) -> None:
    """Print a message as its recipient would read it, with sample data.

    TYPE is one of Kratos's, like verification_code_valid or recovery_code_invalid. Without -c it is the built-in one.
    """
    from vestibule.cli import courier_preview  # noqa: PLC0415 - the models take longer than all of --help

    sys.exit(courier_preview.run(type_, files, sms=sms, language=language, html=html))


cli.add_command(actions_commands.actions)


@cli.command("webhook-secret", short_help="Print what a target verifies web hooks with.")
@click.argument("url")
@click.option("-c", "--config", "files", type=_FILE, multiple=True, metavar="FILE", help="kratos.yml; may be repeated.")
def webhook_secret(url: str, files: tuple[Path, ...]) -> None:
    """Print what the target at URL verifies web hooks with (v1), the current secret first.

    For a stack, set VESTIBULE_SECRETS to the ARN of its secret.
    """
    from vestibule.cli import webhook_secret as command  # noqa: PLC0415 - the models take longer than all of --help

    sys.exit(command.run(url, files, os.environ))


@cli.command()
def version() -> None:
    """Print the version."""
    click.echo(importlib.metadata.version("vestibule"))


for command in identity_config_commands.COMMANDS:
    cli.add_command(command)


def main() -> None:
    cli(prog_name="vestibule")


if __name__ == "__main__":
    main()
