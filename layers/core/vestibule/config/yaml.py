"""YAML, and the lines at which things stand in it. JSON is YAML, so that its lines are found here, too."""

# ruamel.yaml's nodes and marks are not typed:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from vestibule.config.findings import ConfigError, Finding


class _Constructor(SafeConstructor):
    """YAML 1.2, but `0755` is octal: Kratos's parser reads it so, and file modes are written so."""

    def construct_yaml_int(self, node: ScalarNode) -> int:
        text: str = node.value
        if len(text) > 1 and text[0] == "0" and text.isdigit() and not set(text) & set("89"):
            return int(text, 8)
        return super().construct_yaml_int(node)


_Constructor.add_constructor("tag:yaml.org,2002:int", _Constructor.construct_yaml_int)


def parse(path: Path, text: str) -> Any:
    """The one document of the file. Raises ConfigError, also for keys that stand twice."""
    loader = YAML(typ="safe", pure=True)
    loader.Constructor = _Constructor
    try:
        return loader.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = None if mark is None else mark.line + 1
        raise ConfigError([Finding("", f"is no YAML: {error.problem}", str(path), line)]) from None
    except (YAMLError, ValueError) as error:
        raise ConfigError([Finding("", f"is no YAML: {type(error).__name__}", str(path))]) from None


def edited(text: str, edit: Callable[[Any], Any]) -> str:
    """The text after the edit of its document: comments, order and quotes of what stays are kept."""
    editor = YAML(typ="rt")
    editor.preserve_quotes = True  # pyright: ignore[reportAttributeAccessIssue]  # as above
    editor.width = 4096
    indented = _INDENTED.search(text)
    offset = len(indented[2]) - len(indented[1]) if indented else 2
    editor.indent(mapping=2, sequence=offset + 2, offset=offset)
    changed = StringIO()
    editor.dump(edit(editor.load(text)), changed)
    return changed.getvalue()


_INDENTED = re.compile(r"^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n( *)- ", re.MULTILINE)
"""How far the entries of the first list stand behind their key."""


def dumped(document: Any) -> str:
    """The document in block style, keys in their order."""
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # pyright: ignore[reportAttributeAccessIssue]  # as above
    writer.allow_unicode = True
    writer.width = 4096
    text = StringIO()
    writer.dump(document, text)
    return text.getvalue()


@lru_cache(maxsize=4)
def _root(text: str) -> Any:
    return YAML(typ="safe", pure=True).compose(text)


def line(text: str, path: Sequence[str]) -> int:
    """The line, from 1, of the path's last part that stands in the document."""
    node = _root(text)
    found = 1
    for part in path:
        step = _below(node, part)
        if step is None:
            break
        found, node = step
    return found


def _below(node: Any, part: str) -> tuple[int, Any] | None:
    """The line and the node of a key or position."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key.start_mark.line + 1, value
    if isinstance(node, SequenceNode) and part.isdigit() and int(part) < len(node.value):
        entry = node.value[int(part)]
        return entry.start_mark.line + 1, entry
    return None
