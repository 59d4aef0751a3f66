"""A configuration that cannot be used, and a deployment that nobody has used yet."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.live import Live, lived
from tests.world import PASSWORD, SCHEMA, Native, World

AFTER = "/selfservice/flows/login/after/hooks"


def snippet(text: str) -> str:
    return f"base64://{base64.b64encode(text.encode()).decode()}"


def calling(body: str) -> list[dict[str, Any]]:
    return [{"hook": "web_hook", "config": {"url": "https://hooks.example.org/", "method": "POST", "body": body}}]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with lived(tmp_path) as world:
        yield world


def schema_with(trait: dict[str, Any]) -> str:
    document = SCHEMA | {"properties": {"traits": {"type": "object", "properties": {"email": trait}}}}
    return f"base64://{base64.b64encode(json.dumps(document).encode()).decode()}"


BAD: list[tuple[str, Any]] = [
    ("/selfservice/flows/login/lifespam", "1h"),
    ("/sekrets", {}),
    (AFTER, [{"hook": "no_such_hook"}]),
    (AFTER, [{"hook": "web_hook", "config": {"url": "https://hooks.example.org/", "method": "POST", "bdy": ""}}]),
    ("/identity/schemas/0/url", schema_with({"type": "string", "pattern": "(a)\\1+$"})),
    ("/identity/schemas/0/url", schema_with({"type": "string", "pattern": "("})),
    ("/identity/schemas/0/url", schema_with({"$ref": "file:///etc/passwd"})),
    ("/identity/schemas/0/url", schema_with({"$ref": "#/properties/traits/properties/email"})),
    (AFTER, calling(snippet("function(ctx) {a: 1, b: }"))),
    (AFTER, calling(snippet("function(ctx) {a: nowhere}"))),
    (AFTER, calling(snippet("import '/etc/passwd'"))),
    ("/secrets/cipher", ["short"]),
    ("/ciphers/algorithm", "rot13"),
]


@pytest.mark.attack("cfg-01")
@pytest.mark.attack("cfg-06")
@pytest.mark.parametrize(("path", "value"), BAD)
def test_a_change_that_cannot_be_used_names_its_place_and_people_go_on_signing_in(
    live: Live, path: str, value: Any
) -> None:
    assert Native(live).sign_up("alice@example.org").status == 200
    reply = live.patch({"op": "add", "path": path, "value": value})
    assert reply.status in (400, 413), reply.body
    assert path.encode() in reply.body.replace(b"~1", b"/"), reply.body
    assert live.admin("GET", "/admin/config").json["revision"] == 0
    assert Native(live).sign_in("alice@example.org").status == 200


@pytest.mark.attack("cfg-06")
def test_a_schema_of_megabytes_is_refused_before_it_is_read(live: Live) -> None:
    url = f"base64://{base64.b64encode(b' ' * 1_200_000).decode()}"
    assert live.patch({"op": "add", "path": "/identity/schemas/0/url", "value": url}).status in (400, 413)
    assert live.admin("GET", "/admin/config").json["revision"] == 0


@pytest.mark.attack("cfg-05")
def test_a_new_deployment_knows_nobody(world: World) -> None:
    assert world.admin("GET", "/admin/identities").json == []
    assert world.admin("GET", "/admin/sessions").json == []
    for name in ("admin", "root", "admin@example.org", "test@example.org"):
        for password in ("admin", "password", "", PASSWORD):
            assert Native(world).sign_in(name, password).status in (400, 429)


@pytest.mark.attack("cfg-01")
def test_a_snippet_that_is_no_jsonnet_is_refused_with_its_line_and_nothing_changes(live: Live) -> None:
    body = snippet("function(ctx) {\n  who: ctx.identity.id,\n  what: }")
    for dry_run, status in (("true", 200), ("false", 400)):
        operation = {"op": "add", "path": AFTER, "value": calling(body)}
        reply = live.admin("PATCH", f"/admin/config?dry_run={dry_run}", [operation])
        assert reply.status == status
        said = reply.json if dry_run == "true" else reply.json["error"]["details"]
        (finding,) = [each for each in said["findings"] if each["severity"] == "error"]
        assert finding["path"] == f"{AFTER}/0/config/body"
        assert finding["message"] == "the template fails at line 3, column 9"
    assert live.admin("GET", "/admin/config").json["revision"] == 0


def test_what_cannot_be_read_any_more_does_not_keep_from_other_changes(live: Live) -> None:
    """It ran until now: it is warned of where it is touched, and what has nothing to do with it is changed."""
    svc = live.svc
    document = svc.configurations.source.document
    flows = document["selfservice"]["flows"]
    login = flows.get("login", {}) | {"after": {"hooks": calling("https://gone.example.org/a.jsonnet")}}
    changed = {**document, "selfservice": {**document["selfservice"], "flows": {**flows, "login": login}}}
    patches = [{"op": "add", "path": "/selfservice/flows/login", "value": login}]
    svc.configurations.add(0, note="", changes=patches, patches=patches, document=changed, frozen=None)
    reply = live.patch({"op": "add", "path": "/selfservice/flows/login/lifespan", "value": "7m"})
    assert (reply.status, reply.json["changed"]) == (200, True)
    assert [each["severity"] for each in reply.json["findings"] if each["path"].endswith("body")] == ["warning"]
