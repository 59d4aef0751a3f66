"""Deployments with a recipe each, and the services that the recipes call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.hooks.web_hook.target import Pace
from tests.recipes.page import PAGES, Handler, page
from tests.world import World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.adapters.templates import FetchedTemplates
from vestibule.config.document import merged
from vestibule.config.fetch import fetch
from vestibule.local.bus import Bus
from vestibule.ports import WebResponse, WebUnreachable

SECRETS = {
    "secret://ssm/mailchimp": "md-geheim",
    "secret://ssm/hubspot": "pat-geheim",
    "secret://ssm/customers": "key-geheim",
    "secret://ssm/hydra": "the-key-of-the-oauth2-server",
}


@dataclass
class Called:
    method: str
    url: str
    headers: Mapping[str, str]
    json: Any


@dataclass
class Services:
    """Port Web: the page's Lambda function behind every address. Without one, 204; `broken`: nobody answers."""

    handler: Handler | None
    calls: list[Called] = field(default_factory=list[Called])
    broken: bool = False

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
        limit: int = 0,
    ) -> WebResponse:
        text = (body or b"").decode()
        self.calls.append(Called(method, url, dict(headers or {}), json.loads(text)))
        if self.broken:
            raise WebUnreachable("gone")
        if self.handler is None:
            return WebResponse(204, {}, b"")
        said = self.handler({"body": text, "headers": dict(headers or {}), "isBase64Encoded": False}, None)
        return WebResponse(said["statusCode"], {}, said.get("body", "").encode())


@dataclass
class Deployed:
    """A deployment with one recipe."""

    world: World
    services: Services

    def deliver(self) -> list[Called]:
        """The calls that nobody waited for."""
        before = len(self.services.calls)
        Bus(self.world.svc).step()
        return self.services.calls[before:]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FetchedTemplates]:
    """One engine for the templates of all pages."""
    folder: Path = tmp_path_factory.mktemp("recipes")
    for name in PAGES:
        for file, text in page(name).templates.items():
            (folder / file).write_text(text)
    made = FetchedTemplates(lambda source: fetch(source, base=folder))
    yield made
    made.close()


@pytest.fixture
def deployed(sqlite_table: SqliteTable, templates: FetchedTemplates) -> Callable[..., Deployed]:
    """`deployed("invite-code")`, with more configuration where a test needs it."""

    def made(name: str, changes: Mapping[str, Any] | None = None) -> Deployed:
        recipe = page(name)
        services = Services(recipe.target)
        world = World.build(
            sqlite_table,
            merged(recipe.configuration, dict(changes or {})),
            web=services,
            pace=Pace(),
            templates=templates,
            read_secret=SECRETS.__getitem__,
        )
        return Deployed(world, services)

    return made
