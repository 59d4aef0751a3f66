"""The token hooks of an OAuth2 server: who may ask, what is asked and answered. Contract 10."""

from __future__ import annotations

import base64
import json
from copy import deepcopy
from typing import Any

import pytest
from tests.hooks.web_hook.target import TEMPLATES, Pace, Target, answer
from tests.resources.administrator import NOBODY, created
from tests.world import PUBLIC, Reply, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.local.bus import Bus
from vestibule.ports import SecretUnavailable, WebTimeout, WebUnreachable

KEY = "the-key-of-the-oauth2-server"
EMAIL = "ann@example.org"
TARGET = "https://target.example.org/token"


def jsonnet(text: str) -> str:
    return "base64://" + base64.b64encode(text.encode()).decode()


def claims(template: str, **config: Any) -> dict[str, Any]:
    return {"hook": "claims", "config": {"body": jsonnet(template), **config}}


def asking(**config: Any) -> dict[str, Any]:
    return {"hook": "web_hook", "config": {"url": TARGET, **config}}


class Scene:
    """A deployment that an OAuth2 server asks."""

    def __init__(self, table: SqliteTable, *hooks: dict[str, Any], key: Any = None, **services: Any) -> None:
        self.target = Target([answer(204)])
        token = {"api_key": key or {"name": "X-Api-Key", "values": [KEY]}, "hooks": list(hooks)}
        self.world = World.build(
            table,
            {"vestibule": {"oauth2": {"token": token}}},
            web=self.target,
            pace=Pace(),
            templates=TEMPLATES,
            **services,
        )

    def person(self, **fields: Any) -> dict[str, Any]:
        return created(self.world, EMAIL, **fields)

    def ask(self, document: Any, path: str = "/oauth2/token-hook", **headers: str) -> Reply:
        sent = {"Content-Type": "application/json; charset=UTF-8", "X-Api-Key": KEY}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.world.send("POST", f"{PUBLIC}{path}", headers=sent, body=body)


def asked(subject: str, *grant_types: str, access: Any = None, id_token: Any = None) -> dict[str, Any]:
    """The request of the token hook, as Hydra 26.2 sends it."""
    times = dict.fromkeys(("exp", "iat", "rat", "auth_time"), "2026-03-01T12:00:00Z")
    told = {"jti": "", "iss": "https://oauth2.example.org", "sub": subject, "aud": ["shop"], "nonce": "", **times}
    told |= {"at_hash": "", "acr": "", "amr": None, "c_hash": "", "ext": id_token}
    grants = list(grant_types) or ["authorization_code"]
    return {
        "session": {
            "id_token": {
                "id_token_claims": told,
                "headers": {"extra": {}},
                "expires_at": {"access_token": "2026-03-01T13:00:00Z"},
                "subject": subject,
            },
            "extra": access,
            "kid": "",
            "client_id": "shop",
            "consent_challenge": "",
            "exclude_not_before_claim": False,
            "allowed_top_level_claims": [],
            "mirror_top_level_claims": True,
            "preserve_ext_claims": False,
        },
        "request": {
            "client_id": "shop",
            "requested_scopes": ["openid", "offline"],
            "granted_scopes": ["openid", "offline"],
            "granted_audience": [],
            "grant_types": grants,
            "payload": {"grant_type": grants},
        },
    }


def refreshed(subject: str, **claims: Any) -> dict[str, Any]:
    """The request of the legacy refresh-token hook."""
    session = asked(subject, **claims)["session"]
    granted = {"granted_scopes": ["openid", "offline"], "granted_audience": []}
    requester = {"client_id": "shop", **granted, "grant_types": ["refresh_token"]}
    return {"subject": subject, "session": session, "requester": requester, "client_id": "shop", **granted}


# --- who may ask -------------------------------------------------------------------------------------------


def test_nothing_is_served_without_a_configured_key(sqlite_table: SqliteTable):
    world = World.build(sqlite_table)
    reply = world.send("POST", f"{PUBLIC}/oauth2/token-hook", headers={"Authorization": ""}, body=b"{}")
    assert reply.status == 404


@pytest.mark.parametrize("headers", [{"X_Api_Key": "another-key-of-some-length"}, {"X_Api_Key": ""}])
def test_a_wrong_key_is_refused_before_anything_is_read(sqlite_table: SqliteTable, headers: dict[str, str]):
    reply = Scene(sqlite_table).ask(b"no json", **headers)
    assert reply.status == 401
    assert KEY not in reply.body.decode()


def test_a_key_may_be_replaced_without_a_gap(sqlite_table: SqliteTable):
    key = {"name": "X-Api-Key", "values": ["the-next-key-of-the-server", KEY]}
    scene = Scene(sqlite_table, key=key)
    person = scene.person()
    for sent in key["values"]:
        assert scene.ask(asked(person["id"]), X_Api_Key=sent).status == 204


def test_a_key_may_come_in_a_cookie(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, key={"in": "cookie", "name": "hydra", "values": [KEY]})
    person = scene.person()
    assert scene.ask(asked(person["id"])).status == 401
    assert scene.ask(asked(person["id"]), Cookie=f"hydra={KEY}").status == 204


def unreadable(reference: str) -> str:
    raise SecretUnavailable("there is no such parameter")


def test_a_key_may_stand_elsewhere(sqlite_table: SqliteTable):
    key = {"name": "X-Api-Key", "values": ["secret://ssm/hydra"]}
    scene = Scene(sqlite_table, key=key, read_secret={"secret://ssm/hydra": KEY}.__getitem__)
    person = scene.person()
    assert scene.ask(asked(person["id"])).status == 204
    assert scene.ask(asked(person["id"]), X_Api_Key="secret://ssm/hydra").status == 401


@pytest.mark.parametrize("sent", ["", KEY, "secret://ssm/hydra"])
def test_nobody_is_let_in_while_the_key_cannot_be_read(sqlite_table: SqliteTable, sent: str):
    key = {"name": "X-Api-Key", "values": ["secret://ssm/hydra"]}
    assert Scene(sqlite_table, key=key, read_secret=unreadable).ask(b"", X_Api_Key=sent).status == 503
    assert Scene(sqlite_table, key=key, read_secret=lambda _: "").ask(b"", X_Api_Key="").status == 401


# --- what is asked -------------------------------------------------------------------------------------------


def without(*path: str) -> dict[str, Any]:
    document = asked(NOBODY)
    at = document
    for name in path[:-1]:
        at = at[name]
    del at[path[-1]]
    return document


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"session": {"id_token": {"id_token_claims": NaN}}}',
        b"[" * 100_000,
        without("session"),
        without("request"),
        without("session", "id_token", "id_token_claims"),
        without("request", "client_id"),
        asked(NOBODY) | {"request": {"client_id": "shop", "grant_types": "refresh_token"}},
        asked(NOBODY, access=["no", "object"]),
        asked(NOBODY, id_token="text"),
    ],
)
def test_what_is_no_request_of_a_token_hook_is_a_400(sqlite_table: SqliteTable, document: Any):
    assert Scene(sqlite_table).ask(document).status == 400


def test_what_is_no_request_of_the_legacy_hook_is_a_400(sqlite_table: SqliteTable):
    assert Scene(sqlite_table).ask(asked(NOBODY), "/oauth2/refresh-token-hook").status == 400


def test_what_go_leaves_empty_and_what_newer_servers_add_is_read(sqlite_table: SqliteTable):
    """Slices and maps of Go that nobody filled are null."""
    scene = Scene(sqlite_table, claims("function(ctx) {access_token: {told: ctx.request}}"))
    document = asked(scene.person()["id"])
    document["session"] |= {"allowed_top_level_claims": None, "later": {"a": 1}}
    document["session"]["id_token"] |= {"expires_at": None, "headers": {"extra": None}}
    document["session"]["id_token"]["id_token_claims"]["aud"] = None
    nulls = dict.fromkeys(("requested_scopes", "granted_scopes", "granted_audience", "payload"))
    document["request"] |= {**nulls, "client": {"metadata": {"tier": 2}}}
    assert scene.ask(document).json["session"]["access_token"]["told"] == {
        "client_id": "shop",
        "client": {"metadata": {"tier": 2}},
        "requested_scopes": [],
        "granted_scopes": [],
        "granted_audience": [],
        "grant_types": ["authorization_code"],
        "payload": {},
    }


# --- whom it concerns ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grant", ["refresh_token", "authorization_code"])
def test_no_token_for_a_deleted_identity(sqlite_table: SqliteTable, grant: str):
    scene = Scene(sqlite_table)
    person = scene.person()
    assert scene.ask(asked(person["id"], grant)).status == 204
    scene.world.admin("DELETE", f"/admin/identities/{person['id']}")
    assert scene.ask(asked(person["id"], grant)).status == 403


@pytest.mark.parametrize("path", ["/oauth2/token-hook", "/oauth2/refresh-token-hook"])
def test_no_refresh_for_an_inactive_identity(sqlite_table: SqliteTable, path: str):
    scene = Scene(sqlite_table, claims("{access_token: {never: true}}"))
    person = scene.person(state="inactive")
    document = refreshed(person["id"]) if "refresh" in path else asked(person["id"], "refresh_token")
    assert scene.ask(document, path).status == 403


@pytest.mark.parametrize("subject", ["", "somebody-elsewhere", NOBODY])
def test_a_refresh_names_somebody_who_exists(sqlite_table: SqliteTable, subject: str):
    assert Scene(sqlite_table).ask(asked(subject, "refresh_token")).status == 403


def test_clients_that_act_for_themselves_have_no_identity(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, claims("function(ctx) {access_token: {person: 'identity' in ctx}}"))
    reply = scene.ask(asked("", "client_credentials"))
    assert reply.json == {"session": {"access_token": {"person": False}, "id_token": {}}}


def test_the_subject_is_who_signed_in_even_where_the_token_shows_another(sqlite_table: SqliteTable):
    """Pairwise subjects: only the claim is obscured."""
    scene = Scene(sqlite_table, claims("function(ctx) {id_token: {email: ctx.identity.traits.email}}"))
    document = asked(scene.person()["id"])
    document["session"]["id_token"]["id_token_claims"]["sub"] = "f00f"
    assert scene.ask(document).json["session"]["id_token"] == {"email": EMAIL}


# --- claims by template ------------------------------------------------------------------------------------------


def test_claims_come_from_traits_metadata_and_verified_addresses(sqlite_table: SqliteTable):
    scene = Scene(
        sqlite_table,
        claims("""function(ctx) {
            access_token: {roles: ctx.identity.metadata_public.roles, client: ctx.request.client_id},
            id_token: {email: ctx.identity.traits.email, verified: [a.value for a in ctx.verified_addresses]},
        }"""),
    )
    addresses = [{"value": EMAIL, "via": "email", "verified": True, "status": "completed"}]
    metadata = {"metadata_public": {"roles": ["editor"]}, "metadata_admin": {"secret": 1}}
    person = scene.person(verifiable_addresses=addresses, **metadata)
    reply = scene.ask(asked(person["id"]))
    assert reply.status == 200
    assert reply.json == {
        "session": {
            "access_token": {"roles": ["editor"], "client": "shop"},
            "id_token": {"email": EMAIL, "verified": [EMAIL]},
        }
    }


def test_an_address_that_is_not_verified_is_no_verified_address(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, claims("function(ctx) {id_token: {verified: ctx.verified_addresses}}"))
    assert scene.ask(asked(scene.person()["id"])).json["session"]["id_token"] == {"verified": []}


def test_templates_do_not_see_what_only_administrators_see(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, claims("function(ctx) {access_token: {all: std.toString(ctx)}}"))
    person = scene.person(metadata_admin={"note": "geheim"})
    body = scene.ask(asked(person["id"])).body.decode()
    assert EMAIL in body
    assert "geheim" not in body
    assert KEY not in body


def test_claims_are_laid_over_those_of_the_consent(sqlite_table: SqliteTable):
    """An answer takes the place of all claims at the OAuth2 server: what is not repeated would be lost there."""
    scene = Scene(sqlite_table, claims("{access_token: {plan: {seats: 5}, old: null}, id_token: {b: 2}}"))
    reply = scene.ask(asked(scene.person()["id"], access={"plan": {"name": "pro"}, "old": 1}, id_token={"a": 1}))
    assert reply.json["session"] == {
        "access_token": {"plan": {"name": "pro", "seats": 5}},
        "id_token": {"a": 1, "b": 2},
    }


def test_claims_take_the_place_of_others_where_that_is_asked_for(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, claims("{access_token: {plan: 'free'}}", merge=False))
    reply = scene.ask(asked(scene.person()["id"], access={"old": 1}, id_token={"a": 1}))
    assert reply.json["session"] == {"access_token": {"plan": "free"}, "id_token": {}}


def test_later_actions_see_the_claims_of_earlier_ones(sqlite_table: SqliteTable):
    scene = Scene(
        sqlite_table,
        claims("{access_token: {n: 1}, id_token: {m: 1}}"),
        claims(
            "function(ctx) {access_token: {n: ctx.session.extra.n + 1},"
            " id_token: {m: ctx.session.id_token.id_token_claims.ext.m + 1}}"
        ),
    )
    reply = scene.ask(asked(scene.person()["id"]))
    assert reply.json["session"] == {"access_token": {"n": 2}, "id_token": {"m": 2}}


@pytest.mark.parametrize("template", ["function(ctx) error 'cancel'", "{}", "{access_token: {a: 1}}"])
def test_nothing_new_is_a_204(sqlite_table: SqliteTable, template: str):
    scene = Scene(sqlite_table, claims(template))
    reply = scene.ask(asked(scene.person()["id"], access={"a": 1}))
    assert (reply.status, reply.body) == (204, b"")


@pytest.mark.parametrize("template", ["function(ctx) ctx.nothing", "local x = ;", "while"])
def test_a_template_that_fails_lets_no_token_be_issued(sqlite_table: SqliteTable, template: str):
    scene = Scene(sqlite_table, claims(template))
    reply = scene.ask(asked(scene.person()["id"]))
    assert reply.status == 500
    assert EMAIL not in reply.body.decode()


@pytest.mark.parametrize("template", ["[]", "'text'", "{access_token: [1]}", "{id_token: 'x'}"])
def test_claims_that_are_none_let_no_token_be_issued(sqlite_table: SqliteTable, template: str):
    scene = Scene(sqlite_table, claims(template))
    assert scene.ask(asked(scene.person()["id"])).status == 502


# --- the legacy hook ------------------------------------------------------------------------------------------


def test_the_legacy_hook_runs_the_same_actions(sqlite_table: SqliteTable):
    scene = Scene(
        sqlite_table,
        claims("function(ctx) {access_token: {by: ctx.request.client_id, how: ctx.request.grant_types}}"),
    )
    reply = scene.ask(refreshed(scene.person()["id"], access={"a": 1}), "/oauth2/refresh-token-hook")
    assert reply.json == {"session": {"access_token": {"a": 1, "by": "shop", "how": ["refresh_token"]}, "id_token": {}}}


# --- targets ------------------------------------------------------------------------------------------


def test_a_target_gets_what_the_server_asked_and_adds_claims(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, asking())
    scene.target.answers = [answer(200, {"session": {"access_token": {"tier": "gold"}}})]
    document = asked(scene.person()["id"], access={"a": 1})
    reply = scene.ask(document)
    assert reply.json["session"] == {"access_token": {"a": 1, "tier": "gold"}, "id_token": {}}
    (call,) = scene.target.calls
    expected = deepcopy(document)
    expected["session"]["id_token"]["id_token_claims"]["ext"] = {}
    assert (call.method, call.url, call.json) == ("POST", TARGET, expected)


def test_a_target_is_told_what_its_template_makes(sqlite_table: SqliteTable):
    auth = {"type": "api_key", "config": {"name": "X-Key", "value": "theirs", "in": "header"}}
    body = jsonnet("function(ctx) {who: ctx.identity.traits.email}")
    scene = Scene(sqlite_table, asking(body=body, auth=auth, method="PUT"))
    scene.ask(asked(scene.person()["id"]))
    (call,) = scene.target.calls
    assert (call.method, call.json, call.headers["X-Key"]) == ("PUT", {"who": EMAIL}, "theirs")


@pytest.mark.parametrize("said", [answer(204), answer(200), answer(200, {}), answer(200, {"session": None})])
def test_a_target_may_leave_the_claims_as_they_are(sqlite_table: SqliteTable, said: Any):
    """Hydra takes an empty 200 for an error, and an empty object for no claims at all."""
    scene = Scene(sqlite_table, asking())
    scene.target.answers = [said]
    assert scene.ask(asked(scene.person()["id"], access={"a": 1})).status == 204


def test_a_target_may_deny(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, asking(), claims("{access_token: {never: true}}"))
    scene.target.answers = [answer(403, {"reason": "internal: risk 0.93"})]
    reply = scene.ask(asked(scene.person()["id"]))
    assert reply.status == 403
    assert "risk" not in reply.body.decode()


@pytest.mark.parametrize(
    "said", [answer(400), answer(401), answer(404), answer(500), answer(200, b"x"), answer(200, [])]
)
def test_a_target_that_answers_nonsense_lets_no_token_be_issued(sqlite_table: SqliteTable, said: Any):
    scene = Scene(sqlite_table, asking())
    scene.target.answers = [said]
    reply = scene.ask(asked(scene.person()["id"]))
    assert reply.status == 502
    assert "target.example.org" not in reply.body.decode()


@pytest.mark.parametrize(("trouble", "status"), [(WebTimeout("late"), 504), (WebUnreachable("gone"), 502)])
def test_a_target_that_does_not_answer_lets_no_token_be_issued(sqlite_table: SqliteTable, trouble: Any, status: int):
    scene = Scene(sqlite_table, asking())
    scene.target.answers = [trouble]
    assert scene.ask(asked(scene.person()["id"])).status == status


def test_a_target_whose_answer_is_ignored_is_told_afterwards(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, asking(response={"ignore": True}))
    scene.target.answers = [answer(403)]
    person = scene.person()
    assert scene.ask(asked(person["id"])).status == 204
    assert scene.target.calls == []
    scene.target.answers = [answer(204)]
    Bus(scene.world.svc).step()
    (call,) = scene.target.calls
    assert call.json["session"]["id_token"]["subject"] == person["id"]
    assert logged(scene) == [("oauth2.token", "delivered", False)]


def logged(scene: Scene) -> list[tuple[str, str, bool]]:
    """(point, status, whether the OAuth2 server waited), newest first."""
    found = scene.world.admin("GET", "/admin/actions/deliveries").json
    return [(each["point"], each["status"], each["waited_for"]) for each in found]


def test_calls_are_noted_in_the_delivery_log(sqlite_table: SqliteTable):
    cancelling = asking(id="never", body=jsonnet("function(ctx) error 'cancel'"))
    scene = Scene(sqlite_table, asking(id="risk", retry={"attempts": 1}), cancelling)
    person = scene.person()
    for said in (answer(200, {"session": {"access_token": {"a": "geheim"}}}), answer(403), answer(500)):
        scene.target.answers = [said]
        scene.ask(asked(person["id"]))
        scene.world.clock.pass_by(seconds=1)
    statuses = [status for _, status, _ in logged(scene)]
    assert sorted(statuses) == ["cancelled", "delivered", "delivered", "failed"]
    of_person = scene.world.admin("GET", f"/admin/actions/deliveries?identity={person['id']}&hook=risk").json
    assert [each["last_status"] for each in of_person] == [500, 403, 200]
    assert "geheim" not in str(scene.world.stored())


def test_a_target_that_fails_may_be_passed_over(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, asking(on_error="allow"), claims("{access_token: {a: 1}}"))
    person = scene.person()
    for trouble in (answer(500), WebTimeout("late"), WebUnreachable("gone")):
        scene.target.answers = [trouble]
        assert scene.ask(asked(person["id"])).json["session"]["access_token"] == {"a": 1}
    scene.target.answers = [answer(403)]
    assert scene.ask(asked(person["id"])).status == 403


def test_a_target_gets_the_secrets_of_its_hook(sqlite_table: SqliteTable):
    body = jsonnet("function(ctx, secrets) {key: secrets.crm}")
    secrets = {"crm": "secret://ssm/crm"}
    reads = {"secret://ssm/crm": "geheim"}.__getitem__
    scene = Scene(sqlite_table, asking(body=body, secrets=secrets), read_secret=reads)
    scene.ask(asked(scene.person()["id"]))
    assert scene.target.calls[0].json == {"key": "geheim"}


def test_a_target_whose_secret_cannot_be_read_lets_no_token_be_issued(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, asking(headers={"X-Key": "secret://ssm/crm"}), read_secret=unreadable)
    assert scene.ask(asked(scene.person()["id"])).status == 502
    assert scene.target.calls == []
