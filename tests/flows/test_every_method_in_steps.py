"""Every method where sign-up asks for the profile first, sign-in for the name first. Contract 01 §4 and §5, 07 §4."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from tests import codes, keys
from tests.codes import last_code
from tests.keys import Authenticator, value
from tests.providers import Provider, configured, deployed, where
from tests.world import CLIENTS, PASSWORD, Browser, Client, Flow, Native, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged

EMAIL, NOBODY = "ann@example.org", "nobody@example.org"
TRAITS = {"traits": {"email": EMAIL}}
STYLES: dict[str, Any] = {"login": {"style": "identifier_first"}, "registration": {"style": "profile_first"}}


def build(table: SqliteTable, provider: Provider, *, mitigated: bool = False, by_code: bool = True) -> World:
    config = merged(keys.config("passwordless", "passkey"), configured())
    config = merged(config, {"selfservice": {"flows": STYLES}})
    config = merged(config, codes.PASSWORDLESS if by_code else {})
    schema = copy.deepcopy(codes.schema() if by_code else keys.SCHEMA)
    credentials = schema["properties"]["traits"]["properties"]["email"]["ory.sh/kratos"]["credentials"]
    credentials |= {"webauthn": {"identifier": True}, "passkey": {"display_name": True}}
    return deployed(
        table, provider, merged(config, {"security": {"account_enumeration": {"mitigate": mitigated}}}), schema
    )


@pytest.fixture
def provider() -> Provider:
    return Provider()


class Person:
    """What somebody has at hand, in front of any client."""

    def __init__(self, provider: Provider) -> None:
        self.provider, self.key = provider, Authenticator()

    def there_and_back(self, client: Client, reply: Reply) -> Reply:
        """At the provider. An app's answer comes where the browser comes back."""
        back = self.provider.approves(where(reply), email=EMAIL)
        reply = (Browser(client.world) if client.kind == "native" else client).get(back)
        if client.kind == "native":
            client.token = reply.json["session_token"]
        return reply


def _up_by_code(person: Person, client: Client, flow: Flow) -> Reply:
    sent = client.refused_flow("registration", client.submit(flow, method="code", **TRAITS))
    return client.submit(sent, method="code", **TRAITS, code=last_code(client.world, EMAIL))


def _up_by_passkey(person: Person, client: Client, flow: Flow) -> Reply:
    made = person.key.create(value(flow, "passkey_create_data"))
    return client.submit(flow, method="passkey", passkey_register=made, **TRAITS)


def _up_by_key(person: Person, client: Client, flow: Flow) -> Reply:
    made = person.key.create(value(flow, "webauthn_register_trigger"))
    return client.submit(flow, webauthn_register=made, webauthn_register_displayname="Blue", **TRAITS)


def _in_by_code(person: Person, client: Client, flow: Flow) -> Reply:
    if flow.document["state"] == "choose_method":
        flow = client.refused_flow("login", client.submit(flow, method="code", identifier=EMAIL))
    return client.submit(flow, method="code", identifier=EMAIL, code=last_code(client.world, EMAIL))


def _in_by_key(person: Person, client: Client, flow: Flow) -> Reply:
    if "webauthn_login_trigger" not in flow.nodes:
        reply = client.submit(flow, method="webauthn", identifier=EMAIL)
        told = reply.query("flow") if client.kind == "browser" else where(reply).partition("flow=")[2]
        flow = client.fetch("login", told).flow
    signed = person.key.sign(value(flow, "webauthn_login_trigger"))
    return client.submit(flow, method="webauthn", identifier=EMAIL, webauthn_login=signed)


Step = Callable[[Person, Client, Flow], Reply]
SIGN_UP: dict[str, Step] = {
    "password": lambda person, client, flow: client.submit(flow, method="password", password=PASSWORD, **TRAITS),
    "code": _up_by_code,
    "passkey": _up_by_passkey,
    "webauthn": _up_by_key,
    "oidc": lambda person, client, flow: person.there_and_back(
        client, client.submit(flow, provider="example", **TRAITS)
    ),
}
SIGN_IN: dict[str, Step] = {
    "password": lambda person, client, flow: client.submit(
        flow, method="password", identifier=EMAIL, password=PASSWORD
    ),
    "code": _in_by_code,
    "passkey": lambda person, client, flow: client.submit(
        flow, method="passkey", passkey_login=person.key.sign(value(flow, "passkey_challenge"))
    ),
    "webauthn": _in_by_key,
    "oidc": lambda person, client, flow: person.there_and_back(client, client.submit(flow, provider="example")),
}
METHODS = tuple(SIGN_UP)
WITH_CLIENT = [(method, kind) for method in METHODS for kind in CLIENTS if (method, kind) != ("webauthn", Native)]


def signed_up(person: Person, client: Client, method: str) -> Client:
    """In two steps."""
    second = client.refused_flow(
        "registration", client.submit(client.start("registration"), method="profile", **TRAITS)
    )
    assert second.message_ids == [1040009]
    SIGN_UP[method](person, client, second)
    return client


def second_step(client: Client, identifier: str = EMAIL) -> Flow:
    reply = client.submit(client.start("login"), method="identifier_first", identifier=identifier)
    return client.refused_flow("login", reply)


def methods_of(client: Client) -> list[str]:
    reply = client.whoami()
    assert reply.status == 200, reply.body
    assert reply.json["identity"]["traits"]["email"] == EMAIL
    return [each["method"] for each in reply.json["authentication_methods"]]


def groups(flow: Flow) -> set[str]:
    """The methods with something to press: as recorded, what passkeys need behind the name's field stays throughout."""
    nodes = flow.document["ui"]["nodes"]
    return {node["group"] for node in nodes if node["attributes"].get("type") in ("submit", "button")}


@pytest.mark.parametrize(("method", "kind"), WITH_CLIENT)
def test_who_one_is_comes_first_and_how_one_signs_up_second(
    sqlite_table: SqliteTable, provider: Provider, method: str, kind: type[Client]
) -> None:
    world = build(sqlite_table, provider)
    assert methods_of(signed_up(Person(provider), kind(world), method)) == [method]


@pytest.mark.parametrize("mitigated", [False, True], ids=["telling", "mitigated"])
@pytest.mark.parametrize(
    ("method", "kind", "by_code"),
    [(*each, by_code) for each in WITH_CLIENT for by_code in (True, False) if by_code or each[0] != "code"],
)
def test_who_one_is_comes_first_and_how_one_signs_in_second(
    sqlite_table: SqliteTable, provider: Provider, method: str, kind: type[Client], by_code: bool, mitigated: bool
) -> None:
    world = build(sqlite_table, provider, mitigated=mitigated, by_code=by_code)
    person = Person(provider)
    signed_up(person, Spa(world), method)
    client = kind(world)
    SIGN_IN[method](person, client, second_step(client))
    assert methods_of(client) == [method]


@pytest.mark.parametrize("method", METHODS)
def test_only_what_the_account_has_is_offered(sqlite_table: SqliteTable, provider: Provider, method: str) -> None:
    """Codes go to whoever has an address: where they sign in, everybody has them."""
    world = build(sqlite_table, provider)
    signed_up(Person(provider), Spa(world), method)
    assert groups(second_step(Spa(world))) == {method, "code"}


@pytest.mark.attack("enum-06")
@pytest.mark.parametrize("method", [each for each in METHODS if each != "code"])
def test_with_mitigation_everybody_is_offered_everything(
    sqlite_table: SqliteTable, provider: Provider, method: str
) -> None:
    world = build(sqlite_table, provider, mitigated=True, by_code=False)
    signed_up(Person(provider), Spa(world), method)
    assert groups(second_step(Spa(world))) == groups(second_step(Spa(world), NOBODY)) == set(METHODS) - {"code"}


@pytest.mark.parametrize("mitigated", [False, True])
def test_who_has_nothing_but_codes_is_sent_one_unless_that_would_tell(
    sqlite_table: SqliteTable, provider: Provider, mitigated: bool
) -> None:
    world = build(sqlite_table, provider, mitigated=mitigated)
    signed_up(Person(provider), Spa(world), "code")
    second = second_step(Spa(world))
    assert second.document["state"] == ("choose_method" if mitigated else "sent_email")
    assert second.message_ids == ([] if mitigated else [1010014])


@pytest.mark.parametrize("kind", CLIENTS, ids=lambda kind: kind.__name__.lower())
def test_one_may_go_back_and_take_another_way(
    sqlite_table: SqliteTable, provider: Provider, kind: type[Client]
) -> None:
    client = kind(build(sqlite_table, provider))
    first = client.start("registration")
    second = client.refused_flow("registration", client.submit(first, method="profile", **TRAITS))
    sent = client.refused_flow("registration", client.submit(second, method="code", **TRAITS))
    choosing = client.refused_flow("registration", client.submit(sent, screen="credential-selection", **TRAITS))
    assert "password" in groups(choosing)
    back = client.refused_flow("registration", client.submit(choosing, screen="previous", **TRAITS))
    assert back.nodes["traits.email"]["attributes"]["type"] == "email"
    assert back.nodes["traits.email"]["attributes"]["value"] == EMAIL
    again = client.refused_flow("registration", client.submit(back, method="profile", **TRAITS))
    client.submit(again, method="password", password=PASSWORD, **TRAITS)
    assert methods_of(client) == ["password"]
