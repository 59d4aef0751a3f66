"""The configurations and the schema that Kratos is recorded with, where they stand beside the checkout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.config.documents import saved

from vestibule.config import tree
from vestibule.config.document import merged
from vestibule.config.load import load
from vestibule.config.model import Config

SHARED = Path(__file__).parents[3] / "shared"
GROUPS = SHARED / "conformance" / "groups"
SCHEMA = SHARED / "contract" / "schemas" / "config.schema.json"

PLACEHOLDERS = {"{public_port}": "4433", "{admin_port}": "4434", "{hook_port}": "4435", "{root}": "/conformance"}


def filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: filled(below) for key, below in value.items()}
    if isinstance(value, list):
        return [filled(below) for below in value]
    if not isinstance(value, str):
        return value
    if value in ("{public_port}", "{admin_port}"):
        return int(PLACEHOLDERS[value])
    for placeholder, text in PLACEHOLDERS.items():
        value = value.replace(placeholder, text)
    return value


def groups() -> list[str]:
    return sorted(path.stem for path in GROUPS.glob("[!_]*.yml"))


@pytest.mark.skipif(not GROUPS.exists(), reason="the recorded configurations are not beside the checkout")
@pytest.mark.parametrize("group", groups())
def test_a_recorded_configuration_loads_as_json_and_as_yaml(tmp_path: Path, group: str):
    base, overlay = (yaml.safe_load((GROUPS / f"{name}.yml").read_text()) for name in ("_base", group))
    content = filled(merged(base, overlay))
    as_yaml = tmp_path / "kratos.yml"
    as_yaml.write_text(yaml.safe_dump(content, sort_keys=False))
    assert load([as_yaml], {}).config == load([saved(tmp_path, content)], {}).config


def nodes(schema: dict[str, Any], node: Any, path: tuple[str | int, ...], depth: int = 0) -> Iterator[Any]:
    """Path and subschema of every property; references and the branches of a choice are followed."""
    if not isinstance(node, dict) or depth > 25:
        return
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        yield from nodes(schema, schema["definitions"].get(name), path, depth + 1)
    for branch in ("allOf", "anyOf", "oneOf"):
        for below in node.get(branch, ()):
            yield from nodes(schema, below, path, depth + 1)
    for key, below in node.get("properties", {}).items():
        if isinstance(below, dict):
            yield (*path, key), below
            yield from nodes(schema, below, (*path, key), depth + 1)
    if isinstance(node.get("items"), dict):
        yield from nodes(schema, node["items"], (*path, 0), depth + 1)
    for below in node.get("patternProperties", {}).values():
        yield from nodes(schema, below, (*path, "name"), depth + 1)


@pytest.mark.skipif(not SCHEMA.exists(), reason="the recorded schema is not beside the checkout")
def test_every_key_of_kratos_is_known():
    schema = json.loads(SCHEMA.read_text())
    found = {path for path, _ in nodes(schema, schema, ())}
    assert len(found) > 1000
    unknown = {path for path in found if tree.at(Config, path) is None}
    assert {path for path in unknown if path[-1] != "additionalProperties"} == set()


@pytest.mark.skipif(not SCHEMA.exists(), reason="the recorded schema is not beside the checkout")
def test_the_defaults_of_the_schema_are_ours():
    schema = json.loads(SCHEMA.read_text())
    content = {
        "dsn": "memory",
        "identity": {"schemas": [{"id": "default", "url": "file://a"}]},
        "selfservice": {"default_browser_return_url": "/"},
    }
    written: dict[str, Any] = json.loads(json.dumps(content))
    for path, node in nodes(schema, schema, ()):
        if "default" in node and 0 not in path and "name" not in path:
            place = written
            for part in path[:-1]:
                place = place.setdefault(part, {})
            place[path[-1]] = node["default"]
    for flow in written["selfservice"]["flows"].values():
        flow.pop("ui_url", None)  # ours are the built-in pages
    del written["courier"]["http"]["request_config"]["body"]  # None stands for it
    assert Config.model_validate(written) == Config.model_validate(content)
