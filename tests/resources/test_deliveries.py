"""GET /admin/actions/deliveries…: the delivery log, and calls that are made once more."""

from __future__ import annotations

from typing import Any

import pytest
from tests.hooks.web_hook.target import Scene, answer, hook
from tests.world import PASSWORD, Native, Reply

from vestibule.adapters.sqlite import SqliteTable
from vestibule.local.bus import Bus

PATH = "/admin/actions/deliveries"
IGNORE: dict[str, Any] = {"response": {"ignore": True}}


@pytest.fixture
def scene(sqlite_table: SqliteTable) -> Scene:
    """Two hooks behind each sign-in: a step waits for `waited`, nobody for `told`."""
    hooks = [hook(id="waited"), hook(id="told", **IGNORE)]
    made = Scene(sqlite_table, {"login": {"after": {"password": {"hooks": hooks}}}})
    for name in ("ann", "bob"):
        Native(made.world).sign_up(f"{name}@example.org")
    return made


def sign_in(scene: Scene, name: str) -> str:
    """Who signed in; what they set off is done."""
    client = Native(scene.world)
    assert client.sign_in(f"{name}@example.org").status == 200
    scene.world.clock.pass_by(seconds=1)
    Bus(scene.world.svc).step()
    scene.world.clock.pass_by(seconds=1)
    return client.whoami().json["identity"]["id"]


def listed(scene: Scene, query: str = "") -> Reply:
    reply = scene.world.admin("GET", f"{PATH}{query}")
    assert reply.status == 200, reply.body
    return reply


def test_the_log_has_every_call_newest_first(scene: Scene) -> None:
    sign_in(scene, "ann")
    entries = listed(scene).json
    assert [(entry["hook"], entry["status"], entry["waited_for"]) for entry in entries] == [
        ("told", "delivered", False),
        ("waited", "delivered", True),
    ]
    assert [entry["point"] for entry in entries] == ["login.after", "login.after"]


def test_the_log_is_filtered(scene: Scene) -> None:
    ann, _ = sign_in(scene, "ann"), sign_in(scene, "bob")
    between = scene.world.clock.now().isoformat().replace("+00:00", "Z")
    scene.target.answers = [answer(500)]
    Native(scene.world).sign_in("bob@example.org")
    assert len(listed(scene, "?hook=told").json) == 2
    assert len(listed(scene, f"?identity={ann}").json) == 2
    assert [entry["last_status"] for entry in listed(scene, "?status=failed").json] == [500]
    assert len(listed(scene, f"?since={between}").json) == 1
    assert len(listed(scene, f"?until={between}").json) == 4


@pytest.mark.parametrize("query", ["status=odd", "identity=nobody", "since=yesterday", "page_size=x", "page_token=x"])
def test_what_cannot_be_asked_for_is_refused(scene: Scene, query: str) -> None:
    assert scene.world.admin("GET", f"{PATH}?{query}").status == 400


def test_the_log_comes_in_pages(scene: Scene) -> None:
    for _ in range(3):
        sign_in(scene, "ann")
    seen: list[str] = []
    query: str | None = "?page_size=4"
    while query is not None:
        reply = listed(scene, query)
        seen += [entry["id"] for entry in reply.json]
        links = [each for each in reply.headers["link"].split(",<") if 'rel="next"' in each]
        query = "?" + links[0].split("?")[1].split(">")[0] if links else None
    assert len(seen) == len(set(seen)) == 6


def test_a_token_of_another_list_is_refused(scene: Scene) -> None:
    sign_in(scene, "ann")
    link = listed(scene, "?page_size=1").headers["link"]
    token = link.split("page_token=")[-1].split(">")[0]
    assert scene.world.admin("GET", f"{PATH}?hook=told&page_token={token}").status == 400


def test_a_delivery_shows_every_attempt_without_what_it_said(scene: Scene) -> None:
    scene.target.answers = [answer(503, {"who": "ann@example.org"}), answer(200)]
    sign_in(scene, "ann")
    (entry,) = listed(scene, "?hook=waited").json
    reply = scene.world.admin("GET", f"{PATH}/{entry['id']}")
    (run,) = reply.json["runs"]
    assert [(each["number"], each["status"]) for each in run["attempts"]] == [(1, 503), (2, 200)]
    assert run["attempts"][0]["response"]["body"] == {"who": "<redacted>"}
    assert b"ann@example.org" not in reply.body


def test_a_call_is_made_once_more_under_the_same_id(scene: Scene) -> None:
    sign_in(scene, "ann")
    (entry,) = listed(scene, "?hook=told").json
    before = len(scene.target.calls)
    reply = scene.world.admin("POST", f"{PATH}/{entry['id']}/replay")
    assert (reply.status, reply.json["status"]) == (202, "retrying")
    Bus(scene.world.svc).step()
    (again,) = scene.target.calls[before:]
    assert again.headers["webhook-id"] == entry["id"]
    (run, second) = scene.world.admin("GET", f"{PATH}/{entry['id']}").json["runs"]
    assert (run["number"], second["number"], second["status"]) == (1, 2, "delivered")


def test_a_call_that_a_step_waited_for_is_made_once_more_too(scene: Scene) -> None:
    scene.target.answers = [answer(400)]
    assert Native(scene.world).sign_in("ann@example.org").status == 502
    (entry,) = listed(scene, "?hook=waited").json
    assert (entry["status"], entry["can_replay"], entry["waited_for"]) == ("failed", True, True)
    (first,) = scene.target.calls
    scene.world.clock.pass_by(seconds=1)
    scene.target.answers, bus = [answer(200)], Bus(scene.world.svc)
    assert scene.world.admin("POST", f"{PATH}/{entry['id']}/replay").status == 202
    bus.step()
    again = scene.target.calls[-1]
    assert again.headers["webhook-id"] == first.headers["webhook-id"] == entry["id"]
    assert again.json == first.json
    again = scene.world.admin("GET", f"{PATH}/{entry['id']}").json
    assert (again["status"], again["waited_for"], again["runs_made"]) == ("delivered", True, 2)
    assert [run["status"] for run in again["runs"]] == ["failed", "delivered"]


def test_a_call_that_was_too_long_to_be_kept_is_not_made_again(scene: Scene) -> None:
    client, noise = Native(scene.world), scene.world.svc.random.bytes(20_000).hex()
    fields = {"method": "password", "identifier": "ann@example.org", "password": PASSWORD}
    assert client.submit(client.start("login"), **fields, transient_payload={"noise": noise}).status == 200
    (entry,) = listed(scene, "?hook=waited").json
    assert not entry["can_replay"]
    reply = scene.world.admin("POST", f"{PATH}/{entry['id']}/replay")
    assert (reply.status, "too long to be kept" in reply.json["error"]["reason"]) == (409, True)


def test_what_is_not_in_the_log_is_not_there(scene: Scene) -> None:
    assert scene.world.admin("GET", f"{PATH}/evt_none").status == 404
    assert scene.world.admin("POST", f"{PATH}/evt_none/replay").status == 404
