"""Sessions as signed tokens: `whoami?tokenize_as=…`. Contract 06 §7."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from tests.settings import CONFIG as FACTORS
from tests.settings import enrol_totp
from tests.world import PASSWORD, PUBLIC, Client, Native, Reply, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.adapters.templates import FetchedTemplates
from vestibule.config.document import merged
from vestibule.config.fetch import fetch

EMAIL = "alice@example.org"
KEY = ECKey.generate_key("P-256", {"alg": "ES256", "kid": "of-the-tests"})


def inline(text: str) -> str:
    return f"base64://{base64.b64encode(text.encode()).decode()}"


KEYS = inline(json.dumps({"keys": [KEY.as_dict(private=True)]}))


TEMPLATES: list[FetchedTemplates] = []


@pytest.fixture(autouse=True)
def engines_end() -> Iterator[None]:
    """Mappers run in processes of their own."""
    yield
    while TEMPLATES:
        TEMPLATES.pop().close()


def build(table: SqliteTable, mapper: str | None = None, **template: Any) -> World:
    given = {"ttl": "5m", "jwks_url": KEYS, **template}
    if mapper is not None:
        given["claims_mapper_url"] = inline(mapper)
    TEMPLATES.append(FetchedTemplates(fetch))
    config = {"session": {"whoami": {"tokenizer": {"templates": {"ours": given}}}}}
    return World.build(table, config, templates=TEMPLATES[-1])


def ask(client: Client, template: str = "ours") -> Reply:
    return client.get(f"/sessions/whoami?tokenize_as={template}", Accept="application/json")


def claims_of(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200, reply.body
    return dict(jwt.decode(reply.json["tokenized"], KEY, algorithms=["ES256"]).claims)


@pytest.fixture
def alice(sqlite_table: SqliteTable) -> Native:
    return signed_up(build(sqlite_table))


def signed_up(world: World) -> Native:
    client = Native(world)
    client.sign_up(EMAIL)
    return client


def test_a_token_names_issuer_session_person_and_times(alice: Native) -> None:
    whoami = alice.whoami().json
    reply = ask(alice)
    assert {**reply.json, "tokenized": None} == {**whoami, "tokenized": None}
    now = int(alice.world.clock.now().timestamp())
    claims = claims_of(reply)
    assert claims.pop("jti") != claims_of(ask(alice))["jti"]
    assert claims == {
        "iss": f"{PUBLIC}/",
        "sub": whoami["identity"]["id"],
        "sid": whoami["id"],
        "iat": now,
        "nbf": now,
        "exp": now + 300,
    }


def test_every_client_gets_one(sqlite_table: SqliteTable, client: Client) -> None:
    world = build(sqlite_table)
    world.identity(EMAIL)
    client.world = world
    client.sign_in(EMAIL)
    assert claims_of(ask(client))["sid"] == client.whoami().json["id"]


def test_a_mapper_changes_all_but_the_person(sqlite_table: SqliteTable) -> None:
    mapper = """
        local session = std.extVar('session'), claims = std.extVar('claims');
        { claims: {
            iss: claims.iss + 'sessions', sub: 'somebody-else', exp: claims.exp + 60,
            email: session.identity.traits.email, aal: session.authenticator_assurance_level,
        } }
    """
    alice = signed_up(build(sqlite_table, mapper))
    claims = claims_of(ask(alice))
    assert claims["sub"] == alice.whoami().json["identity"]["id"]
    assert (claims["iss"], claims["email"], claims["aal"]) == (f"{PUBLIC}/sessions", EMAIL, "aal1")
    assert claims["exp"] == claims["iat"] + 360


@pytest.mark.parametrize(
    "mapper",
    [
        "{",
        "5",
        "{}",
        "{ claims: [] }",
        "{ claims: std.extVar('claims').nothing }",
        "error 'cancel'",
        "local f(x) = f(x + 1); { claims: { a: f(0) } }",
        "{ claims: import 'file:///etc/passwd' }",
    ],
)
def test_a_mapper_that_fails_makes_no_token(sqlite_table: SqliteTable, mapper: str) -> None:
    alice = signed_up(build(sqlite_table, mapper))
    reply = ask(alice)
    assert (reply.status, reply.json["error"]["reason"]) == (500, "The session cannot be signed")
    assert alice.whoami().status == 200


def test_keys_that_cannot_sign_are_our_fault(sqlite_table: SqliteTable) -> None:
    reply = ask(signed_up(build(sqlite_table, jwks_url=inline('{"keys": []}'))))
    assert reply.status == 500
    assert "key" not in reply.json["error"]["reason"]


def test_the_person_may_be_named_by_the_external_id(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, "{ claims: { sub: 'me' } }", subject_source="external_id")
    alice = signed_up(world)
    assert ask(alice).status == 400
    document = {
        "schema_id": "person",
        "traits": {"email": "bob@example.org"},
        "external_id": "customer-1",
        "credentials": {"password": {"config": {"password": PASSWORD}}},
    }
    world.admin("POST", "/admin/identities", document)
    bob = Native(world)
    bob.sign_in("bob@example.org")
    assert claims_of(ask(bob))["sub"] == "customer-1"


def test_who_has_no_session_or_not_enough_of_it_gets_no_token(sqlite_table: SqliteTable) -> None:
    tokens = {"whoami": {"tokenizer": {"templates": {"ours": {"ttl": "5m", "jwks_url": KEYS}}}}}
    world = World.build(sqlite_table, merged(FACTORS, {"session": tokens}))
    assert ask(Native(world)).status == 401
    alice = signed_up(world)
    enrol_totp(alice)
    other = Native(world)
    other.sign_in(EMAIL)
    assert ask(other).error_id == "session_aal2_required"
    world.clock.pass_by(days=2)
    assert ask(alice).status == 401


@pytest.mark.parametrize("name", ["theirs", "__class__", "../ours", "ours%00"])
def test_an_unknown_template_is_refused(alice: Native, name: str) -> None:
    assert ask(alice, name).status == 400


def test_an_empty_name_asks_for_nothing(alice: Native) -> None:
    reply = ask(alice, "")
    assert (reply.status, "tokenized" in reply.json) == (200, False)


def test_an_answer_with_a_token_is_not_to_be_kept(sqlite_table: SqliteTable) -> None:
    templates = {"ours": {"ttl": "5m", "jwks_url": KEYS}}
    config = {"session": {"whoami": {"tokenizer": {"templates": templates}}}}
    alice = signed_up(World.build(sqlite_table, config | {"feature_flags": {"cacheable_sessions": True}}))
    assert "ory-session-cache-for" in alice.whoami().headers
    assert "ory-session-cache-for" not in ask(alice).headers


def test_as_recorded_a_template_without_a_ttl_makes_tokens_that_have_expired(sqlite_table: SqliteTable) -> None:
    world = World.build(
        sqlite_table, {"session": {"whoami": {"tokenizer": {"templates": {"ours": {"jwks_url": KEYS}}}}}}
    )
    claims = claims_of(ask(signed_up(world)))
    assert claims["exp"] == claims["iat"]


ONLY_WHEN_ASKED = """
import sys
sys.path[:0] = sys.argv[1:]
from tests.resources.test_session_token import ask, build, signed_up
for name in [name for name in sys.modules if name.startswith(("joserfc", "_gojsonnet"))]:
    del sys.modules[name]
from vestibule.adapters.sqlite import SqliteTable
alice = signed_up(build(SqliteTable(None)))
assert alice.whoami().status == 200
print("joserfc" in sys.modules, "vestibule.adapters.jsonnet" in sys.modules)
ask(alice)
print("joserfc" in sys.modules, "vestibule.adapters.jsonnet" in sys.modules)
"""


def test_the_library_loads_with_the_first_token_and_jsonnet_with_the_first_mapper() -> None:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", ONLY_WHEN_ASKED, str(root), str(root / "layers" / "core")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:2] == ["False False", "True False"], done.stderr
