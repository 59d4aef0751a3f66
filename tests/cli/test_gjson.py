"""Paths in gjson's syntax, as far as they are supported."""

from __future__ import annotations

from typing import Any

import pytest

from vestibule.cli import gjson

DOCUMENT: dict[str, Any] = {
    "name": {"first": "Tom", "last": "Anderson"},
    "fav.movie": "Deer Hunter",
    "hooks": [
        {"hook": "session", "age": 44},
        {"hook": "web_hook", "age": 68, "config": {"url": "https://a.example/"}},
        {"hook": "web_hook", "age": 47, "config": {"url": "https://b.example/"}},
    ],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name.last", "Anderson"),
        ("name|last", "Anderson"),
        ("fav\\.movie", "Deer Hunter"),
        ("hooks.#", 3),
        ("hooks.1.hook", "web_hook"),
        ("hooks.#.hook", ["session", "web_hook", "web_hook"]),
        ("hooks.#.config.url", ["https://a.example/", "https://b.example/"]),
        ('hooks.#(hook=="web_hook").age', 68),
        ('hooks.#(hook=="web_hook")#.age', [68, 47]),
        ("hooks.#(age>45)#.hook", ["web_hook", "web_hook"]),
        ('hooks.#(hook%"s*").age', 44),
        ("hooks.#(config).age", 68),
        ("n*e.f?rst", "Tom"),
        ("hooks.9", gjson.NOTHING),
        ("name.first.x", gjson.NOTHING),
        ('hooks.#(hook=="x").age', gjson.NOTHING),
        ('hooks.#(hook=="x")#.age', []),
    ],
)
def test_a_path_leads_where_gjsons_does(path: str, value: Any):
    assert gjson.get(DOCUMENT, path) == value


@pytest.mark.parametrize("path", ["", "$.name", "@reverse", "hooks.#(age>x)", "hooks.#(", "{name}"])
def test_a_path_that_cannot_be_read_is_an_error(path: str):
    with pytest.raises(gjson.PathError):
        gjson.get(DOCUMENT, path)
