"""The pages of docs/recipes, read: what stands on them is what runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parents[2] / "docs" / "recipes"
PAGES = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")

_FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


@dataclass(frozen=True)
class Page:
    """`configuration` goes over a configuration; `templates` are Jsonnet by file name; `target` is a Lambda handler."""

    configuration: dict[str, Any]
    templates: Mapping[str, str]
    target: Handler | None
    commands: tuple[str, ...] = field(default=())


def page(name: str) -> Page:
    blocks = [match.groups() for match in _FENCE.finditer((FOLDER / f"{name}.md").read_text())]
    (configuration,) = [text for kind, label, text in blocks if (kind, label) == ("yaml", None)]
    return Page(
        YAML(typ="safe", pure=True).load(configuration),
        {str(label): text for kind, label, text in blocks if kind == "jsonnet"},
        next((_handler(text) for kind, _, text in blocks if kind == "python"), None),
        tuple(text.strip() for kind, _, text in blocks if kind == "sh"),
    )


def _handler(code: str) -> Handler:
    names: dict[str, Any] = {}
    exec(compile(code, "target", "exec"), names)  # noqa: S102 (the page's own code is what is tested)
    return names["handler"]
