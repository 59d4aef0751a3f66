"""Messages of a target on their way into the form. Contract 02 §4.5."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vestibule.config.hooks import WebHookConfig
from vestibule.hooks.web_hook.answer import Stopped, read
from vestibule.ports import WebResponse

CONFIG = WebHookConfig.model_validate({"url": "https://a.example.org", "method": "POST", "can_interrupt": True})


def refused(pointer: Any, **message: Any) -> Stopped:
    body = {"messages": [{"instance_ptr": pointer, "messages": [{"text": "No.", **message}]}]}
    said = read(WebResponse(400, {}, json.dumps(body).encode()), CONFIG)
    assert isinstance(said, Stopped)
    return said


@pytest.mark.parametrize(
    ("pointer", "node"),
    [
        ("#/traits/name/first", "traits.name.first"),
        ("#/password", "password"),
        ("#/", ""),
        ("", ""),
        (None, ""),
        ("#", "#"),
        ("/traits/email", "/traits/email"),
        ("traits.email", "traits.email"),
    ],
)
def test_a_pointer_names_a_node(pointer: str | None, node: str):
    assert refused(pointer).problems[0].node_name == node


@pytest.mark.parametrize(("type_", "seen"), [("error", "error"), ("info", "info"), ("success", "info"), (None, "info")])
def test_every_type_but_error_is_info(type_: str | None, seen: str):
    assert refused("#/", type=type_).problems[0].message.type == seen


def test_an_empty_context_is_kept_and_a_missing_one_stays_missing():
    assert refused("#/", context={}).problems[0].message.to_wire()["context"] == {}
    assert "context" not in refused("#/").problems[0].message.to_wire()


def test_a_message_without_an_id_has_the_id_0():
    assert refused("#/").problems[0].message.id == 0
