"""What real clients read in our answers, point by point. Contract 08.

Models that take no wrong field read them in the tests of the Python SDK.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from tests import codes, recovery
from tests.sdk.needs import APP, EMAIL, NO_SUCH_FLOW, STARTS, WITH_FLAG, build, nodes_of, signed_up
from tests.settings import enrol_codes, enrol_totp, step_up
from tests.world import CLIENTS, PASSWORD, PUBLIC, Browser, Client, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table)


@pytest.fixture
def build_with(sqlite_table: SqliteTable) -> Callable[..., World]:
    return lambda *changes: build(sqlite_table, *changes)


@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_times_are_utc_and_ids_are_what_the_reference_ui_takes(world: World, client: Client) -> None:
    flow = client.start("login").document
    for name in ("issued_at", "expires_at", "created_at", "updated_at"):
        assert flow[name].endswith("Z")
        assert datetime.fromisoformat(flow[name])
    assert flow["id"] == str(UUID(flow["id"]))
    assert UUID(flow["id"]).version in range(1, 6)


def test_tokens_say_what_they_are(world: World) -> None:
    app, ann = signed_up(Native(world)), Spa(world)
    assert (app.token or "").startswith("ory_st_")
    ann.sign_in(EMAIL)
    told = ann.get("/self-service/logout/browser").json
    assert told["logout_token"].startswith("ory_lo_")
    assert told["logout_url"].endswith(told["logout_token"])


@pytest.mark.parametrize("client", CLIENTS, indirect=True)
@pytest.mark.parametrize("kind", [*STARTS, "settings"])
def test_nodes_always_have_what_models_require(world: World, client: Client, kind: str) -> None:
    flow = (signed_up(client) if kind == "settings" else client).start(kind)
    for node in nodes_of(flow):
        assert {"type", "group", "attributes", "messages", "meta"} == set(node)
        assert node["attributes"]["node_type"] == node["type"]
        assert isinstance(node["messages"], list)
        assert node["type"] != "input" or isinstance(node["attributes"]["disabled"], bool)
    assert bool(flow.csrf) is (client.kind != "native")
    assert "csrf_token" in flow.nodes or (kind, client.kind) == ("verification", "native")  # as recorded
    assert kind != "settings" or flow.document["organization_id"] is None


def test_who_is_not_signed_in_is_told_so_without_an_id(world: World) -> None:
    reply = Spa(world).whoami()
    assert (reply.status, reply.error_id, "id" in reply.json["error"]) == (401, None, False)


def test_a_lacking_second_factor_is_told_with_the_way_to_it(world: World) -> None:
    ann, again = signed_up(Native(world)), Spa(world)
    enrol_totp(ann)
    again.sign_in(EMAIL)
    reply = again.whoami()
    assert (reply.status, reply.error_id) == (403, "session_aal2_required")
    assert reply.json["redirect_browser_to"] == f"{PUBLIC}/self-service/login/browser?aal=aal2"


def test_a_forged_form_is_refused_as_json_and_as_a_page(world: World) -> None:
    for kind, status in ((Spa, 403), (Browser, 303)):
        ann = kind(world)
        flow = ann.start("login")
        reply = ann.submit(flow, csrf_token="forged", method="password", identifier=EMAIL, password=PASSWORD)
        assert reply.status == status
    assert reply.location.startswith(f"{APP}/error?id=")
    stranger = Spa(world)
    reply = stranger.fetch("login", flow.id)
    assert (reply.status, reply.error_id) == (403, "security_csrf_violation")


def test_somebody_who_exists_cannot_be_made_again(world: World) -> None:
    world.identity(EMAIL)
    body = {"schema_id": "person", "traits": {"email": EMAIL}}
    assert world.admin("POST", "/admin/identities", body).status == 409


def test_flows_that_are_old_unknown_or_of_others_say_so(world: World) -> None:
    ann = Spa(world)
    for kind in STARTS:
        assert ann.fetch(kind, NO_SUCH_FLOW).status == 404
    flows = {kind: ann.start(kind).id for kind in STARTS}
    assert Spa(world).fetch("recovery", flows["recovery"]).status == 403
    world.clock.pass_by(hours=2)
    assert {kind: ann.fetch(kind, flow).status for kind, flow in flows.items()} == dict.fromkeys(STARTS, 410)


def test_somebody_who_was_shut_out_is_told_at_the_form(world: World) -> None:
    person = world.identity(EMAIL)
    world.admin("PATCH", f"/admin/identities/{person.id}", [{"op": "replace", "path": "/state", "value": "inactive"}])
    reply = Spa(world).sign_in(EMAIL)
    assert (reply.status, reply.flow.message_ids) == (400, [4010011])


def test_sessions_that_ended_before_are_counted_once_more(world: World) -> None:
    ann, one, other = signed_up(Native(world)), Native(world), Native(world)
    ended = one.sign_in(EMAIL).json["session"]["id"]
    other.sign_in(EMAIL)
    assert ann.send("DELETE", f"/sessions/{ended}").status == 204
    assert ann.send("DELETE", "/sessions").json == {"count": 2}


@pytest.mark.parametrize("flag", [True, False])
def test_apps_get_back_in_with_a_token_or_are_sent_to_a_browser(build_with: Callable[..., World], flag: bool) -> None:
    world = build_with(WITH_FLAG) if flag else build_with()
    world.identity(EMAIL)
    app = Native(world)
    flow = app.start("recovery")
    app.submit(flow, method="code", email=EMAIL)
    reply = app.submit(flow, method="code", code=recovery.last_code(world, EMAIL))
    if not flag:
        assert (reply.status, reply.error_id) == (422, "browser_location_change_required")
        return
    actions = [each["action"] for each in reply.json["continue_with"]]
    assert (reply.status, actions) == (200, ["set_ory_session_token", "show_settings_ui"])


@pytest.mark.parametrize("kind", [Spa, Native])
def test_a_mailed_code_is_a_400_with_the_flow(build_with: Callable[..., World], kind: type[Client]) -> None:
    client = kind(build_with(codes.PASSWORDLESS))
    sent = client.submit(client.start("registration"), method="code", traits={"email": EMAIL})
    assert (sent.status, sent.json["state"], sent.flow.message_ids) == (400, "sent_email", [1040005])
    client.world.identity(EMAIL)
    sent = client.submit(client.start("login"), method="code", identifier=EMAIL)
    assert (sent.status, sent.json["state"], sent.flow.message_ids) == (400, "sent_email", [1010014])


def test_a_verified_address_leads_on_by_get(world: World) -> None:
    world.identity(EMAIL)
    ann = Spa(world)
    flow = ann.start("verification", return_to=f"{APP}/inside")
    assert ann.submit(flow, method="code", email=EMAIL).flow.message_ids == [1080003]
    assert ann.submit(flow, method="code", code="000000").flow.message_ids == [4070006]
    done = ann.submit(flow, method="code", code=recovery.last_code(world, EMAIL)).flow
    assert (done.document["state"], done.message_ids) == ("passed_challenge", [1080002])
    assert (done.document["ui"]["action"], done.document["ui"]["method"]) == (f"{APP}/inside", "GET")


def test_saved_settings_keep_their_id_and_name_the_next_form(world: World) -> None:
    ann = signed_up(Spa(world))
    flow = ann.start("settings")
    saved = ann.submit(flow, method="profile", traits={"email": EMAIL, "name": {"first": "Ann"}}).flow
    assert (saved.id, saved.document["state"], saved.message_ids) == (flow.id, "success", [1050001])
    assert urlsplit(saved.document["ui"]["action"]).query != f"flow={flow.id}"


def test_ones_own_list_of_sessions_says_nothing_of_schemas(world: World) -> None:
    ann = signed_up(Native(world))
    Native(world).sign_in(EMAIL)
    assert [each["identity"]["schema_url"] for each in ann.get("/sessions").json] == [""]


def test_lists_of_the_admin_api_are_walked_by_relative_links(world: World) -> None:
    for name in ("ann", "bea", "cas"):
        world.identity(f"{name}@example.org")
    link = world.admin("GET", "/admin/identities?page_size=2").headers["link"]
    found = {rel: address for address, rel in re.findall(r'<([^>]+)>; rel="(\w+)"', link)}
    assert set(found) == {"first", "next"}
    assert all(address.startswith("/") for address in found.values())
    assert len(world.admin("GET", found["next"]).json) == 1


def test_a_taken_address_is_told_at_sign_up(world: World) -> None:
    world.identity(EMAIL)
    reply = Spa(world).sign_up(EMAIL)
    assert (reply.status, reply.flow.message_ids) == (400, [4000007])


def test_with_codes_to_sign_in_a_refresh_asks_who_too(build_with: Callable[..., World]) -> None:
    ann = signed_up(Spa(build_with(codes.PASSWORDLESS)))
    flow = ann.start("login", refresh="true")
    assert flow.message_ids == [1010003]
    shown = [node["attributes"] for node in nodes_of(flow) if node["attributes"].get("name") == "identifier"]
    assert any(each["type"] != "hidden" and not each.get("value") for each in shown)


def test_what_is_wrong_with_a_sign_up_is_told_by_number(world: World) -> None:
    ann = Spa(world)
    reply = ann.sign_up(EMAIL, password="short")
    assert reply.flow.messages_at("password") == [4000032]
    assert ann.sign_up("no address").flow.messages_at("traits.email") == [4000040]


def test_what_is_wrong_with_a_second_factor_is_told_by_number(world: World) -> None:
    ann = signed_up(Native(world))
    made = enrol_codes(ann)
    for code, told in (("no-such-1", [4000016]), (made[0], None), (made[0], [4000012])):
        again = Native(world)
        again.sign_in(EMAIL)
        reply = step_up(again, method="lookup_secret", lookup_secret=code)
        assert (reply.flow.message_ids if reply.status == 400 else None) == told
    flow = ann.start("settings")
    assert ann.submit(flow, method="totp", totp_code="000000").flow.messages_at("totp_code") == [4000008]


def test_codes_that_are_wrong_or_sent_are_told_by_number(build_with: Callable[..., World]) -> None:
    world = build_with(codes.PASSWORDLESS)
    world.identity(EMAIL)
    ann = Spa(world)
    flow = codes.send(ann, EMAIL)
    assert codes.enter(ann, flow, EMAIL, codes.another(codes.last_code(world, EMAIL))).flow.message_ids == [4010008]
    flow = ann.start("recovery")
    assert ann.submit(flow, method="code", email=EMAIL).flow.message_ids == [1060003]
    assert ann.submit(flow, method="code", code="000000").flow.message_ids == [4060006]
    ann.submit(flow, method="code", code=recovery.last_code(world, EMAIL))
    settings = ann.get("/self-service/settings/browser").flow
    assert ann.fetch("settings", settings.id).status == 200


def test_an_address_without_proof_makes_the_ui_ask_for_it(build_with: Callable[..., World]) -> None:
    legacy = {"feature_flags": {"legacy_require_verified_login_error": True}}
    hooks = {"selfservice": {"flows": {"login": {"after": {"hooks": [{"hook": "require_verified_address"}]}}}}}
    world = build_with(legacy, hooks)
    world.identity(EMAIL)
    reply = Spa(world).sign_in(EMAIL)
    assert (reply.status, reply.flow.message_ids) == (400, [4000010])
