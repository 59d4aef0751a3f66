"""`vestibule actions explain|lint|test`: what the admin API says of actions, for a deployment or for files alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from http import HTTPStatus
from typing import Any, cast

import click

from vestibule.cli import target
from vestibule.cli.target import Choice, TargetError
from vestibule.config.findings import ConfigError, Finding
from vestibule.domain.errors import FlowError
from vestibule.domain.json import Json
from vestibule.domain.outcome import Document
from vestibule.domain.request import Request

_USAGE = 2
_ROOT = "/admin/actions"
_SECRETS = {"secrets.cookie": ["-" * 32], "secrets.cipher": ["-" * 32]}
"""Nothing is sealed that anybody keeps."""

Print = Callable[[Json], Iterator[str]]


class _Refused(Exception):
    """The text says why."""


def explain(of: str, choice: Choice, *, as_json: bool) -> int:
    """Print the chain of `login.password`. Returns the exit status."""
    return _printed(lambda: _got(choice, "explain", {"of": of}), _explanation, as_json=as_json)


def lint(choice: Choice, *, as_json: bool) -> int:
    """Print the findings, one a line; 1 when one is an error."""
    return _printed(lambda: _linted(choice), _findings, as_json=as_json, failed=_has_errors)


def test(body: Json, choice: Choice, *, as_json: bool) -> int:
    """Try a hook; `body` is that of the admin API. 1 when the call failed."""
    return _printed(lambda: _posted(choice, "test", body), _trial, as_json=as_json, failed=_has_failed)


def _printed(
    ask: Callable[[], Json], lines: Print, *, as_json: bool, failed: Callable[[Json], bool] = lambda _: False
) -> int:
    try:
        said = ask()
    except (TargetError, ConfigError, _Refused) as error:
        for line in str(error).splitlines():
            click.echo(f"vestibule: {line}", err=True)
        return _USAGE
    click.echo(json.dumps(said, indent=2, ensure_ascii=False) if as_json else "\n".join(lines(said)))
    return 1 if failed(said) else 0


# --- asking -----------------------------------------------------------------------------------------


def _got(choice: Choice, name: str, query: Mapping[str, str]) -> Json:
    if _is_offline(choice):
        return _offline(choice, Request("GET", f"{_ROOT}/{name}", "", tuple(query.items())))
    return _answered(target.chosen(choice).ask("GET", f"{_ROOT}/{name}", query=query))


def _posted(choice: Choice, name: str, body: Json) -> Json:
    if _is_offline(choice):
        return _offline(choice, Request("POST", f"{_ROOT}/{name}", "", body=json.dumps(body).encode()))
    sent = {"Content-Type": "application/json"}
    return _answered(target.chosen(choice).ask("POST", f"{_ROOT}/{name}", body=body, headers=sent))


def _answered(answer: target.Answer) -> Json:
    if answer.status != HTTPStatus.OK:
        raise _Refused(answer.reason)
    return cast("Json", answer.body)


def _is_offline(choice: Choice) -> bool:
    """Files alone: nothing is stored, and no server is asked."""
    return bool(choice.files) and not choice.dsn


def _offline(choice: Choice, request: Request) -> Json:
    """Raises ConfigError, _Refused."""
    from vestibule.adapters.dsn import open_table  # noqa: PLC0415 (models and stores take longer than all of --help)
    from vestibule.assembly import build  # noqa: PLC0415 (as above)
    from vestibule.cli.templates import engine  # noqa: PLC0415 (as above)
    from vestibule.config.load import load  # noqa: PLC0415 (as above)
    from vestibule.resources import actions  # noqa: PLC0415 (as above)

    loaded = load(choice.files, os.environ, overrides={"dsn": "memory", **_SECRETS}, read_secret=lambda name: name)
    with closing(engine()) as templates:
        svc = build(loaded.config, open_table("memory"), templates=templates, source=loaded.source)
        try:
            outcome = actions.serve(request, svc)
        except FlowError as error:
            raise _Refused(error.reason or str(error)) from None
    return cast("Document", outcome).body


def _linted(choice: Choice) -> Json:
    """Of files also where they cannot be used as they are."""
    if not _is_offline(choice):
        return _got(choice, "lint", {})
    from vestibule.cli.templates import checking  # noqa: PLC0415 (as above)
    from vestibule.config.action_lint import linted  # noqa: PLC0415 (as above)
    from vestibule.config.load import gather  # noqa: PLC0415 (as above)

    document, origins, unread = gather(choice.files, os.environ, {})
    with checking() as wrong:
        findings = [*unread, *map(origins.placed, linted(document, wrong))]
    return {"findings": [_finding(each) for each in findings]}


def _finding(finding: Finding) -> Json:
    place = {"file": finding.file, "line": finding.line} if finding.file else {}
    return {"severity": finding.severity, "path": finding.path, "message": finding.message, **place}


# --- printing -----------------------------------------------------------------------------------------


def _explanation(said: Json) -> Iterator[str]:
    yield said["asked"]
    if said["off"]:
        yield f"  Never reached: {said['off']}."
    for point in said["points"]:
        yield from ("", f"{point['point']}: {point['when']}", f"  {point['why']}")
        for number, hook in enumerate(point["hooks"], 1):
            yield from _hook(hook, f"  {number}. ")
        if not point["hooks"]:
            yield "  nothing runs"
    for title, key in (("Shadowed", "shadowed"), ("Never runs", "never")):
        if said[key]:
            yield from ("", title)
            for hook in said[key]:
                yield from _hook(hook, "  ")


def _hook(hook: Json, before: str = "") -> Iterator[str]:
    """What it is and does; below it why, and where it stands, each on a line: all in one is wider than a terminal."""
    named = f"{hook['hook']} {hook['id']}" if hook.get("id") else hook["hook"]
    parts = [hook.get("calls"), f"answer: {hook['answer']}" if "answer" in hook else None]
    yield before + " · ".join([named, *(str(part) for part in parts if part)])
    yield from (f"{' ' * len(before)}{part}" for part in (hook.get("why"), hook["at"]) if part)


def _findings(said: Json) -> Iterator[str]:
    for each in said["findings"]:
        yield str(Finding(each["path"], each["message"], each.get("file"), each.get("line"), each["severity"]))
    errors = sum(each["severity"] == "error" for each in said["findings"])
    yield f"{errors} errors" if errors != 1 else "1 error"


def _has_errors(said: Json) -> bool:
    return any(each["severity"] == "error" for each in said["findings"])


def _trial(said: Json) -> Iterator[str]:
    yield from _hook(said["hook"])
    yield said["point"]
    if request := said.get("request"):
        yield from ("", f"> {request['method']} {request['url']}")
        yield from (f"> {name}: {value}" for name, value in request["headers"].items())
        yield from _body(request["body"], ">")
    for each in said.get("attempts", ()):
        yield f"  {each['status'] or each['error']} in {each['milliseconds']} ms"
    if response := said.get("response"):
        yield f"< {response['status']}"
        yield from _body(response["body"], "<")
    yield from ("", f"{said['outcome']}: {said['why']}" if said.get("why") else said["outcome"])
    for message in said.get("messages", ()):
        yield f"  {message['node'] or 'the form'}: {message['text']} ({message['type']} {message['id']})"
    for token, claims in said.get("claims", {}).items():
        yield f"  {token}: {json.dumps(claims, ensure_ascii=False)}"
    for change in said.get("identity", ()):
        yield f"  {_change(change)}"


def _body(body: Any, mark: str) -> Iterator[str]:
    if body is not None:
        text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
        yield from (f"{mark} {line}" for line in text.splitlines())


def _change(change: Json) -> str:
    was, now = (json.dumps(change.get(key), ensure_ascii=False) for key in ("from_value", "value"))
    match change["op"]:
        case "add":
            return f"{change['path']}: {now} is new"
        case "remove":
            return f"{change['path']}: {was} is gone"
        case _:
            return f"{change['path']}: {was} becomes {now}"


def _has_failed(said: Json) -> bool:
    return said["outcome"] in ("failed", "unusable")
