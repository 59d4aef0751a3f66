"""Reading a SAM template: YAML with CloudFormation's short tags, `!Ref X` as `{"Ref": "X"}`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode

Document = dict[str, Any]


class TemplateError(Exception):
    """The template is missing, is no YAML, or describes what the local gateway cannot run. Says which and where."""


def read(path: Path) -> Document:
    """The template as plain values. Raises TemplateError."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    try:
        document: object = yaml.load(path.read_text(encoding="utf-8"))  # pyright: ignore[reportUnknownMemberType]  # ruamel is untyped here
    except OSError as error:
        raise TemplateError(f"cannot read the template {path}: {error.strerror}") from None
    except YAMLError as error:
        raise TemplateError(f"the template {path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise TemplateError(f"the template {path} has no Resources")
    return cast("Document", document)


def find(start: Path) -> Path:
    """The nearest `template.yaml` in `start` or a folder above it. Raises TemplateError."""
    for folder in (start, *start.parents):
        candidate = folder / "template.yaml"
        if candidate.is_file():
            return candidate
    raise TemplateError("no template.yaml found; run inside a checkout of Vestibule or pass --template FILE")


class _Constructor(SafeConstructor):
    """Knows every tag that starts with `!`, since CloudFormation's functions are open-ended."""


def _function(constructor: Any, suffix: str, node: Any) -> Document:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, ScalarNode):
        return {name: constructor.construct_scalar(node)}
    if isinstance(node, MappingNode):
        return {name: constructor.construct_mapping(node, deep=True)}
    return {name: constructor.construct_sequence(node, deep=True)}


_Constructor.add_multi_constructor("!", _function)  # pyright: ignore[reportUnknownMemberType]  # ruamel is untyped here
