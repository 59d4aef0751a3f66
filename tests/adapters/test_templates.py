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


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import 'a.libsonnet'", 1),
        ("local note = 1;\nfunction(ctx) importstr '/etc/passwd'", 2),
        ("{a: 'it\\'s' + importbin 'x'}", 1),
        ("{a: @'\\', b: importbin 'x'}", 1),
        ("{a: |||\n  text\n|||,\n b: import 'x'}", 4),
    ],
)
def test_a_template_that_imports_cannot_run_and_is_told_so(templates: FetchedTemplates, text: str, line: int):
    with pytest.raises(TemplateFailed, match=f"imports at line {line}, and imports are off"):
        templates.check(address(text))


@pytest.mark.parametrize(
    "text",
    [
        "// import 'x'\n1",
        "# import 'x'\n1",
        "/* import\n'x' */ 1",
        "{'import': 1, \"importstr\": 2}",
        "@'import ''x'''",
        "{imported: 1, a: self.imported}",
        "|||\n  import 'x'\n  ||| import\n|||",
    ],
)
def test_what_only_speaks_of_imports_imports_nothing(templates: FetchedTemplates, text: str):
    templates.check(address(text))
