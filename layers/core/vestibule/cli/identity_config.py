"""What `vestibule get|patch|update|import|history|rollback identity-config` and `vestibule switch` do. Contract 12.

The resulting configuration goes to standard output, everything else to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import click
from msgspec import Struct
from msgspec.structs import replace

from vestibule.cli import formats, patches, switches
from vestibule.cli.formats import FormatError
from vestibule.cli.patches import ArgumentError
from vestibule.cli.target import Answer, Choice, Target, TargetError, chosen
from vestibule.config.json_shapes import is_object
from vestibule.config.patch import START_ONLY, PatchError
from vestibule.config.placement import method_enabled

PATH = "/admin/config"
REFUSED, FAILED = 1, 2


class Making(Struct, frozen=True, kw_only=True):
    """How a change is made and told."""

    dry_run: bool = False
    if_match: str | None = None
    note: str = ""
    yes: bool = False
    quiet: bool = False
    format_: str | None = None


class _RefusedError(Exception):
    """The deployment's answer to something that cannot be done."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.reason)
        self.findings: Sequence[Mapping[str, str]] = answer.body["error"].get("details", {}).get("findings", [])


def get(choice: Choice, format_: str, *, defaults: bool, secrets: bool) -> int:
    def run(target: Target) -> int:
        asked = {"secrets": "true"} if secrets else {}
        whole = asked | {"defaults": "true"}
        answer = _asked(target, "GET", PATH, query=whole if defaults else asked)
        _tell_findings(answer.body["findings"])
        click.echo(formats.printed(answer.body["config"], format_, lambda: _complete(target, whole)))
        return 0

    return _told(choice, run)


def patch(
    choice: Choice,
    making: Making,
    files: Sequence[str],
    values: tuple[Sequence[str], Sequence[str], Sequence[str]],
) -> int:
    """`values`: additions, replacements, removals."""

    def run(target: Target) -> int:
        return _change(target, making, "PATCH", PATH, patches.from_options(files, *values))

    return _told(choice, run)


def patch_file(
    choice: Choice,
    making: Making,
    files: Sequence[str],
    values: tuple[Sequence[str], Sequence[str], Sequence[str]],
) -> int:
    """The same in the configuration file itself."""
    from vestibule.cli import in_place  # noqa: PLC0415 (models and YAML: only who edits a file needs them)

    try:
        path = in_place.only(choice.files)
        made = in_place.edited(path, patches.from_options(files, *values))
        click.echo(made.diff or "nothing changes\n", nl=False)
        if made.findings:
            _tell_findings([{"severity": f.severity, "path": f.path, "message": f.message} for f in made.findings])
            _say("the change is refused, nothing was changed")
            return REFUSED
        if not making.dry_run:
            in_place.write(path, made.text)
    except (ArgumentError, PatchError) as error:
        _say(str(error))
        return FAILED
    return 0


def update(choice: Choice, making: Making, files: Sequence[str]) -> int:
    """Replace all of it."""

    def run(target: Target) -> int:
        return _change(target, making, "PUT", PATH, _whole(files), ask=True)

    return _told(choice, run)


def import_(choice: Choice, making: Making, files: Sequence[str]) -> int:
    """Replace all of it by somebody else's, without what only a deployment decides."""

    def run(target: Target) -> int:
        document = _whole(files)
        for key in START_ONLY:
            if document.pop(key, None) is not None:
                _say(f"{key} is left out: it is read at the start; set it where Vestibule is deployed")
        return _change(target, making, "PUT", PATH, document, ask=True)

    return _told(choice, run)


def rollback(choice: Choice, making: Making, number: int) -> int:
    def run(target: Target) -> int:
        return _change(target, making, "POST", f"{PATH}/rollback", {"revision": number}, ask=True)

    return _told(choice, run)


def history(choice: Choice, format_: str | None) -> int:
    def run(target: Target) -> int:
        said = _asked(target, "GET", f"{PATH}/history").body
        _tell_findings(said.get("findings", []))  # stacks of before have none
        revisions = said["revisions"]
        if format_ is not None:
            click.echo(formats.printed({"revisions": revisions}, format_, dict))
            return 0
        for revision in revisions:
            note = f"  {revision['note']}" if revision["note"] else ""
            click.echo(f"{revision['revision']:>4}  {revision['at'][:19]}Z{note}")
            for change in revision["changes"]:
                click.echo(f"      {change['op']} {change['path']}{_value(change)}")
        if not revisions:
            _say("the configuration is as its files say: there are no revisions")
        return 0

    return _told(choice, run)


def switch(choice: Choice, making: Making, name: str, methods: Sequence[str], *, on: bool) -> int:
    def run(target: Target) -> int:
        config = _asked(target, "GET", PATH).body["config"]
        try:
            operations = switches.turned(switches.SWITCHES[name], config, methods, on=on)
        except ValueError as error:
            raise ArgumentError(str(error)) from None
        state = "on" if on else "off"
        if not operations:
            _say(f"{name} is {state} already")
            return 0
        for operation in operations:
            _say(f"{operation['op']} {operation['path']}{_value(operation)}")
        note = making.note or f"switch {state} {name}"
        return _change(target, replace(making, note=note), "PATCH", PATH, operations, ask=True)

    return _told(choice, run)


def list_switches(choice: Choice) -> int:
    def run(target: Target) -> int:
        config = _complete(target)
        for name, wanted in switches.SWITCHES.items():
            states = switches.states(wanted, config)
            used = [on for method, on in states.items() if method_enabled(config, method, wanted.flow)]
            summary = "on" if used and all(used) else "partly" if any(used) else "off"
            click.echo(f"{name:<40}{summary}")
            for method, on in states.items():
                unused = "" if method_enabled(config, method, wanted.flow) else "  (the method is not enabled)"
                click.echo(f"  {method:<38}{'on' if on else 'off'}{unused}")
        return 0

    return _told(choice, run)


# --- shared -----------------------------------------------------------------------------------------------


def _told(choice: Choice, run: Callable[[Target], int]) -> int:
    """Exit status of the command, after saying on stderr why when it is not 0."""
    try:
        return run(chosen(choice))
    except (TargetError, ArgumentError, FormatError) as error:
        for line in str(error).splitlines():
            _say(line)
        return FAILED
    except _RefusedError as refused:
        _say(str(refused))
        _tell_findings([each for each in refused.findings if each["message"] not in str(refused)])
        return REFUSED


def _asked(target: Target, method: str, path: str, **options: Any) -> Answer:
    answer = target.ask(method, path, **options)
    body: object = answer.body
    if answer.status == HTTPStatus.OK and is_object(body):
        return answer
    error = body.get("error") if is_object(body) else None
    if not is_object(error):
        raise TargetError(f"{target.name} does not answer as Vestibule's admin API: {answer.reason}")
    if answer.status == HTTPStatus.NOT_FOUND and error.get("reason") is None:
        raise TargetError(f"{target.name} does not serve {path}; is it Vestibule's admin API?")
    raise _RefusedError(answer)


def _complete(target: Target, query: Mapping[str, str] | None = None) -> dict[str, Any]:
    return _asked(target, "GET", PATH, query=query or {"defaults": "true"}).body["config"]


def _whole(files: Sequence[str]) -> dict[str, Any]:
    return patches.whole(files, None if files else sys.stdin.read())


def _change(target: Target, making: Making, method: str, path: str, body: Any, *, ask: bool = False) -> int:
    headers = {"If-Match": making.if_match} if making.if_match else {}
    asks = ask and not making.yes and _interactive()
    if making.dry_run or asks:
        planned = _asked(target, method, path, query={"dry_run": "true"}, body=body, headers=headers)
        _tell_change(planned.body)
        if making.dry_run:
            return 0 if planned.body["accepted"] else REFUSED
        if not planned.body["accepted"] or not click.confirm("Make this change?", err=True):
            return REFUSED
        headers = {"If-Match": planned.headers["etag"]}
    query = {"note": making.note} if making.note else {}
    answer = _asked(target, method, path, query=query, body=body, headers=headers)
    said = answer.body
    if not asks:
        _tell_findings(said["findings"])
    if making.quiet:
        click.echo(said["revision"])
    elif making.format_ is not None:
        click.echo(formats.printed(said["config"], making.format_, lambda: _complete(target)))
    elif said["changed"]:
        if not asks:
            click.echo(said["diff"], nl=False)
        _say(f"revision {said['revision']} is in force, within seconds in every function of {target.name}")
    else:
        _say(f"nothing changes: revision {said['revision']} stays")
    return 0


def _interactive() -> bool:
    """Whether somebody sits there who can be asked."""
    return sys.stdin.isatty()


def _tell_change(said: Mapping[str, Any]) -> None:
    """What a dry run found."""
    click.echo(said["diff"] or "nothing changes\n", nl=False)
    _tell_findings(said["findings"])
    for each in said["effective"]:
        click.echo(f"effective: {each['path']}: {_text(each['before'])} → {_text(each['after'])}")
    if not said["accepted"]:
        _say("this change would be refused")


def _tell_findings(findings: Sequence[Mapping[str, str]]) -> None:
    for finding in findings:
        parts = (finding["severity"], finding["path"], finding["message"])
        click.echo(": ".join(part for part in parts if part), err=True)


def _value(operation: Mapping[str, Any]) -> str:
    return f" = {_text(operation['value'])}" if "value" in operation else ""


def _text(value: Any) -> str:
    return "not set" if value is None else json.dumps(value, ensure_ascii=False)


def _say(sentence: str) -> None:
    click.echo(f"vestibule: {sentence}", err=True)
