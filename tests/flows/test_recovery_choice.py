"""Get back in by choosing an address (`choose_recovery_address`). Contract 01 §6."""

from __future__ import annotations

import pytest
from tests import recovery
from tests.recovery import build, enter, is_in, last_code, letters, shown
from tests.world import CLIENTS, PASSWORD, Client, Flow, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.identity import Identity
from vestibule.ui import messages

EMAIL = "alice@example.org"
BACKUP = "spare@example.org"
NUMBER = "+4915112345678"
NOBODY = "nobody@example.org"


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table, recovery.CHOOSING)


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def client(request: pytest.FixtureRequest, world: World) -> Client:
    return request.param(world)


def signed_up(world: World, **traits: str) -> Identity:
    native = Native(world)
    fields = {"method": "password", "password": PASSWORD, "traits": {"email": EMAIL} | traits}
    reply = native.submit(native.start("registration"), **fields)
    assert reply.status == 200, reply.body
    found = world.svc.identities.find(reply.json["identity"]["id"])
    assert found is not None
    return found


def asked(client: Client, address: str = EMAIL) -> Flow:
    return shown(client, client.submit(client.start("recovery"), method="code", recovery_address=address))


def choices(flow: Flow) -> dict[str, str]:
    """What is shown on each button to what it sends."""
    nodes = flow.document["ui"]["nodes"]
    return {
        node["meta"]["label"]["text"]: node["attributes"]["value"]
        for node in nodes
        if node["attributes"].get("name") == "recovery_select_address"
    }


def test_the_only_address_gets_its_code_at_once(client: Client, world: World) -> None:
    signed_up(world)
    assert client.start("recovery").document["state"] == "recovery_awaiting_address"
    flow = asked(client)
    assert flow.document["state"] == "recovery_awaiting_code"
    assert flow.message_ids == [messages.RECOVERY_MESSAGE_MASKED_WITH_CODE_SENT.id]
    assert flow.document["ui"]["messages"][0]["context"] == {"masked_address": "al****@example.org"}
    assert is_in(client, client.submit(flow, code=last_code(world, EMAIL)))


def test_addresses_are_shown_masked_and_have_to_be_typed(client: Client, world: World) -> None:
    signed_up(world, backup=BACKUP, phone=NUMBER)
    flow = asked(client)
    assert flow.document["state"] == "recovery_awaiting_address_choice"
    assert list(choices(flow)) == ["+49****78", "al****@example.org", "sp****@example.org"]
    assert BACKUP not in str(flow.document)
    selected = choices(flow)["sp****@example.org"]
    flow = shown(client, client.submit(flow, recovery_address=EMAIL, recovery_select_address=selected))
    assert flow.document["state"] == "recovery_confirming_address"
    assert letters(world, BACKUP) == []
    flow = shown(client, client.submit(flow, recovery_address=EMAIL, recovery_confirm_address=BACKUP.upper()))
    assert letters(world, EMAIL) == []
    assert is_in(client, enter(client, flow, last_code(world, BACKUP)))


def test_the_address_that_was_typed_need_not_be_typed_again(client: Client, world: World) -> None:
    signed_up(world, backup=BACKUP)
    flow = asked(client)
    selected = choices(flow)["al****@example.org"]
    flow = shown(client, client.submit(flow, recovery_address=EMAIL, recovery_select_address=selected))
    assert flow.document["state"] == "recovery_awaiting_code"
    assert is_in(client, enter(client, flow, last_code(world, EMAIL)))


def test_a_phone_gets_a_text_message(client: Client, world: World) -> None:
    alice = signed_up(world, phone=NUMBER)
    flow = asked(client)
    selected = choices(flow)["+49****78"]
    flow = shown(client, client.submit(flow, recovery_address=EMAIL, recovery_select_address=selected))
    assert flow.nodes["recovery_confirm_address"]["attributes"]["type"] == "tel"
    typed = "+49 151 12345678"
    flow = shown(client, client.submit(flow, recovery_address=EMAIL, recovery_confirm_address=typed))
    [data] = letters(world, NUMBER)
    assert data["request_url_domain"] == "id.example.org"
    assert is_in(client, enter(client, flow, data["verification_code"]))
    stored = world.svc.identities.find(alice.id)
    assert stored is not None
    assert [each.value for each in stored.verifiable_addresses if each.verified] == [NUMBER]


def test_a_phone_number_may_be_typed_first(client: Client, world: World) -> None:
    signed_up(world, phone=NUMBER)
    flow = asked(client, NUMBER)
    assert len(choices(flow)) == 2


@pytest.mark.attack("code-05")
def test_the_code_goes_to_no_address_of_anybody_else(client: Client, world: World) -> None:
    signed_up(world, backup=BACKUP)
    mallory = Native(world)
    mallory.sign_up("mallory@example.org")
    flow = asked(client)
    selected = choices(flow)["sp****@example.org"]
    flow = shown(client, client.submit(flow, recovery_address=EMAIL, recovery_select_address=selected))
    for wrong in ("mallory@example.org", "spear@example.org", "sp****@example.org"):
        flow = shown(client, client.submit(flow, recovery_address=EMAIL, recovery_confirm_address=wrong))
        assert flow.document["state"] == "recovery_awaiting_code"
        assert letters(world, wrong) == []
    assert letters(world, BACKUP) == []


def test_another_persons_address_cannot_be_chosen(client: Client, world: World) -> None:
    signed_up(world, backup=BACKUP)
    flow = asked(client)
    fields = {
        "method": "code",
        "recovery_address": NOBODY,
        "recovery_select_address": next(iter(choices(flow).values())),
    }
    refused = client.refused_flow("recovery", client.submit(flow, **fields))
    assert refused.message_ids == [messages.GENERIC.id]


def test_one_can_go_back_to_the_choice_and_to_the_start(client: Client, world: World) -> None:
    signed_up(world, backup=BACKUP)
    flow = asked(client)
    selected = choices(flow)["sp****@example.org"]
    flow = shown(client, client.submit(flow, recovery_address=EMAIL, recovery_select_address=selected))
    flow = shown(client, client.submit(flow, recovery_address=EMAIL, screen="previous"))
    assert flow.document["state"] == "recovery_awaiting_address_choice"
    other = asked(client, NOBODY)
    other = shown(client, client.submit(other, recovery_address=NOBODY, screen="previous"))
    assert other.document["state"] == "recovery_awaiting_address"


def test_going_back_makes_the_code_void(client: Client, world: World) -> None:
    signed_up(world, backup=BACKUP)
    flow = asked(client)
    fields = {"recovery_address": EMAIL, "recovery_select_address": choices(flow)["al****@example.org"]}
    flow = shown(client, client.submit(flow, **fields))
    code = last_code(world, EMAIL)
    flow = shown(client, client.submit(flow, recovery_address=EMAIL, screen="previous"))
    client.submit(flow, method="code", code=code)
    assert client.whoami().status == 401


def test_a_resend_makes_the_first_code_void(client: Client, world: World) -> None:
    signed_up(world)
    flow = asked(client)
    first = last_code(world, EMAIL)
    flow = shown(client, client.submit(flow, recovery_address=EMAIL, recovery_confirm_address=EMAIL))
    assert shown(client, enter(client, flow, first)).message_ids == [messages.RECOVERY_CODE_INVALID_OR_ALREADY_USED.id]
    assert is_in(client, enter(client, flow, last_code(world, EMAIL)))


@pytest.mark.attack("enum-03")
def test_an_unknown_address_looks_like_one_with_nothing_to_choose(client: Client, world: World) -> None:
    signed_up(world)
    known, unknown = asked(client), asked(client, NOBODY)
    assert unknown.document["state"] == known.document["state"]
    assert unknown.message_ids == known.message_ids
    assert list(unknown.nodes) == list(known.nodes)
    assert letters(world, NOBODY) == []


@pytest.mark.parametrize(
    ("fields", "missing"),
    [({}, "recovery_address"), ({"email": EMAIL}, "recovery_address"), ({"recovery_address": " "}, "recovery_address")],
)
def test_an_address_is_required(client: Client, fields: dict[str, str], missing: str) -> None:
    refused = client.refused_flow("recovery", client.submit(client.start("recovery"), method="code", **fields))
    assert refused.messages_at(missing) == [messages.REQUIRED.id]


def test_a_flow_keeps_its_way_whatever_the_configuration_becomes(sqlite_table: SqliteTable, world: World) -> None:
    signed_up(world)
    spa = Spa(world)
    flow = spa.start("recovery")
    spa.world = build(sqlite_table)
    flow = shown(spa, spa.submit(flow, method="code", recovery_address=EMAIL))
    assert flow.document["state"] == "recovery_awaiting_code"
