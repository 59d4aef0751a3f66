"""Messages of a target on their way into the form. Contract 02 §4.5."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.hooks.journeys import ANN
from tests.hooks.web_hook.target import PARSE, Scene, after, answer
from tests.world import CLIENTS, PASSWORD, Client, Native

from vestibule.adapters.sqlite import SqliteTable
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


# --- in the form ------------------------------------------------------------------------------------------


def said(pointer: str, text: str, **message: Any) -> dict[str, Any]:
    return {"instance_ptr": pointer, "messages": [{"id": 7, "text": text, "type": "error", **message}]}


FIELDS: dict[str, dict[str, Any]] = {
    "login": {"method": "password", "identifier": ANN, "password": PASSWORD},
    "registration": {"method": "password", "password": PASSWORD, "traits": {"email": ANN, "name": {"first": "Ann"}}},
    "settings": {"method": "profile", "traits": {"email": ANN, "name": {"first": "Ann"}}},
}
"""Of a form that is accepted, unless a hook refuses it."""


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("flow", FIELDS)
def test_messages_stand_where_they_point_to_until_the_form_is_sent_again(
    sqlite_table: SqliteTable, kind: type[Client], flow: str
):
    place = "profile" if flow == "settings" else "password"
    scene = Scene(sqlite_table, after(flow, place, **PARSE))
    client = kind(scene.world)
    if flow != "registration":
        scene.world.identity(ANN)
    if flow == "settings":
        client.sign_in(ANN)
    first = [
        said("#/password", "at the password", context={"left": 2}),
        said("#/", "above", type="success"),
        said("#/who/knows", "at no field", type="info"),
        {"messages": [{"text": "above, too"}, {"id": 9, "text": "and this", "type": "error"}]},
    ]
    scene.target.answers = [
        answer(422, {"messages": first}),
        answer(400, {"messages": [said("", "only this")]}),
        answer(),
    ]
    form = client.refused_flow(flow, client.submit(client.start(flow), **FIELDS[flow]))
    at_password = {"id": 7, "text": "at the password", "type": "error", "context": {"left": 2}}
    assert form.nodes["password"]["messages"] == [at_password]
    new = form.nodes["who.knows"]
    assert (new["type"], new["group"], new["attributes"]["type"]) == ("input", "default", "text")
    assert [(each["text"], each["type"]) for each in new["messages"]] == [("at no field", "info")]
    above = [(each["id"], each["text"], each["type"]) for each in form.document["ui"]["messages"]]
    assert above == [(7, "above", "info"), (0, "above, too", "info"), (9, "and this", "error")]
    if flow != "login":
        shown = {name: form.nodes[name]["attributes"]["value"] for name in ("traits.email", "traits.name.first")}
        assert shown == {"traits.email": ANN, "traits.name.first": "Ann"}
    again = client.refused_flow(flow, client.submit(form, **FIELDS[flow]))
    assert [each["text"] for each in again.document["ui"]["messages"]] == ["only this"]
    assert not [node for node in again.document["ui"]["nodes"] if node["messages"]]
    assert client.submit(again, **FIELDS[flow]).status in (200, 303)
    assert Native(scene.world).sign_in(ANN).status == 200
