"""Templates of the configuration."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from vestibule.adapters.templates import FetchedTemplates
from vestibule.config.fetch import fetch
from vestibule.ports import TemplateFailed


@pytest.fixture(scope="module")
def templates() -> Iterator[FetchedTemplates]:
    made = FetchedTemplates(fetch)
    yield made
    made.close()


def address(text: str) -> str:
    return "base64://" + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("text", ["function(ctx) ctx.nothing", "error 'x'", "{a: 1} // note", "std.extVar('x')", "1"])
def test_checking_a_template_runs_nothing_of_it(templates: FetchedTemplates, text: str):
    templates.check(address(text))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line"),
        ("function(ctx) {\n  a: b,\n}", "line 2, column 6"),
        ("function(ctx) nothing", "line 1, column 15"),
        ("{a: }", "line 1, column 5"),
        ("1); (2", "fails"),
    ],
)
def test_what_is_no_jsonnet_is_said_with_its_place(templates: FetchedTemplates, text: str, place: str):
    with pytest.raises(TemplateFailed, match=place):
        templates.check(address(text))


def test_a_template_that_is_not_there_is_said(templates: FetchedTemplates):
    with pytest.raises(TemplateFailed, match="the template"):
        templates.check("file:///no/such/file.jsonnet")
