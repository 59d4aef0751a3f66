"""What the build of the layer makes of a configuration, for `frozen` to use at run time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from vestibule.config import environment, frozen, references, tree
from vestibule.config.document import Document
from vestibule.config.load import load, reloaded
from vestibule.config.model import Config
from vestibule.config.source import Source
from vestibule.config.values import Section


def freeze(path: Path) -> str | None:
    """The content of `frozen.json` for a configuration in JSON; None where it names values that stand elsewhere.

    Raises ConfigError: what is wrong with it, or missing where no environment completes it.
    """
    source = path.read_bytes()
    if _refers(source.decode()):
        return None
    names = sorted(set(_names(Config, "")))
    whole = {
        "source": frozen.digest_of(source),
        "models": frozen.models_digest(),
        "variables": [name for name in names if not name.endswith("_")],
        "lists": [name for name in names if name.endswith("_")],
        "config": frozen.frozen(load([path], {}, overrides=_OVERRIDES, lines=False).config),
    }
    return json.dumps(whole, separators=(",", ":"))


def frozen_text(document: Document) -> str | None:
    """The same of a document that stands in no file, for `frozen.revised`."""
    if _refers(json.dumps(document)):
        return None
    config = reloaded(Source(document, "", {}, _OVERRIDES), document).config
    whole = {"models": frozen.models_digest(), "config": frozen.frozen(config)}
    return json.dumps(whole, separators=(",", ":"))


_OVERRIDES: dict[str, Any] = {"dsn": "memory", **{name: [frozen.PLACEHOLDER] for name in frozen.SECRETS}}


def _refers(text: str) -> bool:
    return references.unread(json.loads(text))


def _names(annotation: Any, above: str) -> Iterator[str]:
    """Of all variables that set something below the annotation; a list's is also there with `_`, for its positions."""
    for variant in tree.variants(annotation):
        if isinstance(variant, type) and issubclass(variant, Section):
            for key, value in tree.keys(variant).items():
                if above or key not in environment.NOT_FROM_THE_ENVIRONMENT:
                    name = above + environment.capital(key)
                    yield name
                    yield from _names(value, f"{name}_")
        elif get_origin(variant) is tuple and get_args(variant):
            yield above
