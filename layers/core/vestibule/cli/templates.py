"""Jsonnet in commands: an engine of the command's own, whose process ends with it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager

from vestibule.adapters.templates import FetchedTemplates
from vestibule.config.fetch import fetch
from vestibule.config.template_lint import Check
from vestibule.ports import TemplateFailed


def engine() -> FetchedTemplates:
    return FetchedTemplates(fetch)


@contextmanager
def checking() -> Generator[Check]:
    """What says what is wrong with a template."""
    with closing(engine()) as templates:

        def wrong(source: str) -> str | None:
            try:
                templates.check(source)
            except TemplateFailed as failed:
                return str(failed)
            return None

        yield wrong
