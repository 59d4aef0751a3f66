"""Bodies, numbers and texts that are made to break a parser, a store or a header."""

from __future__ import annotations

import json
from time import process_time
from typing import Any

import pytest
from tests.world import PASSWORD, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable

EMAIL = "alice@example.org"
KINDS = pytest.mark.parametrize("kind", ["login", "registration"])


def post(world: World, kind: str, body: bytes, content_type: str = "application/json") -> Reply:
    app = Native(world)
    return app.send("POST", app.start(kind).document["ui"]["action"], body, Content_Type=content_type)


def identities(world: World) -> list[Any]:
    return [key for key in world.stored() if key[0].startswith("I#")]


def fields(kind: str, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"method": "password", "password": PASSWORD}
    given |= {"identifier": EMAIL} if kind == "login" else {"traits": {"email": EMAIL}}
    return given | more


@pytest.mark.attack("in-01")
@KINDS
@pytest.mark.parametrize("megabytes", [6, 10])
def test_a_body_that_is_too_large_is_not_parsed(world: World, kind: str, megabytes: int) -> None:
    before = identities(world)
    for body in (
        json.dumps(fields(kind, filler="x" * megabytes * 1_000_000)).encode(),
        b"a=" + b"x" * megabytes * 1_000_000,
    ):
        content_type = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
        started = process_time()
        assert post(world, kind, body, content_type).status in (400, 413)
        assert process_time() - started < 1
    assert identities(world) == before


@pytest.mark.attack("in-01")
@pytest.mark.attack("in-19")
@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("login", {"identifier": "x" * 900_000}),
        ("registration", {"traits": {"email": "x" * 900_000}}),
        ("registration", {"traits": {"email": EMAIL, "name": {"first": "x" * 500_000}}}),
    ],
)
def test_what_is_too_large_for_the_store_is_refused_whole(world: World, kind: str, more: dict[str, Any]) -> None:
    before = world.stored()
    app = Native(world)
    flow = app.start(kind)
    reply = app.submit(flow, **fields(kind) | more)
    assert reply.status in (400, 413)
    new = {key for key in world.stored() if key not in before}
    assert not [key for key in new if not key[0].startswith(("F#", "RL#", "CFG"))]
    assert app.fetch(kind, flow.id).status == 200


@pytest.mark.attack("in-01")
@KINDS
def test_a_form_of_ten_thousand_fields_is_refused(world: World, kind: str) -> None:
    body = "&".join(f"traits.a{number}=1" for number in range(10_000)).encode()
    assert post(world, kind, body, "application/x-www-form-urlencoded").status == 400


@pytest.mark.attack("in-02")
@KINDS
@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("depth", [101, 3000, 100_000])
@pytest.mark.parametrize("field", ["traits", "transient_payload", "unknown"])
def test_a_deep_document_is_refused(world: World, kind: str, opening: str, depth: int, field: str) -> None:
    closing = "]" if opening == "[" else "}"
    document = opening * depth + ("" if opening == "[" else "1") + closing * depth
    body = f'{{"method":"password","identifier":"x","password":"y","{field}":{document}}}'.encode()
    assert post(world, kind, body).status == 400
    assert post(world, kind, (opening * depth).encode()).status == 400


@pytest.mark.attack("in-03")
@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000, "0x10", "01", "1_000", "+1", ".5", "1."]
)
def test_a_number_that_is_none_is_refused(world: World, number: str) -> None:
    body = f'{{"method":"password","password":"{PASSWORD}","traits":{{"email":"{EMAIL}","age":{number}}}}}'
    assert post(world, "registration", body.encode()).status == 400
    assert identities(world) == []


@pytest.mark.attack("in-03")
@pytest.mark.parametrize(
    "number", ["18", "1e2", "9007199254740993", "123456789012345678901234567890123456789012", "1e22"]
)
def test_a_number_is_stored_as_it_was_sent(world: World, number: str) -> None:
    body = f'{{"method":"password","password":"{PASSWORD}","traits":{{"email":"{EMAIL}","age":{number}}}}}'
    reply = post(world, "registration", body.encode())
    assert reply.status == 200
    stored = world.svc.identities.find(reply.json["identity"]["id"])
    assert stored is not None
    assert stored.traits["age"] == reply.json["identity"]["traits"]["age"] == json.loads(number)


@pytest.mark.attack("in-04")
@KINDS
@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "\udfff\ud800"])
@pytest.mark.parametrize("field", ["identifier", "password", "method", "transient_payload", "traits"])
def test_text_that_is_none_is_refused(world: World, kind: str, text: str, field: str) -> None:
    value: Any = {"a": text} if field in ("transient_payload", "traits") else text
    assert post(world, kind, json.dumps(fields(kind) | {field: value}).encode()).status == 400
    assert identities(world) == []


@pytest.mark.attack("in-04")
@pytest.mark.parametrize("character", [*"\x01\x07\x08\t\n\x0b\x0c\r\x1b\x1f\x7f", "\u2028", "\u0085"])
def test_a_control_character_makes_no_address(world: World, character: str) -> None:
    for email in (f"ali{character}ce@example.org", f"alice@example.org{character}Bcc: eve@example.org"):
        assert Native(world).sign_up(email).status == 400
    assert identities(world) == []


@pytest.mark.attack("in-04")
@pytest.mark.parametrize("character", ["\x01", "\t", "\r\n", "\x7f", "\u200b", "\u202e", "é", "e\u0301", " ", "😀"])
def test_a_password_is_kept_byte_for_byte(world: World, character: str) -> None:
    password = f"{character}blue-kettle-42{character}"
    assert Native(world).sign_up(EMAIL, password).status == 200
    assert Native(world).sign_in(EMAIL, password).status == 200
    assert Native(world).sign_in(EMAIL, password.strip(character)).status == 400


@pytest.mark.attack("in-05")
@KINDS
def test_half_a_surrogate_pair_in_an_address_is_replaced_not_an_accident(world: World, kind: str) -> None:
    reply = Spa(world).get(f"/self-service/{kind}/browser?return_to=%ed%a0%80")
    assert reply.status == 400


@pytest.mark.attack("in-09")
@pytest.mark.parametrize(
    "twin",
    [
        "\uff41\uff44\uff4d\uff49\uff4e@example.org",
        "ADMIN@EXAMPLE.ORG",
        "ad\u200bmin@example.org",
        "ad\u00admin@example.org",
        "\ufeffadmin@example.org",
        "adm\u202ein@example.org",
        "admin@example.org\u2060",
        "admin@example\uff0eorg",
        "\u2000admin@example.org",
    ],
)
def test_no_second_account_under_a_name_that_looks_the_same(world: World, twin: str) -> None:
    world.identity("admin@example.org")
    assert Native(world).sign_up(twin).status == 400
    assert len([key for key in world.stored() if key[0].startswith("I#") and key[1] == "#"]) == 1


@pytest.mark.attack("in-09")
def test_composed_and_decomposed_letters_are_one_name(world: World) -> None:
    world.identity("\u00e9@example.org")
    assert Native(world).sign_in("e\u0301@example.org").status == 200


@pytest.mark.attack("in-10")
@pytest.mark.parametrize("look_alike", ["m\u0131ke@example.org", "mike@exampIe.org", "mike@xn--exmple-4nf.org"])
def test_a_look_alike_is_another_name(world: World, look_alike: str) -> None:
    world.identity("mike@example.org")
    assert Native(world).sign_in(look_alike).status == 400


@pytest.mark.attack("in-12")
@pytest.mark.parametrize(
    "form",
    [
        "traits[0][a]=1&traits[999999999]=x",
        "traits.email=a@example.org&traits.email.x=1",
        "traits=1&traits.email=x",
        "traits.name=x&traits.name.first=y",
        "traits" + ".a" * 1000 + "=1",
        "traits.__proto__.x=1",
        "=x&.=y&..=z",
    ],
)
def test_names_of_fields_build_nothing_unexpected(world: World, form: str) -> None:
    reply = post(
        world, "registration", f"method=password&password=x&{form}".encode(), "application/x-www-form-urlencoded"
    )
    assert reply.status == 400
    assert len(reply.body) < 20_000


@pytest.mark.attack("in-14")
@KINDS
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/xml",
        "",
        "application/json, text/plain",
        "text/json",
        "application/jsonp",
        "json",
        "*/*",
    ],
)
def test_another_content_type_is_not_guessed_at(world: World, kind: str, content_type: str) -> None:
    if kind == "login":
        world.identity(EMAIL)
    reply = post(world, kind, json.dumps(fields(kind)).encode(), content_type)
    assert reply.status == 400
    assert "session_token" not in reply.json


@pytest.mark.attack("in-14")
@KINDS
def test_another_encoding_is_refused(world: World, kind: str) -> None:
    body = json.dumps(fields(kind)).encode("utf-16")
    assert post(world, kind, body, "application/json; charset=utf-16").status == 400


@pytest.mark.attack("in-14")
def test_a_simple_request_from_another_site_needs_the_token_like_any_other(world: World) -> None:
    world.identity(EMAIL)
    browser = Spa(world)
    flow = browser.start("login")
    form = f"method=password&identifier={EMAIL}&password={PASSWORD}".encode()
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        reply = browser.send(
            "POST", flow.document["ui"]["action"], form, Content_Type=content_type, Origin="https://evil.example"
        )
        assert reply.status in (400, 403)
        assert browser.whoami().status == 401


@pytest.mark.attack("dos-04")
@pytest.mark.parametrize("pattern", ["^([a-z0-9]+)*@x$", "^(a|aa)+$", "^(a+)+$", "^(.*a){12}@x$", "^(a?){30}a{30}$"])
def test_a_pattern_that_explodes_is_answered_at_once(sqlite_table: SqliteTable, pattern: str) -> None:
    schema: dict[str, Any] = {
        "$id": "https://schemas.example.org/pattern",
        "type": "object",
        "properties": {
            "traits": {
                "type": "object",
                "properties": {
                    "email": {
                        "type": "string",
                        "pattern": pattern,
                        "ory.sh/kratos": {"credentials": {"password": {"identifier": True}}},
                    }
                },
            }
        },
    }
    world = World.build(sqlite_table, schema=schema)
    Native(world).sign_up("!")
    started = process_time()
    assert Native(world).sign_up("a" * 100_000 + "!").status == 400
    assert process_time() - started < 0.1


@pytest.mark.attack("flt-13")
def test_requests_of_several_people_in_one_process_do_not_mix(world: World) -> None:
    people = [Spa(world) for _ in range(4)]
    for number, person in enumerate(people):
        person.sign_up(f"p{number}@example.org")
    for _ in range(3):
        for number, person in enumerate(people):
            post(world, "login", b"{")
            assert person.whoami().json["identity"]["traits"]["email"] == f"p{number}@example.org"
