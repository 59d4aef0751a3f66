"""Many change one account, or use one second factor, at once."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
from tests.races.staging import at_once
from tests.settings import build, code_of, enrol_codes, enrol_totp, press, secret_of
from tests.world import Native, Reply, World

from vestibule.domain.identity import Identity
from vestibule.ports import Table
from vestibule.ui import messages

EMAIL = "alice@example.org"
MANY = 32


def signed_up(world: World) -> Native:
    alice = Native(world)
    assert alice.sign_up(EMAIL).status == 200
    return alice


def stored(world: World) -> Identity:
    found = world.svc.identities.by_identifier(["password"], EMAIL)
    assert found is not None
    return found


def sharing(world: World, alice: Native) -> Native:
    """The same session in another client: clients are not for several threads."""
    other = Native(world)
    other.token = alice.token
    return other


def raised(replies: list[Reply]) -> int:
    """How many of the sign-ins ended at the second level."""
    levels = Counter(reply.json["session"]["authenticator_assurance_level"] for reply in replies if reply.status == 200)
    assert levels.keys() <= {"aal2"}
    return levels["aal2"]


@pytest.mark.attack("totp-06")
def test_of_one_backup_code_sent_many_times_one_gets_in(any_table: Table) -> None:
    world = build(any_table, {"vestibule": {"guesses": {"free": 100, "cap": 200}}})
    code = enrol_codes(signed_up(world))[0]
    clients = [Native(world) for _ in range(MANY)]
    flows = [(client.sign_in(EMAIL), client.start("login", aal="aal2"))[1] for client in clients]
    attempts = [
        partial(client.submit, flow, method="lookup_secret", lookup_secret=code)
        for client, flow in zip(clients, flows, strict=True)
    ]
    replies = at_once(attempts)
    assert raised(replies) == 1
    refused = [reply.flow.message_ids for reply in replies if reply.status == 400]
    assert refused == [[messages.LOOKUP_ALREADY_USED.id]] * (MANY - 1)


def test_backup_codes_used_at_once_get_in_once_each(any_table: Table) -> None:
    world = build(any_table)
    codes = enrol_codes(signed_up(world))[:6]
    clients = [Native(world) for _ in codes]
    flows = [(client.sign_in(EMAIL), client.start("login", aal="aal2"))[1] for client in clients]
    attempts = [
        partial(client.submit, flow, method="lookup_secret", lookup_secret=code)
        for client, flow, code in zip(clients, flows, codes, strict=True)
    ]
    assert raised(at_once(attempts)) == len(codes)
    config = world.svc.credentials.find(stored(world).id, "lookup_secret")
    assert config is not None
    assert {each["code"] for each in config.config["recovery_codes"] if "used_at" in each} == set(codes)


def test_of_one_totp_code_sent_many_times_one_gets_in(any_table: Table) -> None:
    world = build(any_table, {"vestibule": {"guesses": {"free": 100, "cap": 200}}})
    secret = enrol_totp(signed_up(world))
    code = code_of(world, secret, 1)
    clients = [Native(world) for _ in range(MANY)]
    flows = [(client.sign_in(EMAIL), client.start("login", aal="aal2"))[1] for client in clients]
    attempts = [
        partial(client.submit, flow, method="totp", totp_code=code) for client, flow in zip(clients, flows, strict=True)
    ]
    assert raised(at_once(attempts)) == 1


def test_two_factors_taken_on_at_once_are_both_there(any_table: Table) -> None:
    world = build(any_table)
    alice = signed_up(world)
    one, other = alice.start("settings"), alice.start("settings")
    other = press(alice, other, "lookup_secret_regenerate").flow
    app = partial(sharing(world, alice).submit, one, method="totp", totp_code=code_of(world, secret_of(one)))
    codes = partial(press, sharing(world, alice), other, "lookup_secret_confirm")
    replies = at_once([app, codes])
    done = {"totp", "lookup_secret"} & {credential.type for credential in stored(world).credentials}
    assert len(done) == sum(reply.status == 200 for reply in replies)
    assert {reply.status for reply in replies} <= {200, 409}
    assert stored(world).aal2_possible


def test_of_passwords_set_at_once_one_opens_the_account(any_table: Table) -> None:
    world = build(any_table)
    alice = signed_up(world)
    passwords = [f"green-ladder-17-comet-{number}" for number in range(6)]
    flows = [alice.start("settings") for _ in passwords]
    attempts = [
        partial(sharing(world, alice).submit, flow, method="password", password=password)
        for flow, password in zip(flows, passwords, strict=True)
    ]
    replies = at_once(attempts)
    assert {reply.status for reply in replies} <= {200, 409}
    assert 200 in {reply.status for reply in replies}
    opened = [password for password in passwords if Native(world).sign_in(EMAIL, password).status == 200]
    assert len(opened) == 1
    assert replies[passwords.index(opened[0])].status == 200


def test_one_form_sent_many_times_is_stored_whole(any_table: Table) -> None:
    world = build(any_table)
    alice = signed_up(world)
    flow = alice.start("settings")
    attempts = [
        partial(sharing(world, alice).submit, flow, method="profile", traits={"email": EMAIL, "age": 20 + number})
        for number in range(6)
    ]
    replies = at_once(attempts)
    assert {reply.status for reply in replies} <= {200, 409}
    saved = [20 + number for number, reply in enumerate(replies) if reply.status == 200]
    assert stored(world).traits["age"] in saved
