"""What an answer means. Contract 02 §4.4 and 4.5."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from vestibule.config.json_shapes import is_list, is_object
from vestibule.domain.json import Json
from vestibule.domain.message import Message, MessageType, Problem
from vestibule.hooks.web_hook.calling import is_failure
from vestibule.hooks.web_hook.troubles import Improper
from vestibule.ports import WebResponse

if TYPE_CHECKING:
    from vestibule.config.hooks import WebHookConfig

_OK = 200
_BAD_REQUEST = 400


class Passed(Struct, frozen=True):
    """Go on. `identity` are the fields that the target changes, none where it changes nothing."""

    identity: Json = field(default_factory=dict[str, Any])


class Stopped(Struct, frozen=True):
    """The target refuses, and says why (it may say nothing)."""

    problems: tuple[Problem, ...]


def read(response: WebResponse, config: WebHookConfig) -> Passed | Stopped:
    """Raises Improper."""
    if response.status < _BAD_REQUEST:
        if response.status == _OK and config.response.parse:
            return Passed(_changes(response.body))
        return Passed()
    if not config.parses or is_failure(response.status):
        raise Improper(f"it answered {response.status}")
    groups = _object(response.body, "messages").get("messages")
    if not is_list(groups) or not groups:
        raise Improper("it refused without a message")
    return Stopped(tuple(_problems(groups)))


def _changes(body: bytes) -> Json:
    if not body.strip():
        return {}
    identity = _object(body, "an identity").get("identity")
    if identity is None:
        return {}
    if not is_object(identity):
        raise Improper("the identity in its answer is no object")
    return identity


def _object(body: bytes, what: str) -> Json:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Improper(f"its answer is no JSON with {what}") from None
    if not is_object(value):
        raise Improper(f"its answer is no object with {what}")
    return value


def _problems(groups: list[Any]) -> Iterator[Problem]:
    for group in groups:
        if not is_object(group):
            raise Improper("its messages are none")
        pointer: Any = group.get("instance_ptr") or ""
        said: Any = group.get("messages") or ()
        if not isinstance(pointer, str) or not (said == () or is_list(said)):
            raise Improper("its messages are none")
        for message in said:
            yield Problem(_message(message), _pointer(pointer))


def _message(message: Any) -> Message:
    """As the target has it; a type that is not `error` is `info`."""
    if not is_object(message):
        raise Improper("its messages are none")
    number, text, context = message.get("id") or 0, message.get("text") or "", message.get("context")
    is_number = isinstance(number, int) and not isinstance(number, bool)
    if not is_number or not isinstance(text, str) or not (context is None or is_object(context)):
        raise Improper("its messages are none")
    kind = MessageType.ERROR if message.get("type") == "error" else MessageType.INFO
    return Message(number, text, kind, context)


def _pointer(pointer: str) -> str:
    """What is no pointer into the form names a node of just that name."""
    if not pointer or pointer.startswith("#/"):
        return pointer or "#/"
    return "#/" + pointer.replace("~", "~0").replace("/", "~1")
