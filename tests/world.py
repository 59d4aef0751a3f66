"""One deployment in one process, and the three clients that talk to it.

Requests go through `template.yaml` and the doors it names, as API Gateway events: what a test passes is what ships.
Time stands still until a test moves it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from vestibule import assembly, wiring
from vestibule.adapters.system import SystemRandom
from vestibule.config.document import merged
from vestibule.config.model import Config
from vestibule.config.source import Source
from vestibule.domain.identity import Identity
from vestibule.local import doors, event, routes
from vestibule.ports import Item, Key, Table
from vestibule.services import Services

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = "https://id.example.org"
ADMIN = "https://admin.example.org"
PASSWORD = "blue-kettle-42-orbit"

SCHEMA: dict[str, Any] = {
    "$id": "https://schemas.example.org/person",
    "type": "object",
    "properties": {
        "traits": {
            "type": "object",
            "properties": {
                "email": {
                    "type": "string",
                    "format": "email",
                    "title": "E-mail",
                    "ory.sh/kratos": {
                        "credentials": {"password": {"identifier": True}},
                        "verification": {"via": "email"},
                        "recovery": {"via": "email"},
                    },
                },
                "name": {"type": "object", "properties": {"first": {"type": "string", "title": "First name"}}},
                "age": {"type": "integer", "minimum": 18, "title": "Age"},
            },
            "required": ["email"],
            "additionalProperties": False,
        }
    },
}

CONFIG: dict[str, Any] = {
    "dsn": "memory",
    "serve": {"public": {"base_url": f"{PUBLIC}/"}, "admin": {"base_url": f"{ADMIN}/"}},
    "secrets": {"cookie": ["a-cookie-secret-for-tests"], "cipher": ["a-cipher-secret-for-tests-123456"]},
    "hashers": {"algorithm": "argon2", "argon2": {"memory": "1MB", "iterations": 1, "parallelism": 1}},
    "identity": {"default_schema_id": "person", "schemas": [{"id": "person", "url": "base64://"}]},
    "selfservice": {
        "default_browser_return_url": "https://app.example.org/",
        "allowed_return_urls": ["https://app.example.org/inside"],
        "methods": {"password": {"config": {"haveibeenpwned_enabled": False}}, "code": {"enabled": False}},
        "flows": {
            "login": {"ui_url": "https://app.example.org/login"},
            "registration": {
                "ui_url": "https://app.example.org/registration",
                "style": "unified",
                "after": {"password": {"hooks": [{"hook": "session"}]}},
            },
            "error": {"ui_url": "https://app.example.org/error"},
        },
    },
}


class Clock:
    """Stands still; `pass_by` moves it."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def pass_by(self, **duration: float) -> None:
        """`clock.pass_by(hours=2)`: keywords of timedelta."""
        self._now += timedelta(**duration)


@dataclass
class Flow:
    """A flow as its client got it."""

    document: dict[str, Any]

    @property
    def id(self) -> str:
        return self.document["id"]

    @property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """The first node of each name."""
        found: dict[str, dict[str, Any]] = {}
        for node in self.document["ui"]["nodes"] or []:
            found.setdefault(node["attributes"].get("name") or node["attributes"]["id"], node)
        return found

    @property
    def csrf(self) -> str:
        return self.nodes["csrf_token"]["attributes"]["value"] if "csrf_token" in self.nodes else ""

    @property
    def message_ids(self) -> list[int]:
        return [message["id"] for message in self.document["ui"].get("messages", [])]

    def messages_at(self, name: str) -> list[int]:
        return [message["id"] for message in self.nodes[name]["messages"]]


@dataclass
class Reply:
    """An HTTP answer. `cookies` are the Set-Cookie lines."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: list[str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    def query(self, name: str) -> str:
        """A parameter of the redirect."""
        return parse_qs(urlsplit(self.location).query)[name][0]

    @property
    def flow(self) -> Flow:
        return Flow(self.json)

    @property
    def error_id(self) -> str | None:
        return self.json["error"].get("id")


@cache
def _router() -> routes.Router:
    return routes.Router(routes.read(ROOT / "template.yaml"))


_handlers: dict[str, doors.Handler] = {}


def _handler(function: routes.Function) -> doors.Handler:
    """The door, loaded once."""
    if function.name not in _handlers:
        _handlers.update(doors.load([function]))
    return _handlers[function.name]


@dataclass
class World:
    """A deployment with a store of its own."""

    svc: Services
    clock: Clock
    table: Table
    requests: int = 0
    log: list[str] = field(default_factory=list)

    @classmethod
    def build(
        cls, table: Table, changes: Mapping[str, Any] | None = None, schema: Any = None, **services: Any
    ) -> World:
        """`changes` are merged over CONFIG."""
        clock = Clock()
        document = merged(configured(schema or SCHEMA), dict(changes or {}))
        config, source = Config.model_validate(document), Source(document, "", {}, {})
        svc = assembly.build(config, table, clock=clock, random=SystemRandom(clock), source=source, **services)
        return cls(svc, clock, table)

    def send(
        self,
        method: str,
        url: str,
        *,
        api: routes.Api = "public",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        source_ip: str = "192.0.2.7",
    ) -> Reply:
        """One request through API Gateway's event to the function that the template names."""
        parts = urlsplit(url)
        self.requests += 1
        request = event.HttpRequest(
            api=api,
            method=method,
            path=parts.path,
            query=parts.query,
            headers=tuple((name.lower(), value) for name, value in (headers or {}).items()),
            body=body,
            source_ip=source_ip,
            protocol="HTTP/1.1",
            request_id=f"request-{self.requests}",
            at=self.clock.now(),
        )
        match = _router().match(api, method, parts.path)
        assert match is not None, f"no route for {method} {parts.path}"
        with self._services():
            result = _handler(match.route.function)(event.from_request(request, match), _Context())
        response = event.to_response(result)
        plain = {name.lower(): value for name, value in response.headers if name.lower() != "set-cookie"}
        cookies = [value for name, value in response.headers if name.lower() == "set-cookie"]
        return Reply(response.status, plain, response.body, cookies)

    def _services(self) -> AbstractContextManager[None]:
        """What a request is served with."""
        return wiring.using(self.svc)

    def admin(self, method: str, path: str, document: Any = None, **headers: str) -> Reply:
        """A request to the admin API."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers |= {"Content-Type": "application/json"} if document is not None else {}
        body = json.dumps(document).encode() if document is not None else b""
        return self.send(method, f"{ADMIN}{path}", api="admin", headers=headers, body=body)

    def stored(self) -> dict[Key, Item]:
        """Every item of the table."""
        items: dict[Key, Item] = {}
        after: str | None = None
        while changes := self.table.changes(after, 1000):
            after = changes[-1].sequence
            for change in changes:
                if change.new is None:
                    items.pop(change.key, None)
                else:
                    items[change.key] = change.new
        return items

    def identity(self, email: str, password: str = PASSWORD) -> Identity:
        """Somebody who signed up."""
        client = Native(self)
        reply = client.submit(
            client.start("registration"), method="password", password=password, traits={"email": email}
        )
        assert reply.status == 200, reply.body
        found = self.svc.identities.find(reply.json["identity"]["id"])
        assert found is not None
        return found


class Client:
    """What the three clients share: cookies, headers, and how they read flows."""

    kind = "browser"
    accept = "text/html"
    keeps_cookies = True

    def __init__(self, world: World) -> None:
        self.world = world
        self.cookies: dict[str, str] = {}
        self.token: str | None = None
        self.headers: dict[str, str] = {}

    def send(self, method: str, url: str, body: bytes = b"", **headers: str) -> Reply:
        target = url if url.startswith("http") else f"{PUBLIC}{url}"
        sent = {"Accept": self.accept, "User-Agent": "tests", **self.headers}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies and self.keeps_cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.token:
            sent["X-Session-Token"] = self.token
        reply = self.world.send(method, target, headers=sent, body=body)
        self._remember(reply)
        return reply

    def get(self, url: str, **headers: str) -> Reply:
        return self.send("GET", url, **headers)

    def whoami(self) -> Reply:
        return self.send("GET", "/sessions/whoami", Accept="application/json")

    def fetch(self, kind: str, flow_id: str) -> Reply:
        return self.send("GET", f"/self-service/{kind}/flows?id={flow_id}", Accept="application/json")

    def start(self, kind: str, **params: str) -> Flow:
        raise NotImplementedError

    def submit(self, flow: Flow, **fields: Any) -> Reply:
        raise NotImplementedError

    def refused_flow(self, kind: str, reply: Reply) -> Flow:
        """The flow of an answer that shows the form again."""
        raise NotImplementedError

    def sign_up(self, email: str, password: str = PASSWORD, **fields: Any) -> Reply:
        """A whole registration in one step."""
        given = {"method": "password", "password": password, "traits": {"email": email}}
        return self.submit(self.start("registration"), **given | fields)

    def sign_in(self, identifier: str, password: str = PASSWORD, **params: str) -> Reply:
        """A whole login; `params` go to the start of the flow."""
        return self.submit(self.start("login", **params), method="password", identifier=identifier, password=password)

    def _remember(self, reply: Reply) -> None:
        for line in reply.cookies:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value


class Browser(Client):
    """Server-rendered pages: HTML, cookies, form posts, redirects."""

    def start(self, kind: str, **params: str) -> Flow:
        reply = self.get(f"/self-service/{kind}/browser?{urlencode(params)}")
        assert reply.status == 303, (reply.status, reply.body)
        return self.fetch(kind, reply.query("flow")).flow

    def submit(self, flow: Flow, **fields: Any) -> Reply:
        form = urlencode(_flat({"csrf_token": flow.csrf} | fields))
        return self.send(
            "POST", flow.document["ui"]["action"], form.encode(), Content_Type="application/x-www-form-urlencoded"
        )

    def refused_flow(self, kind: str, reply: Reply) -> Flow:
        assert reply.status in (302, 303), (reply.status, reply.body)
        return self.fetch(kind, reply.query("flow")).flow


class Spa(Client):
    """A single-page app: JSON with cookies."""

    kind = "spa"
    accept = "application/json"

    def start(self, kind: str, **params: str) -> Flow:
        reply = self.get(f"/self-service/{kind}/browser?{urlencode(params)}")
        assert reply.status == 200, (reply.status, reply.body)
        return reply.flow

    def submit(self, flow: Flow, **fields: Any) -> Reply:
        body = json.dumps({"csrf_token": flow.csrf} | fields).encode()
        return self.send("POST", flow.document["ui"]["action"], body, Content_Type="application/json")

    def refused_flow(self, kind: str, reply: Reply) -> Flow:
        assert reply.status == 400, (reply.status, reply.body)
        return reply.flow


class Native(Client):
    """A native app: JSON without cookies; `token` is its session."""

    kind = "native"
    accept = "application/json"
    keeps_cookies = False

    def start(self, kind: str, **params: str) -> Flow:
        reply = self.get(f"/self-service/{kind}/api?{urlencode(params)}")
        assert reply.status == 200, (reply.status, reply.body)
        return reply.flow

    def submit(self, flow: Flow, **fields: Any) -> Reply:
        body = json.dumps(fields).encode()
        reply = self.send("POST", flow.document["ui"]["action"], body, Content_Type="application/json")
        if reply.status == 200 and "session_token" in reply.json:
            self.token = reply.json["session_token"]
        return reply

    def refused_flow(self, kind: str, reply: Reply) -> Flow:
        assert reply.status == 400, (reply.status, reply.body)
        return reply.flow


CLIENTS = (Browser, Spa, Native)


class _Context:
    """Lambda's context, as far as anybody looks at it."""

    aws_request_id = "request"
    function_name = "tests"


def configured(schema: Any) -> dict[str, Any]:
    import base64  # noqa: PLC0415 (used here alone)

    encoded = base64.b64encode(json.dumps(schema).encode()).decode()
    identity = {"default_schema_id": "person", "schemas": [{"id": "person", "url": f"base64://{encoded}"}]}
    return CONFIG | {"identity": identity}


def _flat(fields: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Dotted names, as forms send nested values."""
    flat: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = str(value)
    return flat
