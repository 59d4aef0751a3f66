"""`vestibule get|patch|update|import|history|rollback identity-config` and `vestibule switch`: words, options, help.

Named and written as the product's command line has them, which its documentation uses; contract 12.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from vestibule.cli.identity_config import Making
    from vestibule.cli.target import Choice

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path, dir_okay=False)
ALIASES = ("ic", "kratos-config", "project")
SWITCH_NAMES = ("require-verified-login", "sign-in-after-registration", "show-verification-after-registration")


class _Aliased(click.Group):
    """`ic`, `kratos-config` and `project` mean identity-config; help lists the name itself."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, "identity-config" if cmd_name in ALIASES else cmd_name)


def _options(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorated(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorated


def _sources(told: str) -> Callable[[F], F]:
    return click.option("-f", "--file", "sources", multiple=True, metavar="SOURCE", help=told)


_project = click.argument("project", required=False)

_where = _options(
    click.option(
        "--project", "project_option", metavar="ID", help="Taken for compatibility: a deployment is one project."
    ),
    click.option("--workspace", metavar="ID", help="Taken for compatibility."),
    click.option(
        "-c", "--config", "files", type=_FILE, multiple=True, metavar="FILE", help="A local kratos.yml, and its store."
    ),
    click.option("--dsn", metavar="DSN", help="With -c: another store than the file names."),
    click.option("--endpoint", metavar="URL", help="The admin API to ask (VESTIBULE_ADMIN_URL)."),
    click.option("--stack", metavar="NAME", help="The deployed CloudFormation stack to ask (VESTIBULE_STACK)."),
    click.option("--region", metavar="REGION", help="Of the stack, and of signatures."),
)

_how = _options(
    click.option(
        "--dry-run", "--check", is_flag=True, help="Show difference, findings and effective change; change nothing."
    ),
    click.option("--if-match", metavar="REVISION", help="Change nothing unless this revision, or ETag, is in force."),
    click.option("--note", default="", metavar="TEXT", help="Why, for the history."),
    click.option(
        "--format",
        "format_",
        metavar="FORMAT",
        help="Print the result: json, json-pretty, yaml, jsonpath=…, jsonpointer=…",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Print the number of the revision only."),
    click.option("-y", "--yes", is_flag=True, help="Do not ask."),
)

_WHERE = """\b
Which deployment, the first of these:
  -c kratos.yml   this file and its store, as `vestibule serve -c` has them
  --endpoint URL  an admin API; requests are signed for IAM, or carry the
                  bearer key in VESTIBULE_ADMIN_TOKEN
  --stack NAME    the deployed stack of that name
  (none)          the server that runs on this machine, else its store
"""


@click.group(cls=_Aliased)
def get() -> None:
    """Print a configuration."""


@click.group(cls=_Aliased)
def patch() -> None:
    """Change parts of a configuration."""


@click.group(cls=_Aliased)
def update() -> None:
    """Replace a configuration."""


@click.group("import", cls=_Aliased)
def import_() -> None:
    """Take over a configuration, or people."""


@click.group(cls=_Aliased)
def history() -> None:
    """Tell what was changed."""


@click.group(cls=_Aliased)
def rollback() -> None:
    """Take changes back."""


@click.group(short_help="Turn the console's switches on and off.")
def switch() -> None:
    """Turn on and off what the documentation's console has a switch for."""


@get.command("identity-config", epilog=_WHERE, short_help="Print what is in force.")
@_project
@_where
@click.option(
    "--format",
    "format_",
    default="json-pretty",
    metavar="FORMAT",
    help="json, json-pretty (this), yaml, jsonpath=…, jsonpointer=…",
)
@click.option("--defaults", is_flag=True, help="With everything that holds without being set.")
@click.option("--secrets", is_flag=True, help="With the secrets that stand in it, as another deployment needs them.")
def get_identity_config(format_: str, *, defaults: bool, secrets: bool, **where: Any) -> None:
    """Print the configuration that is in force: the files with all revisions in them.

    jsonpath takes gjson's syntax (selfservice.flows.login.lifespan), jsonpointer RFC 6901's; both find defaults, too.
    Secrets are hidden: `update` and `patch` know what is meant.
    """
    from vestibule.cli import identity_config  # noqa: PLC0415 - as in main

    sys.exit(identity_config.get(_choice(where), format_, defaults=defaults, secrets=secrets))


@patch.command("identity-config", epilog=_WHERE, short_help="Change parts of it.")
@_project
@_where
@click.option(
    "--add", multiple=True, metavar="PATH=JSON", help="Set a key, or insert into a list; what leads there is made."
)
@click.option("--replace", multiple=True, metavar="PATH=JSON", help="Set a key, or an entry of a list.")
@click.option("--remove", multiple=True, metavar="PATH", help="Back to the default, or an entry less.")
@_sources("A JSON Patch, or a part of a configuration: path, https:// or base64://.")
@click.option("--in-place", is_flag=True, help="With -c: edit the file itself, its comments kept. No revision is made.")
@_how
def patch_identity_config(
    sources: tuple[str, ...], add: tuple[str, ...], replace: tuple[str, ...], remove: tuple[str, ...], **rest: Any
) -> None:
    """Change parts of the configuration: all -f first, then --add, --replace and --remove; each may be repeated.

    PATH is a JSON pointer, JSON a value in which texts have quotes: --add '/selfservice/flows/login/lifespan="30m"'.
    Values that begin with file:// are replaced by the file's content. The change is in force within seconds, or refused
    as a whole. dsn, secrets, serve and log are read at the start and cannot be changed here.
    """
    from vestibule.cli import identity_config  # noqa: PLC0415 - as in main

    run = identity_config.patch_file if rest["in_place"] else identity_config.patch
    sys.exit(run(_choice(rest), _making(rest), _split(sources), (add, replace, remove)))


@update.command("identity-config", epilog=_WHERE, short_help="Replace all of it.")
@_project
@_where
@_sources("The new configuration; several are merged. Without: standard input.")
@_how
def update_identity_config(sources: tuple[str, ...], **rest: Any) -> None:
    """Replace the whole configuration. What is read at the start (dsn, secrets, serve, log) stays or is left out."""
    from vestibule.cli import identity_config  # noqa: PLC0415 - as in main

    sys.exit(identity_config.update(_choice(rest), _making(rest), _split(sources)))


@import_.command("identity-config", epilog=_WHERE, short_help="Take over another Kratos's configuration.")
@_project
@_where
@_sources("A kratos.yml or an exported project; several are merged.")
@_how
def import_identity_config(sources: tuple[str, ...], **rest: Any) -> None:
    """Take over the configuration of another Kratos, without what is read at the start: dsn, secrets, serve, log."""
    from vestibule.cli import identity_config  # noqa: PLC0415 - as in main

    sys.exit(identity_config.import_(_choice(rest), _making(rest), _split(sources)))


@import_.command("identities", epilog=_WHERE, short_help="Take over the people of another Kratos.")
@click.option("--from", "source", metavar="URL", required=True, help="Its admin API; VESTIBULE_FROM_TOKEN is its key.")
@_where
@click.option("--dry-run", is_flag=True, help="Count what there is to take over; write nothing.")
def import_identities(source: str, *, dry_run: bool, **where: Any) -> None:
    """Take over the people of another Kratos: passwords, keys, one-time codes, providers, verified addresses.

    Ids are made anew; the former one is in external_id, unless there was another. Sessions are not taken along. Say it
    again as often as you like: who is there already is left alone. Exit status 1 when somebody could not be taken over.
    """
    from vestibule.cli import people  # noqa: PLC0415 - as in main

    sys.exit(people.run(_choice(where), source, dry_run=dry_run))


@history.command("identity-config", epilog=_WHERE, short_help="List the revisions that are kept.")
@_project
@_where
@click.option("--format", "format_", metavar="FORMAT", help="json, json-pretty, yaml, jsonpath=…, jsonpointer=…")
def history_identity_config(format_: str | None, **where: Any) -> None:
    """List the revisions that are kept, newest first. Secrets are hidden."""
    from vestibule.cli import identity_config  # noqa: PLC0415 - as in main

    sys.exit(identity_config.history(_choice(where), format_))


@rollback.command("identity-config", epilog=_WHERE, short_help="Put an earlier revision into force again.")
@_project
@_where
@click.option(
    "--to", "number", type=click.IntRange(0), required=True, metavar="REVISION", help="Its number; 0 is the files."
)
@_how
def rollback_identity_config(number: int, **rest: Any) -> None:
    """Put an earlier revision into force again, as a new one."""
    from vestibule.cli import identity_config  # noqa: PLC0415 - as in main

    sys.exit(identity_config.rollback(_choice(rest), _making(rest), number))


@switch.command("list", epilog=_WHERE)
@_where
def list_switches(**where: Any) -> None:
    """Show every switch, by method."""
    from vestibule.cli import identity_config  # noqa: PLC0415 - as in main

    sys.exit(identity_config.list_switches(_choice(where)))


_NAME = click.argument("name", type=click.Choice(SWITCH_NAMES), metavar="SWITCH")
_METHOD = click.option(
    "--method", "methods", multiple=True, metavar="METHOD", help="For this method only; may be repeated."
)


@switch.command("on", epilog=_WHERE, short_help="Turn one on.")
@_NAME
@_METHOD
@_where
@_how
def switch_on(name: str, methods: tuple[str, ...], **rest: Any) -> None:
    """Turn on require-verified-login, sign-in-after-registration or show-verification-after-registration.

    It is one change of hooks, shown before it is made.
    """
    from vestibule.cli import identity_config  # noqa: PLC0415 - as in main

    sys.exit(identity_config.switch(_choice(rest), _making(rest), name, methods, on=True))


@switch.command("off", epilog=_WHERE, short_help="Turn one off.")
@_NAME
@_METHOD
@_where
@_how
def switch_off(name: str, methods: tuple[str, ...], **rest: Any) -> None:
    """Turn it off: the opposite of `on`."""
    from vestibule.cli import identity_config  # noqa: PLC0415 - as in main

    sys.exit(identity_config.switch(_choice(rest), _making(rest), name, methods, on=False))


def _choice(options: dict[str, Any]) -> Choice:
    from vestibule.cli.target import Choice  # noqa: PLC0415 - as in main

    return Choice(**{name: options[name] for name in ("files", "dsn", "endpoint", "stack", "region")})


def _making(options: dict[str, Any]) -> Making:
    from vestibule.cli.identity_config import Making  # noqa: PLC0415 - as in main

    names = ("dry_run", "if_match", "note", "yes", "quiet", "format_")
    return Making(**{name: options[name] for name in names})


def _split(sources: tuple[str, ...]) -> list[str]:
    """At commas, as the product does, except within what is encoded."""
    return [part for source in sources for part in ([source] if "://" in source else source.split(",")) if part]


COMMANDS = (get, patch, update, import_, history, rollback, switch)
