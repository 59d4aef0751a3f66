"""The routes of `template.yaml`, and API Gateway's choice among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from msgspec import Struct

from vestibule.local import template
from vestibule.local.template import Document, TemplateError

Api = Literal["public", "admin"]

APIS: dict[str, Api] = {"PublicApi": "public", "AdminApi": "admin"}
"""Logical id of an HTTP API in the template → the port that serves it."""

DEFAULT = "$default"


class Function(Struct, frozen=True):
    """One Lambda function of the template, as far as it can be run here."""

    name: str
    """Its logical id."""
    code: Path
    handler: str
    """`module.attribute`, relative to `code`."""
    environment: Mapping[str, str]
    """What has a value without AWS: literals and parameters with a default."""


class Route(Struct, frozen=True):
    api: Api
    method: str
    """Upper case; `ANY` takes all."""
    path: str
    """`/a/{id}`, `/a/{proxy+}` or `$default`."""
    function: Function

    @property
    def key(self) -> str:
        """As events carry it: `GET /a/{id}` or `$default`."""
        return DEFAULT if self.path == DEFAULT else f"{self.method} {self.path}"

    @property
    def segments(self) -> list[str]:
        return self.path.split("/")


class Match(Struct, frozen=True):
    route: Route
    parameters: Mapping[str, str]
    """Percent-decoded."""


def read(path: Path) -> tuple[Route, ...]:
    """The routes of all functions with `HttpApi` events. Raises TemplateError."""
    document = template.read(path)
    return tuple(_routes(document, path.resolve().parent))


class Router:
    """Chooses as an HTTP API does: literal, `{variable}`, `{greedy+}`, `$default`, in this order; a verb before ANY."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[Api, list[Route]] = {"public": [], "admin": []}
        self._default: dict[Api, Route] = {}
        for route in routes:
            if route.path == DEFAULT:
                self._default[route.api] = route
            else:
                self._routes[route.api].append(route)
        for listed in self._routes.values():
            listed.sort(key=_specificity)

    def match(self, api: Api, method: str, path: str) -> Match | None:
        """The route for a request; `path` is percent-encoded, as sent.

        Without a `$default`, OPTIONS and HEAD go to the path's other verbs, which answer CORS and HEAD themselves.
        """
        asked = path.split("/")
        others: Match | None = None
        for route in self._routes[api]:
            parameters = _parameters(route.segments, asked)
            if parameters is None:
                continue
            if route.method in (method, "ANY"):
                return Match(route, parameters)
            others = others or Match(route, parameters)
        if default := self._default.get(api):
            return Match(default, {})
        return others if method in ("OPTIONS", "HEAD") else None


def _specificity(route: Route) -> tuple[list[int], bool]:
    return [_rank(segment) for segment in route.segments], route.method == "ANY"


def _rank(segment: str) -> int:
    if not segment.startswith("{"):
        return 0
    return 2 if segment.endswith("+}") else 1


def _parameters(wanted: list[str], asked: list[str]) -> dict[str, str] | None:
    """The path variables when the path fits, otherwise None. No variable matches the empty segment."""
    found: dict[str, str] = {}
    for position, segment in enumerate(wanted):
        rank = _rank(segment)
        rest = asked[position:]
        if rank == 2:
            found[segment[1:-2]] = unquote("/".join(rest))
            return found if any(rest) else None
        if not rest or (rank == 0 and rest[0] != segment) or (rank == 1 and not rest[0]):
            return None
        if rank == 1:
            found[segment[1:-1]] = unquote(rest[0])
    return found if len(asked) == len(wanted) else None


# --- from the template ----------------------------------------------------------------------------------


def _routes(document: Document, root: Path) -> Iterator[Route]:
    shared: Document = document.get("Globals", {}).get("Function", {})
    for name, resource in document.get("Resources", {}).items():
        if resource.get("Type") != "AWS::Serverless::Function":
            continue
        own: Document = resource.get("Properties", {})
        events = [event for event in own.get("Events", {}).values() if event.get("Type") == "HttpApi"]
        if not events:
            continue
        function = _function(name, {**shared, **own}, _environment(document, shared, own), root)
        for event in events:
            yield _route(function, event.get("Properties", {}))


def _function(name: str, properties: Document, environment: Mapping[str, str], root: Path) -> Function:
    code, handler = properties.get("CodeUri"), properties.get("Handler")
    if not isinstance(code, str) or not isinstance(handler, str):
        raise TemplateError(f"{name}: CodeUri and Handler must be plain text to run here")
    return Function(name, (root / code).resolve(), handler, environment)


def _route(function: Function, properties: Document) -> Route:
    api = properties.get("ApiId")
    reference = api.get("Ref") if isinstance(api, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  # parsed YAML
    if reference not in APIS:
        raise TemplateError(f"{function.name}: an HttpApi event needs ApiId: !Ref {' or !Ref '.join(APIS)}")
    path = str(properties.get("Path", DEFAULT))
    method = str(properties.get("Method", "ANY")).upper()
    return Route(
        APIS[reference], "ANY" if method in ("*", "X-AMAZON-APIGATEWAY-ANY-METHOD") else method, path, function
    )


def _environment(document: Document, shared: Document, own: Document) -> dict[str, str]:
    """Variables with a value that is known without AWS; the others are set by who starts the gateway."""
    defaults = {name: entry.get("Default") for name, entry in document.get("Parameters", {}).items()}
    variables = {**_variables(shared), **_variables(own)}
    known = {name: _literal(value, defaults) for name, value in variables.items()}
    return {name: value for name, value in known.items() if value is not None}


def _variables(properties: Document) -> dict[str, Any]:
    return properties.get("Environment", {}).get("Variables", {})


def _literal(value: Any, defaults: Mapping[str, Any]) -> str | None:
    if isinstance(value, dict):
        value = defaults.get(value.get("Ref", ""))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # parsed YAML
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None
