"""Which deployment a command is for, and asking its admin API: over HTTP, or in this process for a local store."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from vestibule.config.findings import ConfigError
from vestibule.config.json_shapes import is_object
from vestibule.ports import StoreUnavailable, TableError, WebUnreachable

LOCAL_SERVER = "http://127.0.0.1:4434"
TOKEN = "VESTIBULE_ADMIN_TOKEN"  # noqa: S105 (the variable's name)
HERE = ("127.0.0.1", "localhost", "::1")
"""Requests to this machine are not signed: the local server asks nobody who they are."""

_SECONDS = 30.0


class TargetError(Exception):
    """The deployment cannot be asked. One line that says what to do."""


class Choice(Struct, frozen=True, kw_only=True):
    """What the command line says of it."""

    files: tuple[Path, ...] = ()
    dsn: str | None = None
    endpoint: str | None = None
    stack: str | None = None
    region: str | None = None


class Answer(Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Any
    """JSON, decoded; None where there is none."""

    @property
    def reason(self) -> str:
        """Of a refusal."""
        error = self.body.get("error") if is_object(self.body) else None
        if is_object(error):
            return str(error.get("reason") or error.get("message") or f"status {self.status}")
        return f"the answer is a {self.status}"


class Target(Protocol):
    @property
    def name(self) -> str:
        """As messages call it."""
        ...

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request to the admin API. Raises TargetError."""
        ...


def chosen(choice: Choice) -> Target:
    """In this order: files, an address, a stack, the server that runs on this machine, the store that it would use.

    Raises TargetError.
    """
    if choice.files or choice.dsn:
        return Local(choice)
    if endpoint := choice.endpoint or os.environ.get("VESTIBULE_ADMIN_URL"):
        return Remote(endpoint, choice.region)
    if stack := choice.stack or os.environ.get("VESTIBULE_STACK"):
        return Remote(_address(stack, choice.region), choice.region)
    server = Remote(LOCAL_SERVER, None)
    return server if server.answers() else Local(choice)


# --- over HTTP ------------------------------------------------------------------------------------------


class Remote:
    """A bearer key from the environment goes first; without one, requests to other machines are signed for IAM."""

    def __init__(self, endpoint: str, region: str | None) -> None:
        from vestibule.adapters.web import HttpWeb  # noqa: PLC0415 (only who asks over HTTP needs it)

        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise TargetError(f"{endpoint} is no address, which begins with https:// or http://")
        self._base = endpoint.rstrip("/")
        self._host = parts.hostname
        self._region = region
        self._web = HttpWeb()

    @property
    def name(self) -> str:
        return self._base

    def answers(self) -> bool:
        """Whether anybody is there."""
        try:
            return self._web.request("GET", f"{self._base}/health/alive", timeout=2).status == 200
        except WebUnreachable:
            return False

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        url = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        content = json.dumps(body).encode() if body is not None else None
        sent = {"Accept": "application/json", **(headers or {})}
        if content is not None:
            sent["Content-Type"] = "application/json"
        sent |= self._proof(method, url, content, sent)
        try:
            response = self._web.request(method, url, headers=sent, body=content, timeout=_SECONDS)
        except WebUnreachable:
            raise TargetError(f"{self._base} cannot be reached; check --endpoint") from None
        answer = Answer(
            response.status, {name.lower(): value for name, value in response.headers.items()}, _json(response.body)
        )
        if answer.status in (401, 403) and not (is_object(answer.body) and "error" in answer.body):
            raise TargetError(
                f"{self._base} refuses the credentials; set {TOKEN}, or sign in to AWS as one who may call it"
            )
        return answer

    def _proof(self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]) -> Mapping[str, str]:
        if token := os.environ.get(TOKEN):
            return {"Authorization": f"Bearer {token}"}
        if self._host in HERE:
            return {}
        return _signed(method, url, content, headers, self._region or _region_of(self._host))


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _signed(
    method: str, url: str, content: bytes | None, headers: Mapping[str, str], region: str | None
) -> Mapping[str, str]:
    """Raises TargetError."""
    from vestibule.adapters import admin_call  # noqa: PLC0415 (botocore: half a second, for deployed stacks only)

    try:
        return admin_call.signed(method, url, content, headers, region)
    except admin_call.CannotCall as error:
        raise TargetError(f"{error}; or set {TOKEN} where the API takes a bearer key") from None


def _region_of(host: str) -> str | None:
    """`abc.execute-api.REGION.amazonaws.com`; None for a domain of one's own."""
    parts = host.split(".")
    return parts[2] if len(parts) > 3 and parts[1] == "execute-api" else None


def _address(stack: str, region: str | None) -> str:
    """Where the admin API of a stack is. Raises TargetError."""
    from vestibule.adapters import admin_call  # noqa: PLC0415 (as above)

    try:
        return admin_call.output_of(stack, "AdminUrl", region)
    except admin_call.CannotCall as error:
        raise TargetError(str(error)) from None


# --- in this process ------------------------------------------------------------------------------------


class Local:
    """The functions of template.yaml, run here on the configuration and the store that `vestibule serve` would use."""

    def __init__(self, choice: Choice) -> None:
        from vestibule import wiring  # noqa: PLC0415 (store and models: only who works on a local store needs them)
        from vestibule.cli import settings, store  # noqa: PLC0415 (as above)
        from vestibule.local import routes, server, template  # noqa: PLC0415 (as above)

        try:
            path = template.find(Path(__file__).resolve().parent)
            files = choice.files or (path.parent / "infra" / "config" / "kratos.yml",)
            loaded = settings.loaded(settings.Options(files=files, dsn=choice.dsn), os.environ)
            if loaded.config.dsn == "memory":
                raise TargetError("the store is in memory, so that nothing would be kept: start the server and ask it")
            self.name = store.prepare(loaded.config.dsn)
            wiring.configure(loaded, local=True)
            wiring.services()
            self._router = routes.Router(routes.read(path))
        except (ConfigError, server.StartError, template.TemplateError) as error:
            raise TargetError(str(error)) from None
        except (TableError, StoreUnavailable) as error:
            raise TargetError(f"the store cannot be used: {error}") from None

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        from vestibule.local import doors, event  # noqa: PLC0415 (as above)

        request = event.HttpRequest(
            api="admin",
            method=method,
            path=path,
            query=urlencode(query or {}),
            headers=tuple((name.lower(), value) for name, value in (headers or {}).items()),
            body=json.dumps(body).encode() if body is not None else b"",
            source_ip="127.0.0.1",
            protocol="HTTP/1.1",
            request_id="command",
            at=datetime.now(UTC),
        )
        match = self._router.match("admin", method, path)
        if match is None:
            raise TargetError(f"template.yaml has no route {method} {path}")
        function = match.route.function
        result = doors.load([function])[function.name](
            event.from_request(request, match), doors.Context(function.name, "command")
        )
        response = event.to_response(result)
        return Answer(response.status, {name.lower(): value for name, value in response.headers}, _json(response.body))
