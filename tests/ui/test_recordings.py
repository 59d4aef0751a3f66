"""The forms of the reference, as recorded: what they look like, in which order, with which messages."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from vestibule.domain.message import Message
from vestibule.ui import messages, ordering
from vestibule.ui.nodes import Node

GOLDENS = Path(__file__).parents[3] / "shared" / "conformance" / "goldens"

pytestmark = pytest.mark.skipif(not GOLDENS.is_dir(), reason="the recordings are not beside the checkout")

UNSORTED = frozenset(
    {"resend", "lookup_secret_codes", "webauthn_login", "address"}  # steps that append to a drawn form
)


def forms() -> list[dict]:
    return [each for path in sorted(GOLDENS.glob("*/*.json")) for each in _within(json.loads(path.read_text()))]


def _within(value) -> Iterator[dict]:
    if isinstance(value, dict):
        if isinstance(value.get("nodes"), list) and "action" in value:
            yield value
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from _within(each)


def _node(wire: dict) -> Node:
    attributes = {key: value for key, value in wire["attributes"].items() if key != "node_type"}
    for key in ("text", "title"):
        if key in attributes:
            attributes[key] = Message.from_wire(attributes[key])
    said = tuple(map(Message.from_wire, wire["messages"]))
    label = wire["meta"].get("label")
    return Node(wire["type"], wire["group"], attributes, said, Message.from_wire(label) if label else None)


def _key(node: Node) -> str:
    return f"{node.group}:{node.name}"


def test_recorded_nodes_survive_the_way_through_ours():
    found = forms()
    assert len(found) > 1000
    for form in found:
        for wire in form["nodes"]:
            of_hooks = [each for each in wire["messages"] if each["id"] not in messages.BY_ID]
            if not of_hooks:
                assert _node(wire).to_wire() == wire


def test_recorded_forms_stand_in_our_order():
    compared = 0
    for form in forms():
        flow = form["action"].partition("/self-service/")[2].partition("?")[0]
        nodes = list(map(_node, form["nodes"]))
        keys = [node.name for node in nodes if node.name.startswith("traits.")]
        order = {
            "login": ordering.LOGIN,
            "registration": ordering.registration(keys),
            "settings": ordering.settings(keys),
        }.get(flow)
        half_way = nodes and nodes[0].group == "identifier_first"
        if order is None or half_way or UNSORTED & {node.name for node in nodes}:
            continue
        assert list(map(_key, ordering.sorted_nodes(nodes, order))) == list(map(_key, nodes))
        compared += 1
    assert compared > 500


def test_recorded_messages_have_a_row_of_the_same_type_and_context():
    seen = set()
    for form in forms():
        for wire in form["nodes"]:
            label = wire["meta"].get("label")
            for message in [*wire["messages"], *form.get("messages", []), *([label] if label else [])]:
                row = messages.BY_ID.get(message["id"])
                if row is None:
                    assert message["id"] < 1_000_000, "only hooks send numbers of their own"
                    continue
                seen.add(row.id)
                times = {key.removesuffix("_unix") for key in message.get("context", {}) if key.endswith("_unix")}
                keys = {key for key in message.get("context", {}) if not key.endswith("_unix")}
                assert keys == row.keys | set(row.aliases), row.id
                assert times <= row.keys
                assert message["type"] == row.type
    assert len(seen) > 80
