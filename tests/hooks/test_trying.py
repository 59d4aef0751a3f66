"""A hook that is tried calls its target, tells what would come of it, and leaves no trace."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from msgspec.structs import replace
from tests.hooks.web_hook.target import INTERRUPT, PARSE, REFUSAL, TEMPLATES, WHOLE, Scene, after, answer, before, hook
from tests.resources.administrator import created
from tests.world import Native, Reply, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.points import Point
from vestibule.hooks.sampling import Person, sampled
from vestibule.hooks.web_hook.context import context
from vestibule.local.bus import Bus
from vestibule.ports import WebTimeout, WebUnreachable


def jsonnet(text: str) -> str:
    return "base64://" + base64.b64encode(text.encode()).decode()


def named(**config: Any) -> dict[str, Any]:
    return after("registration", id="invite", **config)


def tried(scene: Scene, of: str = "registration", asked: str = "invite", **fields: Any) -> Reply:
    before_it = scene.world.stored()
    reply = scene.world.admin("POST", "/admin/actions/test", {"hook": asked, "of": of, **fields})
    assert scene.world.stored() == before_it, "something was written"
    return reply


# --- what comes of it -----------------------------------------------------------------------------------------


def test_the_call_is_made_and_told_of(sqlite_table: SqliteTable):
    auth = {"type": "api_key", "config": {"name": "X-Key", "value": "geheim", "in": "header"}}
    scene = Scene(sqlite_table, named(body=jsonnet("function(ctx) {mail: ctx.identity.traits.email}"), auth=auth))
    scene.target.answers = [answer(201, {"ok": True}, Server="x")]
    said = tried(scene).json
    assert (said["point"], said["outcome"]) == ("registration.post_persist", "passed")
    assert said["request"]["method"] == "POST"
    assert said["request"]["body"] == scene.target.calls[0].json == {"mail": "ann@example.org"}
    assert said["request"]["headers"]["X-Key"] == "<redacted>"
    assert said["response"]["body"] == {"ok": True}
    assert [each["status"] for each in said["attempts"]] == [201]
    assert "geheim" not in str(said)


def test_a_refusal_is_told_with_its_places(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, named(**PARSE))
    refusal: dict[str, Any] = {
        "messages": [*REFUSAL["messages"], {"messages": [{"id": 1, "text": "Closed.", "type": "info"}]}]
    }
    scene.target.answers = [answer(400, refusal)]
    said = tried(scene).json
    assert (said["point"], said["outcome"]) == ("registration.pre_persist", "refused")
    assert [(each["node"], each["text"], each["type"]) for each in said["messages"]] == [
        (None, "Closed.", "info"),
        ("traits.email", "Not you.", "error"),
    ]


def test_a_refusal_of_an_unknown_field_stands_at_a_field_of_its_own(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, named(**INTERRUPT))
    group = {"instance_ptr": "#/invite", "messages": [{"id": 7, "text": "Unknown.", "type": "error"}]}
    scene.target.answers = [answer(422, {"messages": [group]})]
    assert tried(scene).json["messages"][0]["node"] == "invite"


def test_changes_of_the_identity_are_told_as_a_difference(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, named(**PARSE))
    traits = {"email": "ann@example.org", "name": {"first": "Ann"}, "age": 18}
    scene.target.answers = [answer(200, {"identity": {"traits": traits, "metadata_admin": {"tier": 1}}})]
    said = tried(scene).json
    assert said["outcome"] == "passed"
    assert {"op": "add", "path": "/metadata_admin", "value": {"tier": 1}} in said["identity"]
    first = {"op": "replace", "path": "/traits/name/first", "value": "Ann", "from_value": "text"}
    assert first in said["identity"]


def test_changes_that_the_schema_forbids_are_told_as_messages(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, named(**PARSE))
    scene.target.answers = [answer(200, {"identity": {"traits": {"email": "ann@example.org", "age": 3}}})]
    said = tried(scene).json
    assert (said["outcome"], said["messages"][0]["node"]) == ("refused", "traits.age")


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([answer(500)], "it answered 500"),
        ([answer(400, b"no json")], "its answer is no JSON with messages"),
        ([WebTimeout("late")], "the target did not answer in time"),
        ([WebUnreachable("gone")], "the target could not be reached"),
    ],
)
def test_failures_are_told_and_not_repeated(sqlite_table: SqliteTable, answers: list[Any], why: str):
    scene = Scene(sqlite_table, named(**PARSE))
    scene.target.answers = answers
    said = tried(scene).json
    assert (said["outcome"], said["why"], len(scene.target.calls)) == ("failed", why, 1)


def test_a_cancelled_call_is_not_made(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, named(body=jsonnet("function(ctx) error 'cancel'")))
    assert tried(scene).json["outcome"] == "cancelled"
    assert scene.target.calls == []


def test_a_template_that_fails_is_told_with_its_place(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, named(body=jsonnet("function(ctx)\n  ctx.nothing")))
    said = tried(scene).json
    assert (said["outcome"], "line 2" in said["why"]) == ("unusable", True)
    assert scene.target.calls == []


def test_an_ignored_answer_is_told_all_the_same(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, named(response={"ignore": True}))
    scene.target.answers = [answer(404)]
    said = tried(scene).json
    assert (said["outcome"], said["response"]["status"]) == ("told", 404)


# --- whom it is about -----------------------------------------------------------------------------------------


def test_it_can_be_about_somebody_who_exists(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("login", id="crm"))
    person = created(scene.world, "bob@example.org")
    body = tried(scene, "login.password", "crm", identity_id=person["id"]).json["request"]["body"]
    assert body["identity"]["id"] == body["session"]["identity"]["id"] == person["id"]


def test_it_can_be_about_given_traits_payload_and_request(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, named())
    given: dict[str, Any] = {"traits": {"email": "eve@example.org"}, "transient_payload": {"code": "x"}}
    said = tried(scene, **given, headers={"True-Client-Ip": "x"}, client_ip="203.0.113.9").json
    body = said["request"]["body"]
    assert body["identity"]["traits"] == given["traits"]
    assert body["flow"]["transient_payload"] == {"code": "x"}
    assert body["request_headers"]["True-Client-Ip"] == ["203.0.113.9"]


@pytest.mark.parametrize("point", Point)
def test_every_point_has_a_moment_to_try(sqlite_table: SqliteTable, point: Point):
    """With what contract 02 §4.2 says that hooks are told there."""
    scene = Scene(sqlite_table)
    ctx = context(sampled(point, "", Person(), scene.world.svc), scene.world.svc)
    kind = point.value.split(".")[0]
    assert ("identity" in ctx) is not point.value.endswith(".before")
    assert ("session" in ctx) is (point is Point.LOGIN_AFTER or kind == "settings")
    assert ctx["flow"]["type"] == "api"
    assert scene.world.stored() == {}


@pytest.mark.parametrize("flow", ["login", "registration", "recovery", "verification", "settings"])
def test_before_hooks_can_be_tried(sqlite_table: SqliteTable, flow: str):
    scene = Scene(sqlite_table, before(flow, id="gate", **PARSE))
    scene.target.answers = [answer(403, REFUSAL)]
    said = tried(scene, flow, "gate").json
    assert (said["point"], said["outcome"]) == (f"{flow}.before", "refused")


# --- which hook -----------------------------------------------------------------------------------------


def test_a_hook_is_named_by_id_or_place(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, named())
    place = "/selfservice/flows/registration/after/password/hooks/0"
    for asked, of in (("invite", "registration"), ("invite", "registration.password"), (place, "registration")):
        assert tried(scene, of, asked).json["hook"]["at"] == place


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"hook": "other", "of": "registration"}, "there are invite (/selfservice"),
        ({"hook": "invite", "of": "login"}, "there are none"),
        ({"hook": "invite", "of": "logout"}, "there is no 'logout'"),
        ({"hook": "twice", "of": "settings"}, "more than one 'twice'"),
        ({"hook": "invite"}, "`of`"),
        ({"hook": 1, "of": "login"}, "`str`"),
        ({"hook": "invite", "of": "registration", "identity_id": "nobody"}, "names nobody"),
        ({"hook": "invite", "of": "registration", "flow": "x"}, "`flow`"),
    ],
)
def test_what_is_no_hook_is_refused(sqlite_table: SqliteTable, fields: dict[str, Any], sentence: str):
    twice = {"settings": {"after": {"hooks": [hook(id="twice")], "password": {"hooks": [hook(id="twice")]}}}}
    scene = Scene(sqlite_table, named(), twice)
    reply = scene.world.admin("POST", "/admin/actions/test", fields)
    assert reply.status == 400
    assert sentence in reply.json["error"]["reason"]
    assert scene.target.calls == []


def test_templates_that_send_everything_are_shown(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, named(body=WHOLE))
    assert set(tried(scene).json["request"]["body"]) >= {"flow", "identity", "request_headers"}


def test_lint_is_told_over_the_admin_api(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table)
    reply = scene.world.admin("GET", "/admin/actions/lint")
    assert (reply.status, reply.json) == (200, {"findings": []})


def test_secrets_are_sent_and_not_shown(sqlite_table: SqliteTable):
    body = jsonnet("function(ctx, secrets) {key: 'Bearer ' + secrets.crm}")
    url = "https://target.example.org/${secret://ssm/crm}/in"
    changes = named(body=body, url=url, secrets={"crm": "secret://ssm/crm"}, headers={"X-Key": "secret://ssm/crm"})
    scene = Scene(sqlite_table, changes)
    scene.world.svc = replace(scene.world.svc, read_secret=lambda _: "geheim")
    scene.target.answers = [answer(200, {"you_sent": "geheim"})]
    said = tried(scene)
    (call,) = scene.target.calls
    assert (call.url, call.json, call.headers["X-Key"]) == (
        "https://target.example.org/geheim/in",
        {"key": "Bearer geheim"},
        "geheim",
    )
    assert b"geheim" not in said.body
    assert said.json["request"]["body"] == {"key": "Bearer <redacted>"}


def test_what_a_delivery_told_can_be_told_once_more(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, named(response={"ignore": True}))
    scene.target.answers = [answer(410)]
    Native(scene.world).sign_up("bob@example.org", transient_payload={"from": "a leaflet"})
    Bus(scene.world.svc).step()
    (first,) = scene.target.calls
    (delivery,) = scene.world.admin("GET", "/admin/actions/deliveries").json
    assert delivery["status"] == "dead"
    scene.target.answers = [answer(204)]
    said = tried(scene, event_id=delivery["id"]).json
    assert (said["outcome"], said["request"]["body"]["identity"]["traits"]["email"]) == ("told", "bob@example.org")
    assert said["request"]["body"]["flow"]["transient_payload"] == {"from": "a leaflet"}
    assert scene.target.calls[1].json["identity"] == first.json["identity"]


def test_what_a_delivery_told_that_a_step_waited_for_can_be_told_once_more_too(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, named())
    Native(scene.world).sign_up("bob@example.org")
    (delivery,) = scene.world.admin("GET", "/admin/actions/deliveries").json
    said = tried(scene, event_id=delivery["id"]).json
    assert (said["outcome"], said["request"]["body"]["identity"]["traits"]["email"]) == ("passed", "bob@example.org")


def test_what_is_no_delivery_is_told_so(sqlite_table: SqliteTable):
    refused = tried(Scene(sqlite_table, named()), event_id="evt_none")
    assert (refused.status, "event_id names no delivery" in refused.json["error"]["reason"]) == (400, True)


# --- token actions -----------------------------------------------------------------------------------------


def with_tokens(table: SqliteTable, *hooks: dict[str, Any]) -> Scene:
    scene = Scene(table)
    token = {"vestibule": {"oauth2": {"token": {"hooks": list(hooks)}}}}
    services = {"web": scene.target, "pace": scene.pace, "templates": TEMPLATES}
    scene.world = World.build(table, token, **services)
    return scene


def test_claims_are_tried_for_somebody(sqlite_table: SqliteTable):
    body = jsonnet("function(ctx) {id_token: {mail: ctx.identity.traits.email}}")
    scene = with_tokens(sqlite_table, {"hook": "claims", "config": {"id": "mail", "body": body}})
    person = created(scene.world, "bob@example.org")
    said = tried(scene, "oauth2.token", "mail", identity_id=person["id"]).json
    assert (said["outcome"], said["claims"]) == (
        "passed",
        {"access_token": {}, "id_token": {"mail": "bob@example.org"}},
    )
    said = tried(scene, "oauth2.token", "/vestibule/oauth2/token/hooks/0").json
    assert said["claims"]["id_token"] == {"mail": "ann@example.org"}


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (answer(204), "passed"),
        (answer(403), "refused"),
        (answer(500), "failed"),
        (answer(200, {"session": {"id_token": 1}}), "failed"),
        (WebTimeout("late"), "failed"),
        (WebUnreachable("gone"), "failed"),
    ],
)
def test_targets_of_tokens_are_tried_once(sqlite_table: SqliteTable, said: Any, outcome: str):
    risk = {"id": "risk", "url": "https://target.example.org/"}
    scene = with_tokens(sqlite_table, {"hook": "web_hook", "config": risk})
    scene.target.answers = [said]
    document = tried(scene, "oauth2.token", "risk").json
    assert (document["outcome"], len(scene.target.calls)) == (outcome, 1)
    assert document["request"]["body"]["request"]["client_id"] == "try"


def test_what_is_no_token_action_is_refused(sqlite_table: SqliteTable):
    reply = tried(with_tokens(sqlite_table), "oauth2.token", "risk")
    assert (reply.status, "there are none" in reply.json["error"]["reason"]) == (400, True)
