"""What a method takes: one file, one row of the registry, its tests. This is such a file, and these are such tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from msgspec import Struct
from tests.hooks.web_hook.target import REFUSAL, TEMPLATES, Target, answer, hook
from tests.world import CLIENTS, Client, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.domain.flow import Flow, Kind
from vestibule.domain.message import Problem
from vestibule.domain.session import Aal, AuthenticationMethod
from vestibule.flows import login
from vestibule.methods import registry
from vestibule.methods.identifier import identifier_nodes
from vestibule.methods.method import Attempt, Form, Proven, Rejected, Verdict
from vestibule.ports import Key
from vestibule.services import Services
from vestibule.ui import messages
from vestibule.ui.nodes import Node, input_node, submit_node

EMAIL, RIDDLE = "ann@example.org", "riddle"


class RiddleLogin(Struct, frozen=True):
    """Sign in by saying one's address backwards: no secret, but all that a method has to do."""

    id: str = RIDDLE
    fields: tuple[str, ...] = ("identifier", "backwards")

    def enabled(self, svc: Services) -> bool:
        return True

    def responsible(self, form: Form) -> bool:
        return form.method == RIDDLE

    def nodes(self, flow: Flow, svc: Services) -> Sequence[Node]:
        if flow.requested_aal != Aal.AAL1:
            return ()
        field = input_node("backwards", "text", RIDDLE, required=True)
        return (*identifier_nodes(flow, svc), field, submit_node("method", RIDDLE, RIDDLE, messages.LOGIN()))

    def keys(self, form: Form, svc: Services) -> Sequence[Key]:
        return (svc.identities.identifier_key("password", form.text("identifier")),)

    def submit(self, attempt: Attempt, svc: Services) -> Verdict:
        form = attempt.form
        entry = svc.identities.read_identifier(attempt.found[self.keys(form, svc)[0]])
        identity = svc.identities.find(entry.identity_id) if entry else None
        if identity is None or form.text("backwards") != form.text("identifier")[::-1]:
            return Rejected((Problem(messages.INVALID_CREDENTIALS()),), {"identifier": form.text("identifier")})
        return Proven(identity, AuthenticationMethod(RIDDLE, Aal.AAL1, svc.clock.now()))


@pytest.fixture
def target() -> Target:
    return Target()


@pytest.fixture
def world(sqlite_table: SqliteTable, target: Target, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A deployment whose registry has one row more, and a hook behind every sign-in."""
    rows = (*registry.methods(Kind.LOGIN), RiddleLogin())
    monkeypatch.setitem(vars(registry)["_METHODS"], Kind.LOGIN, lambda: rows)
    monkeypatch.setattr(login, "_METHODS", rows)
    registry.methods.cache_clear()
    flows = {"login": {"after": {"hooks": [hook(can_interrupt=True)]}}}
    yield World.build(sqlite_table, {"selfservice": {"flows": flows}}, web=target, templates=TEMPLATES)
    registry.methods.cache_clear()


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def client(request: pytest.FixtureRequest, world: World) -> Client:
    world.identity(EMAIL)
    return request.param(world)


def answered(client: Client, text: str = EMAIL[::-1], **params: str) -> Reply:
    flow = client.start("login", **params)
    return client.submit(flow, method=RIDDLE, identifier=EMAIL, backwards=text)


def test_it_stands_in_the_form_beside_the_others(client: Client) -> None:
    nodes = client.start("login").nodes
    assert nodes["backwards"]["group"] == RIDDLE
    assert {"identifier", "password", "backwards"} <= nodes.keys()


def test_it_opens_a_session_that_says_how(client: Client) -> None:
    reply = answered(client)
    assert reply.status == (303 if client.kind == "browser" else 200)
    if client.kind == "native":
        client.token = reply.json["session_token"]
    shown = client.whoami().json["authentication_methods"]
    assert [(each["method"], each["aal"]) for each in shown] == [(RIDDLE, "aal1")]


def test_a_wrong_answer_shows_the_form_again_with_what_was_typed(client: Client) -> None:
    flow = client.refused_flow("login", answered(client, "wrong"))
    assert flow.message_ids == [messages.INVALID_CREDENTIALS.id]
    assert flow.nodes["identifier"]["attributes"]["value"] == EMAIL
    assert client.whoami().status == 401


def test_a_form_of_a_browser_needs_its_token(world: World) -> None:
    world.identity(EMAIL)
    client = Spa(world)
    flow = client.start("login")
    reply = client.submit(flow, method=RIDDLE, identifier=EMAIL, backwards=EMAIL[::-1], csrf_token="")
    assert reply.error_id == "security_csrf_violation"


def test_hooks_hold_for_it(client: Client, target: Target) -> None:
    target.answers = [answer(400, REFUSAL)]
    client.refused_flow("login", answered(client))
    assert client.whoami().status == 401
    assert target.calls[-1].json["flow"]["active"] == RIDDLE


def test_whoever_is_signed_in_may_sign_in_once_more_by_it(client: Client) -> None:
    first = answered(client)
    if client.kind == "native":
        client.token = first.json["session_token"]
    session = client.whoami().json["id"]
    assert answered(client, refresh="true").status in (200, 303)
    again = client.whoami().json
    assert again["id"] == session
    assert [each["method"] for each in again["authentication_methods"]] == [RIDDLE, RIDDLE]
