"""One hook, tried: its template is rendered, its target called, what would come of it told. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from vestibule.config.json_shapes import is_object
from vestibule.config.points import CAPABILITIES, Point
from vestibule.domain.json import Json
from vestibule.domain.message import Problem
from vestibule.hooks import choosing, explaining, showing
from vestibule.hooks.choosing import Placed
from vestibule.hooks.hook import Moment
from vestibule.hooks.sampling import Person, sampled
from vestibule.hooks.web_hook import answer, calling, changes
from vestibule.hooks.web_hook.calling import Attempt
from vestibule.hooks.web_hook.context import context, told_identity
from vestibule.hooks.web_hook.naming import name_of
from vestibule.hooks.web_hook.request import Call, CannotCall, prepared
from vestibule.lifecycle import drawing
from vestibule.ports import SecretUnavailable, WebTimeout, WebUnreachable
from vestibule.services import Services
from vestibule.ui.container import with_problems

if TYPE_CHECKING:
    from vestibule.config.hooks import WebHookConfig
    from vestibule.config.model import Config


class NoSuchHook(LookupError):
    """There is no such web hook in the flow, or more than one; the text says which there are."""


def tried(asked: str, of: str, person: Person, svc: Services, ctx: Json | None = None) -> Json:
    """The hook of that id (or pointer, or name in the delivery log) in a flow: `registration`, `login.password`.

    `ctx` is told instead of what the person's moment would be told. The call is really made, once.
    Raises NoSuchHook, NoSuchPlace.
    """
    placed, method = found(asked, of, svc.config)
    config: WebHookConfig = placed.entry.config
    point = _point(placed)
    moment = sampled(point, method, person, svc)
    told: Json = {"hook": explaining.told(placed), "point": str(point)}
    secrets = showing.Secrets(svc)
    try:
        call = prepared(config, ctx if ctx is not None else context(moment, svc), svc.templates, secrets)
        if call is None:
            return told | {"outcome": "cancelled", "why": "the template cancels the call; the flow goes on"}
        return told | {"request": showing.request(call, secrets)} | secrets.masked(_made(call, config, moment, svc))
    except CannotCall as cannot:
        return told | {"outcome": "unusable", "why": str(cannot)}
    except SecretUnavailable as unread:
        return told | {"outcome": "unusable", "why": f"a secret cannot be read: {unread}"}


def found(asked: str, of: str, config: Config) -> tuple[Placed, str]:
    """The web hook, and the method that its list is of ("" for none). Raises NoSuchHook, NoSuchPlace."""
    flow, method = explaining.place(of, config)
    there = list(_web_hooks(flow, method, config))
    meant = [each for each in there if asked in (each.pointer, each.entry.config.id, name_of(each.entry.config))]
    if len(meant) == 1:
        (placed,) = meant
        return placed, method or next(iter(placed.place[2:]), "")
    names = ", ".join(f"{each.entry.config.id or 'one without id'} ({each.pointer})" for each in meant or there)
    if meant:
        raise NoSuchHook(f"{of} has more than one {asked!r}; name its place: {names}")
    raise NoSuchHook(f"{of} has no web hook {asked!r}; there are {names or 'none'}")


def _web_hooks(flow: str, method: str, config: Config) -> Iterator[Placed]:
    """Of the flow with all its methods, or of one."""
    seen: set[str] = set()
    for each_method in (method,) if method else ("", *explaining.methods(flow, config)):
        for placed in explaining.listed(flow, each_method, config):
            if placed.entry.hook == "web_hook" and placed.pointer not in seen:
                seen.add(placed.pointer)
                yield placed


def _point(placed: Placed) -> Point:
    """Where it runs."""
    flow, moment = placed.place[:2]
    able = [point for point in choosing.points(flow) if point in CAPABILITIES[placed.entry.hook]]
    for point in able:
        if (moment == "before") is point.value.endswith(".before") and not choosing.is_silent(placed.entry, point):
            return point
    raise AssertionError("a web hook can run wherever it may stand")


def _made(call: Call, config: WebHookConfig, moment: Moment, svc: Services) -> Json:
    attempts: list[Attempt] = []
    deadline = svc.pace.now() + calling.STEP_SECONDS
    named, policy = config.emit_analytics_event, replace(calling.policy(config), attempts=1)
    try:
        response = calling.call(call, deadline, svc, named=named, policy=policy, attempts=attempts)
    except WebTimeout:
        return {"attempts": showing.attempts(attempts), "outcome": "failed", "why": "the target did not answer in time"}
    except WebUnreachable:
        return {"attempts": showing.attempts(attempts), "outcome": "failed", "why": "the target could not be reached"}
    said: Json = {"attempts": showing.attempts(attempts), "response": showing.response(response)}
    if config.response.ignore:
        return said | {"outcome": "told", "why": "the flow goes on without the answer"}
    try:
        heard = answer.read(response, config)
        if isinstance(heard, answer.Stopped):
            return said | _refused(heard.problems, moment, svc)
        went_on = changes.changed(moment, heard.identity, svc)
    except answer.Improper as improper:
        return said | {"outcome": "failed", "why": str(improper)}
    if not isinstance(went_on, Moment):
        return said | _refused(went_on, moment, svc)
    return said | {"outcome": "passed", "identity": _difference(moment, went_on, svc)}


def _refused(problems: tuple[Problem, ...], moment: Moment, svc: Services) -> Json:
    """The messages where they would stand: at a node, or (None) over the form."""
    drawn = with_problems(drawing.container(moment.flow, moment.request, svc), problems)
    messages: list[Json] = [{"node": None, **message.to_wire()} for message in drawn.messages]
    messages += [{"node": node.name, **message.to_wire()} for node in drawn.nodes for message in node.messages]
    return {"outcome": "refused", "messages": messages}


def _difference(before: Moment, after: Moment, svc: Services) -> list[Json]:
    was, now = told_identity(before), told_identity(after)
    if was is None or now is None:
        return []
    base = svc.urls.public
    return list(_differences("", was.to_wire(base, admin=True), now.to_wire(base, admin=True)))


def _differences(at: str, was: Any, now: Any) -> Iterator[Json]:
    """As RFC 6902 has it, with the former value in `from_value`."""
    if not is_object(was) or not is_object(now):
        if was != now:
            yield {"op": "replace", "path": at, "value": now, "from_value": was}
        return
    for name in sorted({*was, *now}):
        path = f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in now:
            yield {"op": "remove", "path": path, "from_value": was[name]}
        elif name not in was:
            yield {"op": "add", "path": path, "value": now[name]}
        else:
            yield from _differences(path, was[name], now[name])
