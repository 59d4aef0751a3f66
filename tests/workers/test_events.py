"""What happens is told to whoever wants to know, by Kratos's names, and nothing else about anybody with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.world import PASSWORD, Browser, Native, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.event import Event
from vestibule.workers import courier
from vestibule.workers.publish import publish

ALICE = "alice@example.org"
FLOWS: dict[str, Any] = {
    "settings": {"ui_url": "https://app.example.org/settings"},
    "verification": {"enabled": True, "use": "code", "ui_url": "https://app.example.org/verification"},
    "recovery": {"enabled": True, "use": "code", "ui_url": "https://app.example.org/recovery"},
}


class Told:
    """A deployment, and what was told since one last asked."""

    def __init__(self, table: SqliteTable, more: dict[str, Any] | None = None) -> None:
        flows = {"selfservice": {"flows": FLOWS | (more or {}), "methods": {"code": {"enabled": True}}}}
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
        return [event.type for event in self.events if event.type != "CourierMessageQueued" and not is_begun(event)]

    def letter(self) -> dict[str, Any]:
        self.world.clock.pass_by(seconds=1)
        return dict(self.world.svc.messages.page(limit=1, recipient=ALICE)[0].data)


def is_begun(event: Event) -> bool:
    return event.type.endswith("Initiated")


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


def test_flows_that_are_begun_are_told(told: Told) -> None:
    client = Browser(told.world)
    flow = client.start("registration")
    client.start("login")
    told()
    assert [event.type for event in told.events] == ["RegistrationInitiated", "LoginInitiated"]
    assert (told.events[0].detail["flow"], told.events[0].detail["client"]) == (flow.id, "browser")


def test_messages_that_left_and_those_that_were_given_up_are_told(told: Told) -> None:
    Native(told.world).sign_up(ALICE)
    client = Native(told.world)
    client.submit(client.start("recovery"), method="code", email=ALICE)
    told()
    (queued,) = told.world.svc.messages.page(limit=1, recipient=ALICE)
    courier.take(Event(queued.id, "CourierMessageQueued"), told.world.svc)
    assert told() == ["CourierMessageDispatched"]
    about = {"message": queued.id, "channel": "email", "template": "recovery_code_valid"}
    assert {name: told.events[0].detail[name] for name in about} == about
    claimed = told.world.svc.messages
    client.submit(client.start("recovery"), method="code", email=ALICE)
    told()
    (second,) = told.world.svc.messages.page(limit=1, recipient=ALICE)
    assert claimed.abandoned(claimed.claim(second.id) or pytest.fail("not queued"), "its relay refuses it")
    assert told() == ["CourierMessageAbandoned"]
    assert told.events[0].detail["message"] == second.id


@pytest.mark.attack("bf-15")
def test_a_sign_in_with_another_kind_of_device_is_told_with_the_identity_and_no_secret(told: Told) -> None:
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Version/19.1 Mobile/15E148 Safari/604.1"

    computer = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

    def using(agent: str) -> Native:
        client = Native(told.world)
        client.headers["User-Agent"] = agent
        return client

    def sign_in(agent: str) -> list[str]:
        assert using(agent).sign_in(ALICE).status == 200
        return told()

    alice = using(computer).sign_up(ALICE).json["identity"]["id"]
    told()
    assert sign_in(computer.replace("140", "141")) == ["SessionIssued", "LoginSucceeded"]
    assert sign_in(phone) == ["SessionIssued", "LoginSucceeded", "LoginSuspicious"]
    suspicious = told.events[-1]
    assert suspicious.detail["device"] == "new"
    assert suspicious.detail["identity"] == alice
    assert phone not in json.dumps(suspicious.to_json())
    assert sign_in(phone.replace("19", "20")) == ["SessionIssued", "LoginSucceeded"]


def test_a_new_device_is_told_of_once_however_long_its_session_is_used(told: Told) -> None:
    Native(told.world).sign_up(ALICE)
    client = Native(told.world)
    client.headers["User-Agent"] = "another"
    client.sign_in(ALICE)
    assert told().count("LoginSuspicious") == 1
    told._seen.clear()
    client.sign_in(ALICE, refresh="true")
    assert told() == ["SessionChanged", "LoginSucceeded"]


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
    assert names <= {
        "time",
        "identity",
        "session",
        "flow",
        "method",
        "problems",
        "via",
        "failures",
        "kept",
        "all",
        "client",
    }


def test_nothing_that_was_told_of_somebody_stays_when_they_are_gone(told: Told) -> None:
    alice = Native(told.world).sign_up(ALICE).json["identity"]["id"]
    told()
    told.world.admin("DELETE", f"/admin/identities/{alice}")
    told()
    waiting = [item["ev"] for item in told.world.stored().values() if "ev" in item]
    assert alice not in str(waiting)
    assert not [key for key in told.world.stored() if key[0].startswith("O#")]


@pytest.mark.parametrize("flow", ["login", "registration"])
def test_what_a_hook_prevented_by_failing_has_failed(sqlite_table: SqliteTable, flow: str) -> None:
    hooks = [{"hook": "web_hook", "config": {"url": "https://down.example.org/", "method": "TRACE"}}]
    if flow == "registration":
        hooks[0]["config"] |= {"response": {"parse": True}}
    told = Told(sqlite_table, {flow: {"after": {"password": {"hooks": hooks}}}})
    told.world.identity(ALICE) if flow == "login" else None
    told()
    client = Native(told.world)
    assert (client.sign_in(ALICE) if flow == "login" else client.sign_up(ALICE)).status == 502
    assert told() == [
        "WebhookDelivered",
        "WebhookDelivered",
        "WebhookDelivered",
        "WebhookFailed",
        f"{flow.capitalize()}Failed",
    ]
