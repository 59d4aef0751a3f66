"""Hooks around a sign-in at a provider: a first one, that makes the person, runs those of registration."""

from __future__ import annotations

from typing import Any

import pytest
from tests.hooks.web_hook.target import INTERRUPT, PARSE, REFUSAL, answer, hook
from tests.methods.oidc.conftest import Deploy
from tests.providers import Provider, configured, there_and_back
from tests.world import CLIENTS, Client, World

from vestibule.local.bus import Bus

EMAIL = "ann@example.org"
TARGET = "https://target.example.org"


def call(name: str, **config: Any) -> dict[str, Any]:
    return hook(url=f"{TARGET}/{name}", **config)


def hooks(*, before: tuple[Any, ...] = (), after: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Of a flow, `after` those of the method."""
    return {"before": {"hooks": list(before)}, "after": {"oidc": {"hooks": list(after)}}}


def called(provider: Provider) -> list[str]:
    """The hooks' names, in the order of their calls."""
    return [each.url.removeprefix(f"{TARGET}/") for each in provider.calls if each.url.startswith(TARGET)]


SESSION = {"hook": "session"}
AROUND = configured(
    flows={
        "login": hooks(before=(call("before-login"),), after=(call("login"),)),
        "registration": hooks(
            before=(call("before-registration"),),
            after=(call("registration"), call("parse", response={"parse": True}), SESSION),
        ),
    }
)


@pytest.fixture
def around(deploy: Deploy, provider: Provider) -> World:
    """A deployment with a hook in every place."""
    provider.routes = {TARGET: answer()}
    return deploy(AROUND)


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__.lower())
def kind(request: pytest.FixtureRequest) -> type[Client]:
    return request.param


@pytest.mark.parametrize("begun", ["login", "registration"])
def test_a_first_sign_in_runs_the_hooks_of_registration_in_their_order(
    begun: str, kind: type[Client], provider: Provider, around: World
):
    assert there_and_back(kind(around), provider, begun, email=EMAIL).status in (200, 303)
    started = ["before-login"] if begun == "login" else []
    assert called(provider) == [*started, "before-registration", "parse", "registration"]
    sent = provider.sent("/registration").json
    assert sent["identity"]["traits"]["email"] == EMAIL
    assert sent["flow"]["active"] == "oidc"


@pytest.mark.parametrize("begun", ["login", "registration"])
def test_every_later_sign_in_runs_those_of_login(begun: str, kind: type[Client], provider: Provider, around: World):
    there_and_back(kind(around), provider, email=EMAIL)
    provider.calls.clear()
    assert there_and_back(kind(around), provider, begun, email=EMAIL).status in (200, 303)
    started = ["before-registration"] if begun == "registration" else []
    assert called(provider) == [*started, "before-login", "login"]


def test_what_a_hook_says_of_the_person_is_stored(kind: type[Client], provider: Provider, around: World):
    changed = {"identity": {"metadata_public": {"plan": "gold"}, "traits": {"email": EMAIL, "age": 30}}}
    provider.routes = {f"{TARGET}/parse": answer(body=changed), TARGET: answer()}
    there_and_back(kind(around), provider, email=EMAIL)
    (person,) = around.admin("GET", "/admin/identities").json
    assert (person["traits"]["age"], person["metadata_public"]) == (30, {"plan": "gold"})


@pytest.mark.parametrize("config", [PARSE, INTERRUPT])
def test_a_hook_that_refuses_keeps_somebody_out_who_is_then_asked_in_the_form(
    config: dict[str, Any], kind: type[Client], provider: Provider, deploy: Deploy
):
    after = (call("plain"), call("gate", **config), SESSION)
    world = deploy(configured(flows={"registration": hooks(after=after)}))
    provider.routes = {f"{TARGET}/gate": answer(400, REFUSAL), TARGET: answer()}
    client = kind(world)
    flow = client.refused_flow("registration", there_and_back(client, provider, email=EMAIL))
    assert flow.messages_at("traits.email") == [1234]
    assert called(provider) == ["gate"]
    assert world.admin("GET", "/admin/identities").json == []
    assert client.whoami().status == 401


def test_a_hook_in_front_of_registration_refuses_before_anybody_is_made(
    kind: type[Client], provider: Provider, deploy: Deploy
):
    world = deploy(configured(flows={"registration": hooks(before=(call("gate", **INTERRUPT),), after=(SESSION,))}))
    provider.routes = {TARGET: answer(403, REFUSAL)}
    client = kind(world)
    reply = there_and_back(client, provider, email=EMAIL)
    if client.kind == "browser":
        reply = client.get(f"/self-service/errors?id={reply.query('id')}")
    assert reply.json["error"]["id"] == "self_service_flow_refused"
    assert world.admin("GET", "/admin/identities").json == []


def test_nobody_waits_for_an_answer_that_is_ignored(kind: type[Client], provider: Provider, deploy: Deploy):
    after = (call("later", response={"ignore": True}), SESSION)
    world = deploy(configured(flows={"registration": hooks(after=after)}))
    assert there_and_back(kind(world), provider, email=EMAIL).status in (200, 303)
    assert called(provider) == []
    provider.routes = {TARGET: answer()}
    Bus(world.svc).step()
    assert called(provider) == ["later"]
    assert provider.sent("/later").json["identity"]["traits"]["email"] == EMAIL
