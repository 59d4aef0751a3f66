"""Calls that nobody waits for (`response.ignore`): an event with all that they are made of, sealed, not yet rendered.

It is stored with the write that ends the step, so that none is lost and none is made for a write that failed. What
the template makes of it, with the secrets in it, exists only while the call is made. Contract 02 §4.1.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from msgspec.structs import replace

from vestibule.config.points import TOKEN, Point
from vestibule.crypto import csrf
from vestibule.domain.event import Event
from vestibule.domain.json import Json
from vestibule.domain.request import Request
from vestibule.hooks import choosing
from vestibule.hooks.hook import Moment
from vestibule.hooks.web_hook.context import context, told_nodes
from vestibule.hooks.web_hook.due import WAITED_FOR, due, event_of, kept_as
from vestibule.hooks.web_hook.event import event_id
from vestibule.hooks.web_hook.naming import name_of
from vestibule.lifecycle import drawing
from vestibule.ports import TransactWrite
from vestibule.services import Services
from vestibule.stores.identity_items import read_identity, to_item

if TYPE_CHECKING:
    from vestibule.config.hooks import WebHookConfig

WITH_THE_WRITE = frozenset({Point.REGISTRATION_POST_PERSIST, Point.SETTINGS_POST_PERSIST, Point.VERIFICATION_AFTER})
"""Points behind the write that they are about: what is told there belongs into that write."""

LARGEST_KEPT = 16 * 1024
"""Characters of a sealed call that a step waited for: what is longer costs more to keep than it is worth."""

_WEB_HOOK = "web_hook"


def announced(config: WebHookConfig, moment: Moment, svc: Services) -> tuple[TransactWrite, ...]:
    """What to write so that the call is made; see `due`."""
    if moment.point in WITH_THE_WRITE and moment.identity is not None and not moment.identity.version:
        moment = replace(moment, identity=replace(moment.identity, version=1))  # as it will be stored
    packed = _packed(moment, context(moment, svc), svc)
    return due(config, event_id(moment, svc), packed, _about(moment), svc)


def kept(hook: str, id_: str, moment: Moment, ctx: Json, svc: Services) -> str:
    """A call that a step waited for, to be made again as one that nobody waits for; empty where it is too long."""
    about = {**_about(moment), WAITED_FOR: "true"}
    event = event_of(hook, id_, _packed(moment, ctx, svc), about, svc, LARGEST_KEPT)
    return kept_as(event) if event is not None else ""


def configured(event: Event, svc: Services) -> WebHookConfig | None:
    """The hook that the event is for, as it is configured now: preferred where it stood, else wherever it stands."""
    point, name = event.detail["point"], event.detail["hook"]
    if point == TOKEN:
        entries: Iterable[Any] = svc.config.vestibule.oauth2.token.hooks
    else:
        chosen = choosing.chosen(Point(point), str(event.detail.get("method", "")), svc.config).hooks
        entries = (each.entry for each in chosen)
    there = (entry.config for entry in entries if entry.hook == _WEB_HOOK)
    return next((config for config in (*there, *_everywhere(svc)) if name_of(config) == name), None)


def context_of(event: Event, svc: Services) -> Json | None:
    """The context as the hook would have seen it in the flow, its form drawn again. None: no secret opens it any more.

    The form's CSRF token is a new one that fits no cookie.
    """
    plain = svc.event_sealer.open(str(event.detail["sealed"]), context=event.id.encode())
    if plain is None:
        return None
    packed: Json = json.loads(zlib.decompress(plain))
    ctx: Json = packed["ctx"]
    if "flow" not in packed:
        return ctx
    flow = svc.flows.unpacked(packed["flow"])
    if "who" in packed:
        flow = replace(flow, identity=read_identity(packed["who"]))
    stranger = Request(
        method="GET", path="", url="", csrf_secrets=(csrf.new_secret(svc.random.bytes),), csrf_is_new=True
    )
    ctx["flow"]["ui"]["nodes"] = told_nodes(drawing.container(flow, stranger, svc).to_wire()["nodes"])
    return ctx


def _about(moment: Moment) -> dict[str, str]:
    return {
        "point": str(moment.point),
        "method": moment.method,
        "flow": moment.flow.id,
        "identity": moment.identity.id if moment.identity is not None else "",
    }


def _packed(moment: Moment, ctx: Json, svc: Services) -> Json:
    flow = moment.flow
    packed: Json = {"ctx": ctx}
    if ctx["flow"]["ui"].get("nodes") is not None:
        drawn = {name: value for name, value in ctx["flow"]["ui"].items() if name != "nodes"}
        packed["ctx"] = {**ctx, "flow": {**ctx["flow"], "ui": drawn}}
        packed["flow"] = svc.flows.packed(flow)
        if flow.identity is not None:
            packed["who"] = to_item(flow.identity, version=flow.identity.version)
    return packed


def _everywhere(svc: Services) -> Iterator[WebHookConfig]:
    for flow in vars(svc.config.selfservice.flows).values():
        after: Any = getattr(flow, "after", None)
        of_methods = cast("dict[str, Any]", vars(after)).values() if after is not None else ()
        sections: list[Any] = [getattr(flow, "before", None), after, *of_methods]
        for section in sections:
            for entry in cast("tuple[Any, ...]", getattr(section, "hooks", ())):
                if entry.hook == _WEB_HOOK:
                    yield entry.config
