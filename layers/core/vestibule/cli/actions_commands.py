"""The options of `vestibule actions …`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

_FILE = click.Path(path_type=Path, dir_okay=False)

Command = Callable[..., None]

_OPTIONS = (
    click.option("-c", "--config", "files", type=_FILE, multiple=True, metavar="FILE", help="Files, without a server."),
    click.option("--endpoint", metavar="URL", help="An admin API (VESTIBULE_ADMIN_URL)."),
    click.option("--stack", metavar="NAME", help="A deployed stack (VESTIBULE_STACK); its API is called with IAM."),
    click.option("--region", metavar="NAME", help="Of the stack."),
    click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print (text)."),
)


def _where(command: Command) -> Command:
    """The options that say which configuration is meant."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group(short_help="Look at hooks: which run where, and what they do.")
def actions() -> None:
    """Look at the hooks of the configuration: which run where, and what they do.

    With -c the files are looked at by themselves. Otherwise a deployment is asked: --endpoint, --stack, or the server
    that runs on this machine.
    """


@actions.command(short_help="Print which hooks run, in which order, and why.")
@click.argument("of", metavar="FLOW[.METHOD]")
@_where
def explain(of: str, form: str, **where: Any) -> None:
    """Print which hooks run, in which order, which list won and why, what is shadowed, and what can never run.

    FLOW is login, registration, recovery, settings or verification, or oauth2.token; METHOD the one that is used.
    """
    from vestibule.cli import actions as commands  # noqa: PLC0415 - stores and models take longer than all of --help
    from vestibule.cli.target import Choice  # noqa: PLC0415 - as above

    sys.exit(commands.explain(of, Choice(**where), as_json=form == "json"))


@actions.command(short_help="Print what is wrong with hooks.")
@_where
def lint(form: str, **where: Any) -> None:
    """Print what is wrong with hooks, or does not do what it seems to. Exit status 1 when there is an error."""
    from vestibule.cli import actions as commands  # noqa: PLC0415 - as above
    from vestibule.cli.target import Choice  # noqa: PLC0415 - as above

    sys.exit(commands.lint(Choice(**where), as_json=form == "json"))


@actions.command(short_help="Call a web hook as a flow would; write nothing.")
@click.argument("hook", metavar="HOOK")
@click.option("--flow", "of", required=True, metavar="FLOW[.METHOD]", help="Where the hook stands.")
@click.option("--identity", "identity_id", metavar="ID", help="Whom the flow is about, in the store.")
@click.option("--traits", metavar="JSON", help="Somebody with these traits instead.")
@click.option("--transient-payload", metavar="JSON", help="What the form sends along.")
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="Of the person's request; repeatable.")
@click.option("--client-ip", metavar="ADDRESS", help="From where the person's request comes.")
@click.option("--from-delivery", "event_id", metavar="ID", help="What a delivery of the log told, told once more.")
@_where
def test(hook: str, of: str, form: str, headers: tuple[str, ...], **rest: Any) -> None:
    """Call a web hook as a flow would, and print what would come of it. Nothing is written.

    HOOK is its id, or its place: /selfservice/flows/login/after/hooks/0. The call is really made. The exit status is 1
    when it fails; a refusal is no failure.
    """
    from vestibule.cli import actions as commands  # noqa: PLC0415 - as above
    from vestibule.cli.target import Choice  # noqa: PLC0415 - as above

    where = {name: rest.pop(name) for name in ("files", "endpoint", "stack", "region")}
    body = {"hook": hook, "of": of} | {name: value for name, value in rest.items() if value is not None}
    for name in ("traits", "transient_payload"):
        if name in body:
            body[name] = _json(name, body[name])
    if headers:
        body["headers"] = dict(_header(each) for each in headers)
    sys.exit(commands.test(body, Choice(**where), as_json=form == "json"))


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise click.BadParameter(f"--{name.replace('_', '-')} is no JSON") from None


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.BadParameter("--header takes NAME:VALUE")
    return name.strip(), value.strip()
