"""The small public addresses: schemas, errors, health, well-known ones, and those that nobody answers."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests import keys
from tests.world import ADMIN, PUBLIC, SCHEMA, Browser, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import StoreUnavailable

EMAIL = "alice@example.org"


def with_schemas(table: SqliteTable, count: int) -> World:
    person = World.build(table).svc.config.identity.schemas[0].model_dump()
    return World.build(
        table, {"identity": {"schemas": [person, *({**person, "id": f"s{number}"} for number in range(1, count))]}}
    )


# --- schemas --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoded", [False, True])
def test_a_schema_is_found_by_its_id_plain_or_encoded(world: World, encoded: bool) -> None:
    name = base64.urlsafe_b64encode(b"person").decode().rstrip("=") if encoded else "person"
    assert Native(world).get(f"/schemas/{name}").json == SCHEMA


@pytest.mark.parametrize("name", ["unknown", "PERSON", "%2e%2e%2fperson", "person%00", "%ff", "cGVyc29uIA"])
def test_an_unknown_schema_is_not_found(world: World, name: str) -> None:
    assert Native(world).get(f"/schemas/{name}").status == 404


def test_schemas_are_listed_in_the_order_of_the_configuration(sqlite_table: SqliteTable) -> None:
    reply = Native(with_schemas(sqlite_table, 3)).get("/schemas")
    assert [entry["id"] for entry in reply.json] == ["person", "s1", "s2"]
    assert reply.json[0]["schema"] == SCHEMA
    assert reply.headers["x-total-count"] == "3"


def test_the_list_comes_in_pages(sqlite_table: SqliteTable) -> None:
    app = Native(with_schemas(sqlite_table, 5))
    first = app.get("/schemas?page_size=2")
    assert [entry["id"] for entry in first.json] == ["person", "s1"]
    assert [entry["id"] for entry in app.get("/schemas?per_page=2&page=3").json] == ["person", "s1"]
    following = next(part for part in first.headers["link"].split(",") if 'rel="next"' in part)
    address = following.partition("<")[2].partition(">")[0]
    assert address.startswith("/schemas?")
    assert [entry["id"] for entry in app.get(address).json] == ["s2", "s3"]


def test_the_admin_api_leads_to_the_public_list(world: World) -> None:
    for path in ("/schemas", "/schemas/person", "/schemas?page_size=2"):
        reply = world.send("GET", f"{ADMIN}{path}", api="admin")
        assert (reply.status, reply.location) == (307, f"{PUBLIC}{path}")


# --- errors ---------------------------------------------------------------------------------------------


def failed(world: World) -> str:
    return Browser(world).get("/self-service/login/browser?aal=aal9").query("id")


def test_the_error_page_can_read_what_went_wrong_for_a_day(world: World) -> None:
    error_id = failed(world)
    reply = Spa(world).get(f"/self-service/errors?id={error_id}")
    assert reply.status == 200
    assert reply.json["id"] == error_id
    assert reply.json["error"]["code"] == 400
    assert reply.json["created_at"] == reply.json["updated_at"] == "2026-03-01T12:00:00Z"
    assert Spa(world).get(f"/self-service/errors?error={error_id}").json == reply.json
    world.clock.pass_by(days=1)
    assert Spa(world).get(f"/self-service/errors?id={error_id}").status == 404


def test_there_is_a_sample_for_those_who_build_the_page(world: World) -> None:
    assert Spa(world).get("/self-service/errors?id=stub:500").json["error"]["code"] == 500


@pytest.mark.parametrize("query", ["", "?id=", "?id=x", "?id=stub:404", "?id=%00", "?id=" + "0" * 36])
def test_an_unknown_error_is_not_found(world: World, query: str) -> None:
    assert Spa(world).get(f"/self-service/errors{query}").status == 404


def test_an_id_of_something_else_is_no_error(world: World) -> None:
    flow = Native(world).start("login")
    assert Spa(world).get(f"/self-service/errors?id={flow.id}").status == 404


def test_errors_carry_their_id_in_a_header(world: World) -> None:
    assert Spa(world).get("/self-service/login/browser?return_to=//evil").headers["ory-error-id"] == (
        "self_service_flow_return_to_forbidden"
    )


# --- health and others ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("api", "base"), [("public", PUBLIC), ("admin", ADMIN)])
@pytest.mark.parametrize("path", ["/health/alive", "/health/ready"])
def test_it_says_that_it_is_well(world: World, api: Any, base: str, path: str) -> None:
    reply = world.send("GET", f"{base}{path}", api=api)
    assert (reply.status, reply.json) == (200, {"status": "ok"})


def test_it_is_not_ready_while_the_store_does_not_answer(
    world: World, sqlite_table: SqliteTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("the table tbl-1887 does not answer")

    monkeypatch.setattr(sqlite_table, "get", busy)
    app = Native(world)
    assert app.get("/health/alive").status == 200
    reply = app.get("/health/ready")
    assert reply.status == 503
    assert reply.headers["retry-after"] == "1"
    assert b"1887" not in reply.body


def test_the_configurations_digest_says_when_it_changes_but_not_what_it_is(sqlite_table: SqliteTable) -> None:
    one = World.build(sqlite_table).send("GET", f"{ADMIN}/health/config", api="admin")
    other = World.build(sqlite_table, {"session": {"lifespan": "5m"}}).send(
        "GET", f"{ADMIN}/health/config", api="admin"
    )
    assert one.headers["content-type"].startswith("text/plain")
    assert len(one.body) == 64
    assert one.body != other.body


def test_the_version_is_told(world: World) -> None:
    assert world.send("GET", f"{ADMIN}/version", api="admin").json["version"]


def test_the_script_for_keys_is_for_pages_of_any_origin_and_is_what_the_nodes_name(sqlite_table: SqliteTable) -> None:
    world = keys.build(sqlite_table, "passkey")
    script = Spa(world).start("login").nodes["webauthn_script"]["attributes"]
    reply = Native(world).get(urlsplit(script["src"]).path, Origin="https://elsewhere.example")
    digest = base64.b64encode(hashlib.sha512(reply.body).digest()).decode()
    assert script["integrity"] == f"sha512-{digest}"
    assert script["crossorigin"] == "anonymous"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["cross-origin-resource-policy"] == "cross-origin"
    for name in ("WebAuthnLogin", "WebAuthnRegistration", "PasskeyLogin", "PasskeyLoginAutocompleteInit"):
        assert f"window.ory{name} = " in reply.body.decode()


def test_browsers_learn_which_pages_of_other_domains_may_use_our_keys(sqlite_table: SqliteTable) -> None:
    world = keys.build(sqlite_table, "passkey")
    told = Native(world).get("/.well-known/webauthn")
    assert told.headers["content-type"].startswith("application/json")
    assert told.json == {"origins": ["https://app.example.org", "https://id.example.org"]}


def test_where_nobody_has_keys_no_origin_is_told(world: World) -> None:
    assert Native(world).get("/.well-known/webauthn").status == 404


def test_the_script_for_keys_is_sent_once(world: World) -> None:
    path = "/.well-known/ory/webauthn.js"
    tag = Native(world).get(path).headers["etag"]
    again = Native(world).get(path, If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")


def test_the_address_for_changing_passwords_leads_to_the_settings(world: World) -> None:
    reply = Browser(world).get("/.well-known/change-password")
    assert reply.status == 303
    assert reply.location.endswith("/settings")


# --- nothing there --------------------------------------------------------------------------------------


def test_an_unknown_address_is_plainly_not_found(world: World) -> None:
    reply = Spa(world).get("/nowhere")
    assert (reply.status, reply.body) == (404, b"404 page not found\n")
    assert reply.headers["content-type"].startswith("text/plain")
    assert world.send("POST", f"{ADMIN}/nowhere", api="admin").status == 404


def test_a_wrong_verb_is_told_which_are_right(world: World) -> None:
    reply = Spa(world).send("PUT", "/self-service/login")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD, POST")
    assert world.send("PUT", f"{ADMIN}/health/alive", api="admin").status == 405


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_of_nothing_is_taken_for_a_forged_one(world: World, method: str) -> None:
    assert Spa(world).send(method, "/nowhere").error_id == "security_csrf_violation"


@pytest.mark.attack("in-16")
@pytest.mark.parametrize(
    "path", ["/admin/identities", "/admin/sessions/x", "/identities", "/courier/messages", "/recovery/code"]
)
def test_the_public_api_leads_to_the_admin_api_and_answers_nothing_itself(world: World, path: str) -> None:
    world.identity(EMAIL)
    reply = Spa(world).get(path)
    assert (reply.status, reply.location, reply.body) == (307, f"{ADMIN}{path}", b"")


@pytest.mark.attack("in-16")
@pytest.mark.parametrize(
    "path",
    [
        "//self-service//login/browser",
        "/self-service/login/browser/",
        "/self-service/login/browser;a=b",
        "/Self-Service/Login/Browser",
        "/self-service/../admin/identities",
        "/%2e%2e/admin/identities",
        "/%61dmin/identities",
        "/sessions/whoami/x",
        "/prod/sessions/whoami",
        "/ADMIN/identities",
        "/./sessions/whoami",
        "/sessions/whoami%00",
        "/schemas/person/x",
    ],
)
def test_an_address_in_disguise_is_none(world: World, path: str) -> None:
    world.identity(EMAIL)
    app = Native(world)
    app.sign_in(EMAIL)
    reply = app.get(path)
    assert reply.status in (307, 404, 405)
    assert b"alice" not in reply.body


@pytest.mark.attack("ses-13")
@pytest.mark.parametrize(
    "path",
    [
        "/sessions/whoami",
        "/sessions",
        "/self-service/login/browser",
        "/self-service/login/api",
        "/self-service/login/flows?id=x",
        "/self-service/registration/browser",
        "/self-service/errors?id=x",
        "/self-service/logout/browser",
        "/sessions/token-exchange",
    ],
)
def test_no_cache_keeps_what_is_somebodys(world: World, path: str) -> None:
    for client in (Browser(world), Spa(world), Native(world)):
        for reply in (client.get(path), client.sign_up(f"{client.kind}@example.org") and client.get(path)):
            assert reply.headers["cache-control"] == "private, no-cache, no-store, must-revalidate"


@pytest.mark.parametrize("path", ["/", "/ui", "/ui/"])
def test_the_front_door_leads_to_the_welcome_page(world: World, path: str) -> None:
    reply = Browser(world).get(path)
    assert (reply.status, reply.location) == (303, f"{PUBLIC}/ui/welcome")


def test_the_keys_of_web_hooks_are_published(world: World):
    reply = Browser(world).get("/.well-known/webhook-keys.json")
    assert (reply.status, reply.headers["cache-control"]) == (200, "public, max-age=300")
    assert reply.json["standard_webhooks"] == list(world.svc.signer.public_keys())
    assert [key["crv"] for key in reply.json["keys"]] == ["Ed25519"]
    assert not [key for key in reply.json["keys"] if "d" in key]


def test_fedcm_is_answered_as_kratos_does_without_it(world: World) -> None:
    assert Spa(world).get("/self-service/fed-cm/parameters").status == 404
    reply = Spa(world).send("POST", "/self-service/fed-cm/token", b"{}", Content_Type="application/json")
    assert reply.error_id == "security_csrf_violation"
