"""Events of any write: published once the write holds, and again until somebody took them."""

import pytest
from tests.world import PASSWORD, Browser, Native, World

from vestibule.domain.event import Event
from vestibule.local.bus import Bus
from vestibule.ports import Put
from vestibule.workers.publish import publish
from vestibule.workers.sweep import sweep

EVENT = Event("0190b1f0-0000-7000-8000-000000000001", "IdentityCreated", {"identity": "i"})


@pytest.fixture
def made(any_table):
    return World.build(any_table)


def taken(world):
    return [event.id for event in world.svc.events.take()]


def test_events_ride_on_what_is_written_and_are_acknowledged(made):
    item = made.svc.outbox.announcing({"pk": "F#1", "sk": "#", "state": "done"}, [EVENT])
    made.table.transact([Put(item)])
    (change,) = made.table.changes(None, 10)
    publish(change, made.svc)
    assert taken(made) == [EVENT.id]
    (stored,) = made.table.get([("F#1", "#")])
    assert "g1pk" not in stored
    made.clock.pass_by(minutes=10)
    assert sweep(made.svc) == 0


def test_events_with_nothing_to_ride_on_have_an_item(made):
    made.table.transact([made.svc.outbox.putting([EVENT, Event("second", "Type")])])
    for change in made.table.changes(None, 10):
        publish(change, made.svc)
    assert taken(made) == [EVENT.id, "second"]


def test_a_publisher_that_was_down_for_days_loses_nothing(made):
    for number in range(25):
        made.table.write(made.svc.outbox.putting([Event(f"event-{number:02}", "Type")]))
    assert sweep(made.svc) == 0
    made.clock.pass_by(minutes=6)
    assert sweep(made.svc) == 25
    assert sorted(taken(made)) == [f"event-{number:02}" for number in range(25)]
    assert sweep(made.svc) == 0


def test_what_the_bus_does_not_take_stays_listed(sqlite_table):
    world = World.build(sqlite_table)

    class Deaf:
        def publish(self, events):
            return range(len(events))

        def later(self, event, seconds):
            raise AssertionError

    deaf = World.build(sqlite_table, events=Deaf())
    world.table.write(world.svc.outbox.putting([EVENT]))
    world.clock.pass_by(minutes=6)
    deaf.clock.pass_by(minutes=6)
    assert sweep(deaf.svc) == 1
    assert sweep(world.svc) == 1
    assert taken(world) == [EVENT.id]


def test_an_acknowledgement_is_for_these_events_only(made):
    outbox = made.svc.outbox
    first = outbox.announcing({"pk": "F#1", "sk": "#"}, [Event("first", "Type")])
    second = outbox.announcing({"pk": "F#1", "sk": "#"}, [Event("second", "Type")])
    made.table.write(Put(first))
    made.table.write(Put(second))
    outbox.acknowledge(("F#1", "#"), first)
    made.clock.pass_by(minutes=6)
    sweep(made.svc)
    assert taken(made) == ["second"]


def test_an_item_that_is_listed_for_itself_is_listed_in_the_other_index(made):
    listed = {"pk": "I#1", "sk": "#", "g1pk": "IL#0", "g1sk": "1"}
    made.table.write(Put(made.svc.outbox.announcing(listed, [EVENT])))
    made.clock.pass_by(minutes=6)
    assert sweep(made.svc) == 1
    assert taken(made) == [EVENT.id]
    (stored,) = made.table.get([("I#1", "#")])
    assert (stored["g1pk"], "g2pk" in stored) == ("IL#0", False)


def test_an_item_that_uses_both_indexes_for_itself_carries_no_events(made):
    with pytest.raises(ValueError, match="one of their own"):
        made.svc.outbox.announcing({"pk": "D#1", "sk": "#", "g1pk": "DL#0", "g2pk": "DL#1"}, [EVENT])


def test_events_of_new_sessions_are_found_by_the_sessions_themselves(made):
    made.identity("alice@example.org")
    assert sweep(made.svc) == 0
    made.clock.pass_by(minutes=6)
    assert sweep(made.svc) == 2
    told = sorted(event.type for event in made.svc.events.take())
    assert told == ["IdentityCreated", "RegistrationSucceeded", "SessionIssued"]
    assert sweep(made.svc) == 0
    stored = [key for key, item in made.stored().items() if "ev" in item or key[0].startswith("O#")]
    assert [key for key in stored if not key[0].startswith("F#")] == []  # that one was begun: for the stream alone


def test_the_local_bus_passes_over_what_nobody_takes(sqlite_table):
    world = World.build(sqlite_table)
    world.table.write(world.svc.outbox.putting([EVENT]))
    Bus(world.svc).step()
    world.clock.pass_by(minutes=6)
    assert sweep(world.svc) == 0


# --- what is written again before anybody took it -------------------------------------------------------


def told_late(world):
    """Types of what the sweeper finds, where nobody followed the table's changes."""
    world.clock.pass_by(minutes=6)
    sweep(world.svc)
    told = sorted(event.type for event in world.svc.events.take())
    assert sweep(world.svc) == 0
    assert not [key for key, item in world.stored().items() if "ev" in item and not key[0].startswith(("F#", "M#"))]
    return told


@pytest.fixture
def alice(made):
    made.identity("alice@example.org", password=PASSWORD)
    told_late(made)
    return made


def test_every_refusal_of_a_form_is_told(alice):
    client = Native(alice)
    flow = client.start("login")
    for _ in range(9):  # more than a flow carries
        client.submit(flow, method="password", identifier="alice@example.org", password="wrong")
    assert told_late(alice) == ["LoginFailed"] * 9


def test_refusals_stay_told_when_the_form_is_right_at_last(alice):
    client = Native(alice)
    flow = client.start("login")
    for password in ("wrong", PASSWORD):
        client.submit(flow, method="password", identifier="alice@example.org", password=password)
    assert client.whoami().status == 200
    assert told_late(alice) == ["LoginFailed", "LoginSucceeded", "SessionIssued"]


def test_a_session_that_is_used_on_and_ended_tells_everything(alice):
    client = Browser(alice)
    client.sign_in("alice@example.org")
    client.sign_in("alice@example.org", refresh="true")
    session = client.whoami().json["id"]
    alice.admin("PATCH", f"/admin/sessions/{session}/extend")
    alice.admin("DELETE", f"/admin/sessions/{session}")
    assert told_late(alice) == [
        "LoginSucceeded",
        "LoginSucceeded",
        "SessionChanged",
        "SessionIssued",
        "SessionLifespanExtended",
        "SessionRevoked",
    ]


def test_a_session_that_is_deleted_at_once_tells_everything(alice):
    client = Native(alice)
    identity = client.sign_in("alice@example.org").json["session"]["identity"]["id"]
    alice.admin("DELETE", f"/admin/identities/{identity}/sessions")
    assert told_late(alice) == ["LoginSucceeded", "SessionIssued", *["SessionRevoked"] * 3]  # all, and each of two


def test_a_person_who_is_deleted_at_once_tells_everything(alice):
    identity = Native(alice).sign_in("alice@example.org").json["session"]["identity"]["id"]
    alice.admin("DELETE", f"/admin/identities/{identity}")
    assert told_late(alice) == ["IdentityDeleted", "LoginSucceeded", "SessionIssued"]


def test_a_recovery_that_an_administrator_began_is_told(sqlite_table):
    flows = {"recovery": {"enabled": True, "use": "code", "ui_url": "https://app.example.org/recovery"}}
    world = World.build(sqlite_table, {"selfservice": {"flows": flows, "methods": {"code": {"enabled": True}}}})
    identity = world.identity("alice@example.org").id
    told_late(world)
    assert world.admin("POST", "/admin/recovery/code", {"identity_id": identity}).status == 201
    assert told_late(world) == ["RecoveryInitiatedByAdmin"]


def test_what_a_form_tells_is_acknowledged_with_what_was_added_meanwhile(alice):
    client = Native(alice)
    flow = client.start("login")
    for _ in range(2):
        client.submit(flow, method="password", identifier="alice@example.org", password="wrong")
    for change in alice.table.changes(None, 1000):
        publish(change, alice.svc)
    assert [event.type for event in alice.svc.events.take()].count("LoginFailed") == 3  # the first one twice
    alice.clock.pass_by(minutes=6)
    assert sweep(alice.svc) == 0
