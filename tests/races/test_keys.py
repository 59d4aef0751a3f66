"""One answer of a key sent many times, and one key signing in many places."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
from tests import keys
from tests.keys import Authenticator, add_key, keys_of, sign_up_with_passkey, value
from tests.races.staging import at_once
from tests.world import Spa, World

from vestibule.ports import Table

EMAIL = "ann@example.org"
MANY = 16


def sharing(world: World, client: Spa) -> Spa:
    """The same browser in another thread: clients are not for several."""
    other = Spa(world)
    other.cookies = dict(client.cookies)
    return other


def test_of_one_answer_sent_many_times_one_signs_in(any_table: Table) -> None:
    world = keys.build(any_table, "passkey")
    key = Authenticator(counts=False)
    sign_up_with_passkey(Spa(world), EMAIL, key)
    first = Spa(world)
    flow = first.start("login")
    signed = key.sign(value(flow, "passkey_challenge"))
    clients = [sharing(world, first) for _ in range(MANY)]
    replies = at_once([partial(each.submit, flow, method="passkey", passkey_login=signed) for each in clients])
    assert Counter(reply.status for reply in replies) == {200: 1, 400: MANY - 1}


def test_of_one_answer_sent_many_times_one_adds_the_key(any_table: Table) -> None:
    world = keys.build(any_table, "second_factor")
    ann, key = Spa(world), Authenticator()
    ann.sign_up(EMAIL)
    flow = ann.start("settings")
    answer = key.create(value(flow, "webauthn_register_trigger"))
    sent = {"webauthn_register": answer, "webauthn_register_displayname": "Blue key"}
    clients = [sharing(world, ann) for _ in range(8)]
    replies = at_once([partial(each.submit, flow, **sent) for each in clients])
    assert Counter(reply.status for reply in replies)[200] == 1
    assert len(keys_of(world, EMAIL)) == 1


def test_of_many_sign_ups_with_one_answer_one_makes_an_account(any_table: Table) -> None:
    world = keys.build(any_table, "passkey")
    key, first = Authenticator(), Spa(world)
    flow = first.start("registration")
    answer = key.create(value(flow, "passkey_create_data"))
    clients = [sharing(world, first) for _ in range(8)]
    attempts = [
        partial(each.submit, flow, passkey_register=answer, traits={"email": f"ann{number}@example.org"})
        for number, each in enumerate(clients)
    ]
    assert Counter(reply.status for reply in at_once(attempts))[200] == 1


@pytest.mark.attack("wa-04")
def test_a_counting_key_in_several_places_never_counts_backwards(any_table: Table) -> None:
    world = keys.build(any_table, "second_factor")
    ann, key = Spa(world), Authenticator()
    ann.sign_up(EMAIL)
    add_key(ann, key)
    clients = [Spa(world) for _ in range(6)]
    flows = [(client.sign_in(EMAIL), client.start("login", aal="aal2"))[1] for client in clients]
    signed = [key.sign(value(flow, "webauthn_login_trigger")) for flow in flows]
    replies = at_once(
        [
            partial(client.submit, flow, method="webauthn", identifier=EMAIL, webauthn_login=answer)
            for client, flow, answer in zip(clients, flows, signed, strict=True)
        ]
    )
    got_in = [number for number, reply in enumerate(replies, 1) if reply.status == 200]
    assert got_in
    assert keys_of(world, EMAIL)[0]["authenticator"]["sign_count"] == max(got_in)
