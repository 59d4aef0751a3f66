"""Reading a SAM template: YAML with CloudFormation's short tags, `!Ref X` as `{"Ref": "X"}`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import yaml

Document = dict[str, Any]

# libyaml reads the template in a quarter of the time, and the time counts at every start. Wheels bring it.
_Base: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class TemplateError(Exception):
    """The template is missing, is no YAML, or describes what the local gateway cannot run. Says which and where."""


def read(path: Path) -> Document:
    """The template as plain values. Raises TemplateError."""
    try:
        document: object = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise TemplateError(f"cannot read the template {path}: {error.strerror}") from None
    except yaml.YAMLError as error:
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


class _Loader(_Base):
    """Knows every tag that starts with `!`, since CloudFormation's functions are open-ended."""


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Document:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    return {name: loader.construct_sequence(cast("yaml.SequenceNode", node), deep=True)}


_Loader.add_multi_constructor("!", _function)  # pyright: ignore[reportUnknownMemberType] - untyped in its stubs
