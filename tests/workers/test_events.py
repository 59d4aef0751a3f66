"""What happens is told to whoever wants to know, by Kratos's names, and nothing else about anybody with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.world import PASSWORD, Browser, Native, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.event import Event
from vestibule.workers.publish import publish

ALICE = "alice@example.org"
FLOWS: dict[str, Any] = {
    "settings": {"ui_url": "https://app.example.org/settings"},
    "verification": {"enabled": True, "use": "code", "ui_url": "https://app.example.org/verification"},
    "recovery": {"enabled": True, "use": "code", "ui_url": "https://app.example.org/recovery"},
}


class Told:
    """A deployment, and what was told since one last asked."""

    def __init__(self, table: SqliteTable) -> None:
        flows = {"selfservice": {"flows": FLOWS, "methods": {"code": {"enabled": True}}}}
        self.world = World.build(table, flows)
        self._after: str | None = None
        self._seen: set[str] = set()
        self.events: list[Event] = []

    def __call__(self) -> list[str]:
        """Types, in the order of what happened, each event once."""
        while changes := self.world.table.changes(self._after, 100):
            for change in changes:
                publish(change, self.world.svc)
            self._after = changes[-1].sequence
        self.events = [event for event in self.world.svc.events.take() if event.id not in self._seen]
        self._seen |= {event.id for event in self.events}
        return [event.type for event in self.events if event.type != "CourierMessageQueued"]

    def letter(self) -> dict[str, Any]:
        self.world.clock.pass_by(seconds=1)
        return dict(self.world.svc.messages.page(limit=1, recipient=ALICE)[0].data)


@pytest.fixture
def told(sqlite_table: SqliteTable) -> Told:
    return Told(sqlite_table)


def test_of_a_person_all_the_way_from_sign_up_to_deletion(told: Told) -> None:
    client = Native(told.world)
    alice = client.sign_up(ALICE).json["identity"]["id"]
    assert told() == ["IdentityCreated", "RegistrationSucceeded", "SessionIssued"]
    flow = client.start("verification")
    client.submit(flow, method="code", email=ALICE)
    told()
    client.submit(flow, method="code", code="000000")
    assert told() == ["VerificationFailed"]
    assert client.submit(flow, method="code", code=told.letter()["verification_code"]).status == 200
    assert told() == ["VerificationSucceeded"]
    changed = client.submit(
        client.start("settings"), method="profile", traits={"email": ALICE, "name": {"first": "Alice"}}
    )
    assert changed.status == 200
    assert told() == ["IdentityUpdated", "SettingsSucceeded"]
    assert Native(told.world).sign_in(ALICE, "wrong").status == 400
    assert told() == ["LoginFailed"]
    other = Native(told.world)
    assert other.sign_in(ALICE).status == 200
    assert told() == ["SessionIssued", "LoginSucceeded"]
    client.send("DELETE", "/sessions")
    assert told() == ["SessionRevoked"]
    told.world.admin("DELETE", f"/admin/identities/{alice}")
    assert told()[-1] == "IdentityDeleted"


def test_of_somebody_who_gets_back_in(told: Told) -> None:
    Native(told.world).sign_up(ALICE)
    told()
    client = Native(told.world)
    flow = client.start("recovery")
    client.submit(flow, method="code", email=ALICE)
    client.submit(flow, method="code", code="000000")
    assert told() == ["RecoveryFailed"]
    client.submit(flow, method="code", code=told.letter()["recovery_code"])
    assert told() == ["SessionIssued", "RecoverySucceeded"]


def test_of_what_administrators_do(told: Told) -> None:
    alice = Native(told.world).sign_up(ALICE).json["identity"]["id"]
    told()
    told.world.admin("POST", "/admin/recovery/code", {"identity_id": alice})
    assert told() == ["RecoveryInitiatedByAdmin"]
    client = Native(told.world)
    session = client.sign_in(ALICE).json["session"]["id"]
    told()
    told.world.clock.pass_by(hours=12)
    told.world.admin("PATCH", f"/admin/sessions/{session}/extend")
    assert told() == ["SessionLifespanExtended"]
    told.world.admin("DELETE", f"/admin/sessions/{session}")
    assert told() == ["SessionRevoked"]


def test_a_refused_sign_up_and_a_second_sign_in_with_the_same_session(told: Told) -> None:
    client = Browser(told.world)
    client.sign_up(ALICE)
    told()
    Browser(told.world).sign_up(ALICE)
    assert told() == ["RegistrationFailed"]
    client.sign_in(ALICE, refresh="true")
    assert told() == ["SessionChanged", "LoginSucceeded"]


@pytest.mark.attack("bf-15")
def test_a_success_after_many_failures_is_told_with_the_identity_and_no_secret(told: Told) -> None:
    alice = Native(told.world).sign_up(ALICE).json["identity"]["id"]
    for _ in range(9):
        assert Native(told.world).sign_in(ALICE, "wrong").status == 400
    told()
    assert Native(told.world).sign_in(ALICE).status == 200
    assert told() == ["SessionIssued", "LoginSucceeded", "LoginSuspicious"]
    suspicious = told.events[-1]
    assert (suspicious.detail["identity"], suspicious.detail["failures"]) == (alice, "9")
    assert Native(told.world).sign_in(ALICE).status == 200
    assert "LoginSuspicious" not in told()


def test_no_event_says_more_than_ids_methods_and_numbers(told: Told) -> None:
    client = Browser(told.world)
    client.sign_up(ALICE)
    client.sign_in(ALICE, refresh="true")
    Browser(told.world).sign_in(ALICE, "wrong-password-of-alice")
    told()
    said = json.dumps([event.to_json() for event in told.events])
    for secret in (ALICE, PASSWORD, "wrong-password-of-alice", *client.cookies.values()):
        assert secret not in said
    names = {name for event in told.events for name in event.detail}
    assert names <= {"time", "identity", "session", "flow", "method", "problems", "via", "failures", "kept", "all"}


def test_nothing_that_was_told_of_somebody_stays_when_they_are_gone(told: Told) -> None:
    alice = Native(told.world).sign_up(ALICE).json["identity"]["id"]
    told()
    told.world.admin("DELETE", f"/admin/identities/{alice}")
    told()
    waiting = [item["ev"] for item in told.world.stored().values() if "ev" in item]
    assert alice not in str(waiting)
    assert not [key for key in told.world.stored() if key[0].startswith("O#")]
