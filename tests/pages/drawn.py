"""A page as a list of elements, for tests."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from tests.pages.samples import CSRF, flow

from vestibule.pages.look import Look
from vestibule.pages.render import render_flow

VOID = {"input", "img", "meta", "link", "br"}


class Element:
    def __init__(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.tag, self.attributes, self.text = tag, attributes, ""

    def __getitem__(self, name: str) -> str | None:
        return self.attributes.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self.attributes


class Drawn(HTMLParser):
    """The elements of a page in order; fails where tags are not closed as they were opened."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice at {tag}"
        self.elements.append(element := Element(tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        return [e for e in self.elements if e.tag == tag and all(e[name] == value for name, value in wanted.items())]

    def one(self, tag: str, **attributes: str) -> Element:
        (found,) = self.all(tag, **attributes)
        return found


def draw(kind: str, document: dict[str, Any], look: Look | None = None, language: str = "en") -> Drawn:
    return Drawn(render_flow(kind, document, look or Look(), language))


def login(*nodes: dict[str, Any], **more: Any) -> Drawn:
    return draw("login", flow("login", CSRF, *nodes, **more))
