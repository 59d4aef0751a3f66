"""What others wrote never becomes markup, code or a way out."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.pages.drawn import Drawn, draw, login
from tests.pages.samples import FLOWS, HOSTILE, field, message, node

from vestibule.pages.look import Look
from vestibule.pages.render import render_flow


def poisoned(value: Any, key: str = "") -> Any:
    """The document with every text replaced by a hostile one, but for what the protocol fixes."""
    if isinstance(value, dict):
        return {name: poisoned(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [poisoned(each, key) for each in value]
    fixed = {"type", "node_type", "group", "state", "active", "method", "requested_aal"}
    return HOSTILE if isinstance(value, str) and key not in fixed else value


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", FLOWS)
def test_hostile_texts_stay_texts(name, language):
    kind, document = FLOWS[name]
    clean, hostile = draw(kind, document), draw(kind, poisoned(copy.deepcopy(document)), language=language)
    tags = {"script", "img", "style", "iframe", "object"}
    extra = [element for element in hostile.elements if element.tag in tags - {"script", "img"}]
    assert extra == []
    assert len(hostile.all("script")) <= len(clean.all("script"))
    assert len(hostile.all("img")) <= len(clean.all("img"))
    assert not [e for e in hostile.elements for each in e.attributes if each.startswith("on")]


def test_hostile_types_and_groups_do_no_harm():
    page = login(
        field(HOSTILE, "x", "text", message(1, HOSTILE)),
        field("password", HOSTILE, HOSTILE, message(1, "Odd")),
        node(HOSTILE, "default", {"name": "y"}),
        messages=(message(1, HOSTILE, HOSTILE),),
    )
    assert len(page.all("script")) == 1
    assert page.all("input", type="text", name=HOSTILE)


@pytest.mark.parametrize("href", ["javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "//evil.example/"])
def test_links_of_nodes_lead_to_the_web_only(href):
    page = login(node("a", "code", {"id": "go", "href": href, "title": message(1, "Go")}))
    assert href not in [element["href"] for element in page.all("a")]


@pytest.mark.parametrize(
    "src", ["javascript:alert(1)", "data:text/html;base64,A", 'data:image/png;base64,A" onerror=x']
)
def test_pictures_of_nodes_are_pictures(src):
    assert login(node("img", "totp", {"id": "x", "src": src, "width": 1, "height": 1})).all("img") == []


def test_code_of_nodes_is_never_written_only_the_name_of_the_function():
    kind, document = FLOWS["login-all"]
    html = render_flow(kind, document, Look(), "en")
    assert "onclick" not in html
    assert "window." not in html
    assert Drawn(html).one("button", name="passkey_login_trigger")["data-trigger"] == "oryPasskeyLogin"


@pytest.mark.parametrize("trigger", ["alert", "oryX(1)", "eval", "constructor", HOSTILE])
def test_only_functions_of_the_protocol_are_called(trigger):
    page = login(field("passkey", "go", "button", message(1, "Go"), onclickTrigger=trigger))
    assert "data-trigger" not in page.one("button", name="go")
