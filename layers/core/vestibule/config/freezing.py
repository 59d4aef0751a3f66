"""What the build of the layer makes of a configuration, for `frozen` to use at run time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from vestibule.config import environment, frozen, tree
from vestibule.config.load import load
from vestibule.config.model import Config
from vestibule.config.values import REFERENCES, Section


def freeze(path: Path) -> str | None:
    """The content of `frozen.json` for a configuration in JSON; None where it names values that stand elsewhere.

    Raises ConfigError: what is wrong with it, or missing where no environment completes it.
    """
    source = path.read_bytes()
    if any(f'"{scheme}'.encode() in source for scheme in REFERENCES):
        return None
    secrets: dict[str, Any] = {name: [frozen.PLACEHOLDER] for name in frozen.SECRETS}
    loaded = load([path], {}, overrides={"dsn": "memory", **secrets}, lines=False)
    names = sorted(set(_names(Config, "")))
    whole = {
        "source": frozen.digest_of(source),
        "models": frozen.models_digest(),
        "variables": [name for name in names if not name.endswith("_")],
        "lists": [name for name in names if name.endswith("_")],
        "config": frozen.frozen(loaded.config),
    }
    return json.dumps(whole, separators=(",", ":"))


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
