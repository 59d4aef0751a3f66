"""The ten triggers and their precedence, as whole journeys: which targets are called, in which order."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests import codes, recovery, verification
from tests.hooks.journeys import ANN, FLOWS, JOURNEYS, default
from tests.hooks.web_hook.target import REFUSAL, TEMPLATES, Scene, answer, hook
from tests.world import CLIENTS, PASSWORD, Client, Native, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.local.bus import Bus

SESSION = {"hook": "session"}


def named(name: str, **config: Any) -> dict[str, Any]:
    """A hook with an address of its own."""
    return hook(url=f"https://target.example.org/{name}", **config)


def called(scene: Scene) -> list[str]:
    """The names of the targets, in the order of their calls."""
    return [PurePosixPath(urlsplit(call.url).path).name for call in scene.target.calls]


def travelled(scene: Scene, kind: type[Client], flow: str) -> list[str]:
    if flow != "registration":
        Native(scene.world).sign_up(ANN)
    scene.target.calls.clear()
    JOURNEYS[flow](kind(scene.world))
    return called(scene)


# --- triggers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("flow", FLOWS)
def test_every_flow_triggers_before_and_after(sqlite_table: SqliteTable, kind: type[Client], flow: str):
    """In the order of the configuration. Saving settings begins the flow that follows, as recorded."""
    hooks = {
        "before": {"hooks": [named("b1"), named("b2")]},
        "after": default(flow, named("a1"), named("a2"), named("a3")),
    }
    again = ["b1", "b2"] if flow == "settings" else []
    ran = travelled(Scene(sqlite_table, {flow: hooks}), kind, flow)
    assert ran == ["b1", "b2", *again, "a1", "a2", "a3"]


@pytest.mark.parametrize("flow", FLOWS)
def test_a_hook_that_reads_its_answer_triggers_alike(sqlite_table: SqliteTable, flow: str):
    """Also in the default list of registration and settings, where Kratos never runs it (deviation D1)."""
    reads = {"response": {"parse": True}}
    hooks = {"before": {"hooks": [named("b", **reads)]}, "after": default(flow, named("a", **reads))}
    ran = travelled(Scene(sqlite_table, {flow: hooks}), Native, flow)
    assert ran == (["b", "a", "b"] if flow == "settings" else ["b", "a"])


@pytest.mark.parametrize("flow", FLOWS)
def test_a_hook_whose_answer_is_ignored_triggers_alike(sqlite_table: SqliteTable, flow: str):
    ignores = {"response": {"ignore": True}}
    scene = Scene(sqlite_table, {flow: {"after": default(flow, named("a", **ignores))}})
    assert travelled(scene, Native, flow) == []
    Bus(scene.world.svc).step()
    assert called(scene) == ["a"]


@pytest.mark.parametrize("kind", CLIENTS)
def test_nothing_triggers_after_what_failed(sqlite_table: SqliteTable, kind: type[Client]):
    after = {flow: {"after": default(flow, named(flow))} for flow in FLOWS}
    scene = Scene(sqlite_table, after)
    client = kind(scene.world)
    client.sign_in(ANN)
    client.sign_up("no address")
    flow = recovery.send(client, ANN)
    recovery.enter(client, flow, "000000")
    verification.enter(client, verification.ask(client, ANN), "000000")
    assert called(scene) == []


def test_a_refusal_keeps_those_behind_it_from_running(sqlite_table: SqliteTable):
    reads = {"response": {"parse": True}}
    hooks = [named("first", **reads), named("second", **reads), named("third", **reads)]
    scene = Scene(sqlite_table, {"login": {"after": {"password": {"hooks": hooks}}}})
    Native(scene.world).sign_up(ANN)
    scene.target.answers = [answer(), answer(400, REFUSAL)]
    assert Native(scene.world).sign_in(ANN).status == 400
    assert called(scene) == ["first", "second"]


# --- precedence ------------------------------------------------------------------------------------------

DOCUMENTED = {
    "before": {"hooks": [named("hook_1")]},
    "after": {"hooks": [named("hook_2")], "password": {"hooks": [named("hook_3")]}},
}
"""As the product's documents have it: 1 whenever the flow starts, 3 for the password, 2 for every other method."""


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("flow", ["login", "registration"])
def test_the_documented_example_works_literally(sqlite_table: SqliteTable, kind: type[Client], flow: str):
    scene = Scene(sqlite_table, {flow: DOCUMENTED})
    assert travelled(scene, kind, flow) == ["hook_1", "hook_3"]


@pytest.mark.parametrize("flow", ["login", "registration"])
def test_the_documented_example_works_for_any_other_method(sqlite_table: SqliteTable, flow: str):
    scene = Scene(sqlite_table, {flow: DOCUMENTED})
    config = {"selfservice": {"methods": {"code": {"passwordless_enabled": True}}, "flows": {flow: DOCUMENTED}}}
    scene.world = World.build(sqlite_table, config, codes.schema(), web=scene.target, templates=TEMPLATES)
    app = Native(scene.world)
    signed_up = codes.sign_up(app, ANN)
    if flow == "login":
        scene.target.calls.clear()
        codes.enter(app, codes.send(app, ANN), ANN, codes.last_code(scene.world, ANN))
    assert signed_up.status == 200
    assert called(scene) == ["hook_1", "hook_2"]


def test_the_documented_example_works_for_settings(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, {"settings": DOCUMENTED})
    assert travelled(scene, Native, "settings") == ["hook_1", "hook_1", "hook_2"]
    app = Native(scene.world)
    app.sign_in(ANN)
    scene.target.calls.clear()
    app.submit(app.start("settings"), method="password", password=f"{PASSWORD}-2")
    assert called(scene) == ["hook_1", "hook_1", "hook_3"]


def test_lists_are_not_merged(sqlite_table: SqliteTable):
    """A method's list takes the place of the default one, whichever hooks stand in either."""
    default = {"hooks": [named("default"), named("refusing", response={"parse": True})]}
    after = {**default, "password": {"hooks": [SESSION]}}
    scene = Scene(sqlite_table, {"registration": {"after": after}})
    assert travelled(scene, Native, "registration") == []


def test_an_empty_list_is_none(sqlite_table: SqliteTable):
    after = {"hooks": [named("default")], "password": {"hooks": []}}
    scene = Scene(sqlite_table, {"registration": {"after": after}})
    assert travelled(scene, Native, "registration") == ["default"]


def test_a_list_without_a_hook_for_the_moment_is_none_either(sqlite_table: SqliteTable):
    """`verify_new_address` acts before settings are stored; after that, the default list has its turn (02 §1)."""
    after = {"hooks": [named("default")], "profile": {"hooks": [{"hook": "verify_new_address"}]}}
    scene = Scene(sqlite_table, {"settings": {"after": after}})
    assert travelled(scene, Native, "settings") == ["default"]


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_session_is_opened_behind_all_others(sqlite_table: SqliteTable, kind: type[Client], place: int):
    hooks = [named("one"), named("two")]
    hooks.insert(place, SESSION)
    scene = Scene(sqlite_table, {"registration": {"after": {"password": {"hooks": hooks}}}})
    client = kind(scene.world)
    client.sign_up(ANN)
    assert called(scene) == ["one", "two"]
    assert client.whoami().status == 200


def test_a_hook_that_fails_behind_the_stored_identity_opens_no_session(sqlite_table: SqliteTable):
    hooks = [SESSION, named("late")]
    scene = Scene(sqlite_table, {"registration": {"after": {"password": {"hooks": hooks}}}})
    scene.target.answers = [answer(400)]
    assert Native(scene.world).sign_up(ANN).status == 502
    assert not [key for key in scene.world.stored() if key[1].startswith("S#")]
