"""A link leads to a provider: sign-in and sign-up by GET, with the provider in the query. Contract 01 §2, 04 §6."""

from __future__ import annotations

import pytest
from tests.providers import Provider, deployed, where
from tests.world import PASSWORD, Browser, Client, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import Key
from vestibule.ui import messages

EMAIL = "ann@example.org"


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def world(sqlite_table: SqliteTable, provider: Provider) -> World:
    return deployed(sqlite_table, provider)


def followed(client: Client, kind: str, query: str, method: str = "GET") -> Reply:
    return client.send(method, f"/self-service/{kind}?flow={client.start(kind).id}&{query}")


@pytest.mark.parametrize("query", ["provider=example", "method=oidc&provider=example"])
@pytest.mark.parametrize("kind", ["login", "registration"])
@pytest.mark.parametrize("client", [Browser, Spa, Native], indirect=True)
def test_whoever_opens_it_is_sent_to_the_provider_and_comes_back_signed_in(
    client: Client, provider: Provider, kind: str, query: str
) -> None:
    reply = followed(client, kind, query)
    assert reply.status == (303 if client.kind == "browser" else 422)
    back = provider.approves(where(reply), email=EMAIL)
    reply = (Browser(client.world) if client.kind == "native" else client).get(back)
    if client.kind == "native":
        client.token = reply.json["session_token"]
    assert client.whoami().json["identity"]["traits"]["email"] == EMAIL


def test_it_may_bring_what_the_provider_is_asked_and_what_it_does_not_know(world: World, provider: Provider) -> None:
    query = "provider=example&upstream_parameters.prompt=login&traits.name.first=Ann"
    ann = Browser(world)
    reply = followed(ann, "registration", query)
    assert "prompt=login" in reply.location
    ann.get(provider.approves(reply.location, email=EMAIL))
    assert ann.whoami().json["identity"]["traits"]["name"] == {"first": "Ann"}


@pytest.mark.parametrize(
    "query",
    [
        f"method=password&identifier={EMAIL}&password={PASSWORD}",
        f"identifier={EMAIL}&password={PASSWORD}",
        f"method=password&provider=example&identifier={EMAIL}&password={PASSWORD}",
        "method=oidc",
        "provider=",
    ],
)
def test_nothing_else_is_read_from_an_address(world: World, query: str) -> None:
    world.identity(EMAIL)
    ann = Spa(world)
    reply = followed(ann, "login", query)
    assert reply.status == 400
    assert reply.flow.message_ids == [messages.GENERIC.id]
    assert ann.whoami().status == 401


def test_whoever_only_looks_goes_nowhere(world: World) -> None:
    ann = Browser(world)
    before = len(world.stored())
    assert followed(ann, "login", "provider=example", "HEAD").location.startswith("https://app.example.org/login")
    assert kinds(world) == {"F"}
    assert len(world.stored()) == before + 1  # the flow itself


def kinds(world: World) -> set[str]:
    """Of the items that a start and a look write."""
    keys: list[Key] = list(world.stored())
    return {pk.partition("#")[0] for pk, _ in keys} - {"CFG"}
