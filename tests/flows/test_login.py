"""Sign in, for the three clients."""

from __future__ import annotations

from tests.world import PASSWORD, Client, World

from vestibule.ui import messages


def test_the_right_password_opens_a_session(client: Client, world: World) -> None:
    alice = world.identity("alice@example.org")
    flow = client.start("login")
    reply = client.submit(flow, method="password", identifier="alice@example.org", password=PASSWORD)
    assert reply.status in (200, 303)
    assert client.whoami().json["identity"]["id"] == alice.id


def test_a_wrong_password_reopens_the_form_and_opens_no_session(client: Client, world: World) -> None:
    alice = world.identity("alice@example.org")
    before = len(world.svc.sessions.of_identity(alice))
    flow = client.start("login")
    reply = client.submit(flow, method="password", identifier="alice@example.org", password="wrong")
    assert client.refused_flow("login", reply).message_ids == [messages.INVALID_CREDENTIALS.id]
    assert len(world.svc.sessions.of_identity(alice)) == before
    assert client.whoami().status == 401
