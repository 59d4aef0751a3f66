"""A way through each flow to its end, for whoever wants to see the hooks on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests import recovery, verification
from tests.world import Client, Reply

ANN = "ann@example.org"
FLOWS = ("login", "registration", "recovery", "settings", "verification")


def default(flow: str, *hooks: dict[str, Any]) -> dict[str, Any]:
    """The default list; the registration of the tests has one for the password, which is emptied."""
    return {"hooks": list(hooks), **({"password": {"hooks": []}} if flow == "registration" else {})}


def sign_up(client: Client) -> Reply:
    return client.sign_up(ANN)


def sign_in(client: Client) -> Reply:
    return client.sign_in(ANN)


def recover(client: Client) -> Reply:
    return recovery.enter(client, recovery.send(client, ANN), recovery.last_code(client.world, ANN))


def change(client: Client) -> Reply:
    client.sign_in(ANN)
    client.world.svc.web.calls.clear()  # type: ignore[attr-defined]  # the port is a Target here
    return client.submit(client.start("settings"), method="profile", traits={"email": ANN, "age": 42})


def verify(client: Client) -> Reply:
    return verification.enter(client, verification.ask(client, ANN), verification.code_to(client.world, ANN))


JOURNEYS: dict[str, Callable[[Client], Reply]] = {
    "login": sign_in,
    "registration": sign_up,
    "recovery": recover,
    "settings": change,
    "verification": verify,
}
"""Flow to a journey through it; all but the registration need somebody who is there."""
