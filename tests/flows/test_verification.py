"""Proving an address by code, for the three clients. Contract 01 §7."""

from __future__ import annotations

from typing import Any

import pytest
from tests.codes import another, letters
from tests.verification import (
    BY_LINK,
    DONE,
    PAGE,
    PHONE,
    WORK,
    ask,
    build,
    code_to,
    create,
    enter,
    link_to,
    replacement,
    shown,
    statuses,
)
from tests.world import CLIENTS, PUBLIC, Browser, Client, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ui import messages

EMAIL = "alice@example.org"
PENDING, SENT, COMPLETED = ("pending", False), ("sent", False), ("completed", True)


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table)


def names(flow: Any) -> list[str]:
    return [node["attributes"].get("name") or node["attributes"]["id"] for node in flow.document["ui"]["nodes"]]


# --- the way it is meant to go --------------------------------------------------------------------------


def test_a_right_code_verifies_the_address(client: Client, world: World) -> None:
    alice = create(world, EMAIL)
    assert statuses(world, alice) == {EMAIL: PENDING}
    flow = ask(client, EMAIL)
    assert (flow.document["state"], flow.message_ids) == ("sent_email", [messages.VERIFICATION_EMAIL_WITH_CODE_SENT.id])
    assert statuses(world, alice) == {EMAIL: SENT}
    done = shown(client, enter(client, flow, code_to(world, EMAIL)))
    assert (done.document["state"], done.message_ids) == ("passed_challenge", [messages.VERIFICATION_SUCCESSFUL.id])
    assert (done.document["ui"]["action"], done.document["ui"]["method"]) == (DONE, "GET")
    assert statuses(world, alice) == {EMAIL: COMPLETED}


@pytest.mark.parametrize(
    ("kind", "chosen", "sent"),
    [
        (Native, ["email", "method"], ["method", "code", "method", "email"]),
        (Spa, ["email", "method", "csrf_token"], ["method", "code", "method", "csrf_token", "email"]),
    ],
)
def test_nodes_stand_as_recorded(kind: type[Client], chosen: list[str], sent: list[str], world: World) -> None:
    create(world, EMAIL)
    client = kind(world)
    flow = client.start("verification")
    assert names(flow) == chosen
    assert names(ask(client, EMAIL, flow)) == sent


def test_a_flow_goes_on_where_it_was_started_for(client: Client, world: World) -> None:
    create(world, EMAIL)
    inside = "https://app.example.org/inside/start"
    flow = ask(client, EMAIL, client.start("verification", return_to=inside))
    done = shown(client, enter(client, flow, code_to(world, EMAIL)))
    assert done.document["ui"]["action"] == inside


def test_a_return_to_that_is_not_allowed_is_refused_as_json_for_browsers_too(world: World) -> None:
    for kind in CLIENTS:
        start = "api" if kind is Native else "browser"
        reply = kind(world).get(f"/self-service/verification/{start}?return_to=https://evil.example.com/")
        assert (reply.status, reply.error_id) == (400, "self_service_flow_return_to_forbidden")


def test_the_address_is_found_however_it_is_written(world: World) -> None:
    create(world, EMAIL)
    ask(Native(world), " ALICE@Example.ORG ")
    assert len(letters(world, EMAIL)) == 1


def test_only_the_address_that_got_the_mail_is_verified(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, work=WORK)
    alice = create(world, EMAIL, work="alice@work.example")
    client = Native(world)
    enter(client, ask(client, "alice@work.example"), code_to(world, "alice@work.example"))
    assert statuses(world, alice) == {EMAIL: PENDING, "alice@work.example": COMPLETED}


def test_a_phone_number_is_verified_by_text_message(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, phone=PHONE)
    alice = create(world, EMAIL, phone="+49 30 901820")
    client = Native(world)
    flow = ask(client, "+49 30 90 18 20")
    assert flow.message_ids == [messages.VERIFICATION_PHONE_WITH_CODE_SENT.id]
    (message,) = world.svc.messages.page(limit=10, recipient="+4930901820")
    assert (message.via, message.template_type) == ("sms", "verification_code_valid")
    assert "verification_url" not in message.data
    done = shown(client, enter(client, flow, message.data["verification_code"]))
    assert done.message_ids == [messages.VERIFICATION_PHONE_SUCCESSFUL.id]
    assert statuses(world, alice)["+4930901820"] == COMPLETED


def test_an_app_that_accepts_no_json_is_sent_to_the_page(world: World) -> None:
    client = Native(world)
    flow = client.start("verification")
    client.accept = "*/*"
    reply = client.submit(flow, method="code", email=EMAIL)
    assert (reply.status, reply.location) == (303, f"{PAGE}?flow={flow.id}")


# --- codes ----------------------------------------------------------------------------------------------


def test_a_wrong_code_asks_again(client: Client, world: World) -> None:
    alice = create(world, EMAIL)
    flow = ask(client, EMAIL)
    again = shown(client, enter(client, flow, another(code_to(world, EMAIL))))
    assert again.id == flow.id
    assert again.message_ids == [messages.VERIFICATION_CODE_INVALID_OR_ALREADY_USED.id]
    assert statuses(world, alice) == {EMAIL: SENT}


def test_a_code_works_once(client: Client, world: World) -> None:
    create(world, EMAIL)
    flow = ask(client, EMAIL)
    code = code_to(world, EMAIL)
    shown(client, enter(client, flow, code))
    late = replacement(client, enter(client, flow, code))
    assert (late.document["state"], late.message_ids) == ("choose_method", [messages.VERIFICATION_RETRY_SUCCESS.id])


def test_after_five_wrong_codes_the_right_one_is_refused_too(client: Client, world: World) -> None:
    alice = create(world, EMAIL)
    flow = ask(client, EMAIL)
    code = code_to(world, EMAIL)
    for _ in range(5):
        shown(client, enter(client, flow, another(code)))
    again = replacement(client, enter(client, flow, code))
    assert again.message_ids == [messages.GENERIC.id]
    assert statuses(world, alice) == {EMAIL: SENT}


def test_a_new_code_makes_the_earlier_one_void_and_gives_no_attempts_back(client: Client, world: World) -> None:
    alice = create(world, EMAIL)
    flow = ask(client, EMAIL)
    first = code_to(world, EMAIL)
    for _ in range(4):
        shown(client, enter(client, flow, another(first)))
    ask(client, EMAIL, flow)
    assert shown(client, enter(client, flow, first)).message_ids == [
        messages.VERIFICATION_CODE_INVALID_OR_ALREADY_USED.id
    ]
    replacement(client, enter(client, flow, code_to(world, EMAIL)))
    assert statuses(world, alice) == {EMAIL: SENT}


def test_guesses_at_an_address_are_counted_over_all_flows(world: World) -> None:
    create(world, EMAIL)
    client = Native(world)
    flows = [ask(client, EMAIL) for _ in range(3)]
    answers = [enter(client, flow, "000000x").status for flow in flows for _ in range(5)]
    assert answers == [200] * 10 + [429] * 5


@pytest.mark.parametrize(("seconds", "status"), [(599, COMPLETED), (601, SENT)])
def test_a_code_ends_with_its_lifespan(
    seconds: int, status: tuple[str, bool], client: Client, sqlite_table: SqliteTable
) -> None:
    world = build(sqlite_table, {"selfservice": {"methods": {"code": {"config": {"lifespan": "10m"}}}}})
    client = type(client)(world)
    alice = create(world, EMAIL)
    flow = ask(client, EMAIL)
    world.clock.pass_by(seconds=seconds)
    shown(client, enter(client, flow, code_to(world, EMAIL)))
    assert statuses(world, alice) == {EMAIL: status}


def test_a_code_of_another_flow_is_a_wrong_one(world: World) -> None:
    alice = create(world, EMAIL)
    client = Native(world)
    ask(client, EMAIL)
    code = code_to(world, EMAIL)
    other = ask(client, EMAIL)
    assert shown(client, enter(client, other, code)).document["state"] == "sent_email"
    assert statuses(world, alice) == {EMAIL: SENT}


def test_a_code_goes_with_the_address_that_it_was_sent_to(world: World) -> None:
    alice, bobby = create(world, EMAIL), create(world, "bobby@example.org")
    client = Native(world)
    flow = ask(client, EMAIL)
    code = code_to(world, EMAIL)
    ask(client, "bobby@example.org", flow)
    assert shown(client, enter(client, flow, code)).document["state"] == "sent_email"
    assert (statuses(world, alice)[EMAIL], statuses(world, bobby)["bobby@example.org"]) == (SENT, SENT)


def test_a_code_for_an_address_that_its_owner_gave_up_is_a_wrong_one(world: World) -> None:
    alice = create(world, EMAIL)
    client = Native(world)
    flow = ask(client, EMAIL)
    world.admin("PUT", f"/identities/{alice}", {"schema_id": "person", "traits": {"email": "new@example.org"}})
    assert shown(client, enter(client, flow, code_to(world, EMAIL))).document["state"] == "sent_email"
    assert statuses(world, alice) == {"new@example.org": PENDING}


@pytest.mark.parametrize("spaced", ["{0}{1} ", " {0}{1}", "{0} {1}"])
def test_space_around_and_in_a_code_does_not_matter(spaced: str, world: World) -> None:
    alice = create(world, EMAIL)
    client = Native(world)
    flow = ask(client, EMAIL)
    code = code_to(world, EMAIL)
    enter(client, flow, spaced.format(code[:3], code[3:]))
    assert statuses(world, alice) == {EMAIL: COMPLETED}


@pytest.mark.parametrize(
    "code", ["\uff11\uff12\uff13\uff14\uff15\uff16", "123-456", ["123456"], [], {}, True, 1e5, "0" * 10_000]
)
def test_nothing_but_the_digits_passes_and_nothing_breaks(code: Any, world: World) -> None:
    alice = create(world, EMAIL)
    client = Native(world)
    assert enter(client, ask(client, EMAIL), code).status in (200, 400)
    assert statuses(world, alice) == {EMAIL: SENT}


def test_no_code_lies_in_the_store_as_it_was_sent(world: World) -> None:
    create(world, EMAIL)
    ask(Native(world), EMAIL)
    code = code_to(world, EMAIL)
    Browser(world).get(link_to(world, EMAIL))
    assert code not in "".join(str(item.get("doc", "")) for item in world.stored().values())


# --- whose form it is -----------------------------------------------------------------------------------


def test_sending_needs_the_token_of_the_form(world: World) -> None:
    create(world, EMAIL)
    spa = Spa(world)
    flow = spa.start("verification")
    reply = spa.submit(flow, csrf_token="wrong", method="code", email=EMAIL)
    assert (reply.status, reply.error_id) == (403, "security_csrf_violation")
    assert letters(world, EMAIL) == []


def test_another_browser_neither_sees_the_flow_nor_sends_from_it(world: World) -> None:
    flow = Spa(world).start("verification")
    other = Spa(world)
    assert other.fetch("verification", flow.id).status == 403
    assert other.submit(flow, method="code", email=EMAIL).status == 403
    assert other.submit(flow, method="link", email=EMAIL).status == 403


# --- refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Spa, Native])
def test_a_missing_address_is_told_at_its_field(kind: type[Client], world: World) -> None:
    client = kind(world)
    reply = client.submit(client.start("verification"), method="code", email="")
    assert reply.status == 400
    assert reply.flow.messages_at("email") == [messages.REQUIRED.id]


def test_a_form_for_no_method_goes_nowhere_ever_after(world: World) -> None:
    create(world, EMAIL)
    client = Native(world)
    flow = client.start("verification")
    reply = client.submit(flow, email=EMAIL)
    assert (reply.status, reply.flow.message_ids) == (400, [messages.VERIFICATION_NO_STRATEGY_FOUND.id])
    reply = client.submit(flow, method="code", email=EMAIL)
    assert reply.flow.message_ids == [messages.VERIFICATION_NO_STRATEGY_FOUND.id] * 2
    assert letters(world, EMAIL) == []


def test_an_unknown_method_is_told_at_the_button(world: World) -> None:
    client = Native(world)
    reply = client.submit(client.start("verification"), method="password", email=EMAIL)
    assert (reply.status, reply.flow.messages_at("method")) == (400, [messages.GENERIC.id])


def test_an_endless_address_is_refused(world: World) -> None:
    client = Native(world)
    reply = client.submit(client.start("verification"), method="code", email="x" * 5000)
    assert (reply.status, reply.flow.messages_at("email")) == (400, [messages.EMAIL.id])


def test_without_verification_nothing_starts(sqlite_table: SqliteTable) -> None:
    world = World.build(sqlite_table)
    reply = Native(world).get("/self-service/verification/api")
    assert (reply.status, reply.error_id) == (400, None)
    assert Browser(world).get("/self-service/verification/browser").location.startswith("https://app.example.org/error")
    assert Native(world).get(f"/self-service/verification/flows?id={EMAIL}").status == 400


def test_an_unknown_flow_is_not_found(world: World) -> None:
    url = "/self-service/verification?flow=4f6d0e0c-7c1c-4a5c-9f0e-2f1f3c5b7a90"
    reply = Native(world).send("POST", url, b'{"method":"code"}', Content_Type="application/json")
    assert (reply.status, "reason" in reply.json["error"]) == (404, True)


# --- expiry ---------------------------------------------------------------------------------------------


def test_an_expired_flow_is_gone_without_an_id(client: Client, world: World) -> None:
    flow = client.start("verification")
    world.clock.pass_by(hours=2)
    reply = client.fetch("verification", flow.id)
    assert (reply.status, reply.error_id) == (410, None)


def test_a_form_that_expired_leads_to_a_new_one(client: Client, world: World) -> None:
    flow = client.start("verification")
    world.clock.pass_by(hours=2)
    reply = client.submit(flow, method="code", email=EMAIL)
    assert reply.status == 303
    place = f"{PAGE}?flow=" if client.kind == "browser" else f"{PUBLIC}/self-service/verification/flows?id="
    assert reply.location.startswith(place)
    browser = Browser(world)
    browser.cookies = client.cookies
    again = browser.fetch("verification", reply.location.rpartition("=")[2]).flow
    assert (again.document["type"], again.message_ids) == ("browser", [messages.VERIFICATION_FLOW_EXPIRED.id])


# --- opened links ---------------------------------------------------------------------------------------


def test_opening_the_link_of_a_code_fills_it_in_and_verifies_nothing(world: World) -> None:
    alice = create(world, EMAIL)
    flow = ask(Native(world), EMAIL)
    code, browser = code_to(world, EMAIL), Browser(world)
    reply = browser.get(link_to(world, EMAIL))
    assert (reply.status, reply.location) == (303, f"{PAGE}?flow={flow.id}")
    assert statuses(world, alice) == {EMAIL: SENT}
    filled = browser.fetch("verification", flow.id).flow
    assert filled.nodes["code"]["attributes"]["value"] == code
    shown(browser, enter(browser, filled, filled.nodes["code"]["attributes"]["value"]))
    assert statuses(world, alice) == {EMAIL: COMPLETED}


def test_whoever_opened_the_link_of_an_app_may_ask_for_another_code(world: World) -> None:
    create(world, EMAIL)
    flow = ask(Native(world), EMAIL)
    browser = Browser(world)
    browser.get(link_to(world, EMAIL))
    filled = browser.fetch("verification", flow.id).flow
    assert browser.submit(filled, method="code", email=EMAIL, csrf_token="wrong").location.startswith(
        "https://app.example.org/error"
    )
    shown(browser, browser.submit(filled, method="code", email=EMAIL))
    assert len(letters(world, EMAIL)) == 2


def test_an_opened_link_verifies_where_the_page_is_not_ours(client: Client, sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, BY_LINK)
    client = type(client)(world)
    alice = create(world, EMAIL)
    flow = ask(client, EMAIL)
    assert flow.message_ids == [messages.VERIFICATION_EMAIL_SENT.id]
    done = shown(client, client.get(link_to(world, EMAIL)))
    assert (done.document["state"], done.message_ids) == ("passed_challenge", [messages.VERIFICATION_SUCCESSFUL.id])
    assert statuses(world, alice) == {EMAIL: COMPLETED}


def test_on_our_own_page_an_opened_link_asks_for_one_press(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, BY_LINK, {"selfservice": {"flows": {"verification": {"ui_url": None}}}})
    alice = create(world, EMAIL)
    flow = ask(Native(world), EMAIL)
    scanner, browser = Browser(world), Browser(world)
    scanner.get(link_to(world, EMAIL))
    assert browser.get(link_to(world, EMAIL)).location == f"{PUBLIC}/ui/verification?flow={flow.id}"
    assert statuses(world, alice) == {EMAIL: SENT}
    form = browser.fetch("verification", flow.id).flow
    assert names(form) == ["csrf_token", "token", "method"]
    shown(browser, browser.submit(form, method="link", token=form.nodes["token"]["attributes"]["value"]))
    assert statuses(world, alice) == {EMAIL: COMPLETED}


@pytest.mark.parametrize("how", [{}, BY_LINK])
def test_our_own_page_shows_every_step(how: dict[str, Any], sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, how, {"selfservice": {"flows": {"verification": {"ui_url": None}}}})
    create(world, EMAIL)
    browser = Browser(world)
    browser.get(browser.get("/ui/verification").location)
    flow = ask(browser, EMAIL)
    opened = browser.get(link_to(world, EMAIL))
    flow = browser.fetch("verification", flow.id).flow
    secret = "token" if how else "code"
    value = flow.nodes[secret]["attributes"]["value"]
    page = browser.get(opened.location)
    assert (page.status, f'value="{value}"' in page.body.decode()) == (200, True)
    done = browser.submit(flow, method="link" if how else "code", **{secret: value})
    assert DONE in browser.get(done.location).body.decode()


@pytest.mark.parametrize(("verb", "headers"), [("HEAD", {}), ("GET", {"Sec_Purpose": "prefetch"})])
def test_a_look_ahead_verifies_nothing(verb: str, headers: dict[str, str], sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, BY_LINK)
    alice = create(world, EMAIL)
    ask(Native(world), EMAIL)
    Browser(world).send(verb, link_to(world, EMAIL), **headers)
    assert statuses(world, alice) == {EMAIL: SENT}


def test_a_link_works_once_and_the_one_sent_before_it_still_does(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, BY_LINK)
    create(world, EMAIL)
    app, browser = Native(world), Browser(world)
    flow = ask(app, EMAIL)
    first = link_to(world, EMAIL)
    ask(app, EMAIL, flow)
    second = link_to(world, EMAIL)
    for link in (second, first):
        assert browser.get(link).location == f"{PAGE}?flow={flow.id}"
    again = replacement(browser, browser.get(second))
    assert again.message_ids == [messages.VERIFICATION_TOKEN_INVALID_OR_ALREADY_USED.id]


def test_a_link_that_expired_says_so(sqlite_table: SqliteTable) -> None:
    world = build(sqlite_table, BY_LINK, {"selfservice": {"methods": {"link": {"config": {"lifespan": "10m"}}}}})
    alice = create(world, EMAIL)
    ask(Native(world), EMAIL)
    world.clock.pass_by(minutes=11)
    browser = Browser(world)
    again = replacement(browser, browser.get(link_to(world, EMAIL)))
    assert again.message_ids == [messages.VERIFICATION_FLOW_EXPIRED.id]
    assert statuses(world, alice) == {EMAIL: SENT}


# --- addresses that nobody has --------------------------------------------------------------------------


def test_an_address_that_nobody_has_is_answered_alike(client: Client, world: World) -> None:
    create(world, EMAIL)
    known, unknown = ask(client, EMAIL), ask(client, "nobody@example.org")
    assert (names(known), known.message_ids) == (names(unknown), unknown.message_ids)
    wrong = [shown(client, enter(client, flow, "000000x")) for flow in (known, unknown)]
    assert wrong[0].message_ids == wrong[1].message_ids
    assert letters(world, "nobody@example.org") == []


@pytest.mark.parametrize(("how", "template"), [({}, "verification_code_invalid"), (BY_LINK, "verification_invalid")])
def test_whoever_has_no_account_is_told_by_mail_where_that_is_wanted(
    how: dict[str, Any], template: str, sqlite_table: SqliteTable
) -> None:
    wanted = {"selfservice": {"flows": {"verification": {"notify_unknown_recipients": True}}}}
    world = build(sqlite_table, how, wanted)
    ask(Native(world), "nobody@example.org")
    (message,) = world.svc.messages.page(limit=10, recipient="nobody@example.org")
    assert message.template_type == template
    assert {"verification_code", "verification_url"}.isdisjoint(message.data)


def test_one_address_gets_only_so_many_messages_an_hour(client: Client, world: World) -> None:
    create(world, EMAIL)
    flows = [ask(client, EMAIL) for _ in range(7)]
    assert {tuple(flow.message_ids) for flow in flows} == {(messages.VERIFICATION_EMAIL_WITH_CODE_SENT.id,)}
    assert len(letters(world, EMAIL)) == world.svc.config.vestibule.codes_per_address
