"""HTML templates of a folder. Compiling them is an eighth of a cold start, so the built layer brings them compiled."""

from __future__ import annotations

from pathlib import Path

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, ModuleLoader, StrictUndefined

_COMPILED = "compiled"


def environment(folder: Path) -> Environment:
    """Everything that templates write is escaped; what they do not know is an error."""
    compiled = folder / _COMPILED
    loaders: list[BaseLoader] = [ModuleLoader(compiled)] if compiled.is_dir() else []
    return Environment(
        loader=ChoiceLoader([*loaders, FileSystemLoader(folder)]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )


def compile_ahead(made: Environment, folder: Path) -> None:
    """Write what `made` makes of its templates into the copy of them in `folder`."""
    made.compile_templates(folder / _COMPILED, zip=None, ignore_errors=False, extensions=["html"])
