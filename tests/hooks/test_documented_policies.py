"""What the product's documentation says of verification, switched on by its own commands: each keeps its promise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests import codes, keys, providers, verification
from tests.keys import Authenticator
from tests.providers import Provider, deployed, there_and_back
from tests.settings import CONFIG as SETTINGS
from tests.settings import PAGE as SETTINGS_PAGE
from tests.verification import PAGE, code_to, enter, shown, statuses
from tests.world import CLIENTS, PASSWORD, Browser, Client, Native, Reply, Spa, World, configured

from vestibule.adapters.sqlite import SqliteTable
from vestibule.cli.patches import from_options
from vestibule.config.document import merged
from vestibule.config.patch import applied, operations
from vestibule.ui import messages

EMAIL, NEW = "alice@example.org", "alice@new.example"
SESSION = {"hooks": [{"hook": "session"}]}

REQUIRED = ("""/selfservice/flows/login/after/password/hooks/0/hook="require_verified_address\"""",)
LEGACY_ERROR = "/feature_flags/legacy_require_verified_login_error=true"
SHOWN_BY_HOOK = tuple(
    f"""/selfservice/flows/registration/after/{method}/hooks/0/hook="show_verification_ui\""""
    for method in ("password", "oidc", "webauthn")
)
SHOWN_BY_LIST = tuple(
    f"""/selfservice/flows/registration/after/{method}/hooks=[{{"hook": "show_verification_ui"}}]"""
    for method in ("password", "oidc", "webauthn")
)
LEGACY_ITEMS = "/feature_flags/legacy_continue_with_verification_ui=true"
AFTER_CHANGE = """/selfservice/flows/settings/after/profile/hooks/0/hook="show_verification_ui\""""
DEFAULT_REQUIRED = """/selfservice/flows/login/after/hooks=[{"hook": "require_verified_address"}]"""

Ways = dict[str, Callable[[Client], Reply]]


@pytest.fixture
def provider() -> Provider:
    return Provider()


def build(table: SqliteTable, provider: Provider, *added: str, session: bool = False) -> World:
    """Every way to sign in, and verification by code, with what the documented commands add."""
    schema = keys.SCHEMA
    email = schema["properties"]["traits"]["properties"]["email"]
    extension = email["ory.sh/kratos"]
    extension = {
        **extension,
        "verification": {"via": "email"},
        "credentials": {**extension["credentials"], "code": {"identifier": True, "via": "email"}},
    }
    traits = {"email": {**email, "ory.sh/kratos": extension}}
    schema = {**schema, "properties": {"traits": {**schema["properties"]["traits"], "properties": traits}}}
    document: dict[str, Any] = merged(keys.config("passwordless", "passkey"), SETTINGS)
    for part in (verification.BY_CODE, codes.PASSWORDLESS, providers.configured()):
        document = merged(document, part)
    document["selfservice"]["flows"]["registration"] = {"after": SESSION} if session else {}
    document = applied(document, operations(from_options([], added, [], []))) if added else document
    return deployed(table, provider, merged(configured(schema), document), schema)


def ways(provider: Provider, key: Authenticator, passkey: Authenticator) -> Ways:
    """How somebody signs in by each method that is a first factor."""

    def by_key(client: Client) -> Reply:
        flow = client.start("login")
        client.submit(flow, method="webauthn", identifier=EMAIL)
        flow = client.fetch("login", flow.id).flow
        signed = key.sign(keys.value(flow, "webauthn_login_trigger"))
        return client.submit(flow, method="webauthn", identifier=EMAIL, webauthn_login=signed)

    return {
        "password": lambda client: client.sign_in(EMAIL),
        "oidc": lambda client: there_and_back(client, provider, email=EMAIL),
        "passkey": lambda client: keys.sign_in_with_passkey(client, passkey),
        "webauthn": by_key,
    }


@pytest.fixture
def key() -> Authenticator:
    return Authenticator()


@pytest.fixture
def passkey() -> Authenticator:
    return Authenticator()


def alice(world: World, provider: Provider, key: Authenticator, passkey: Authenticator) -> None:
    """She can sign in by every method, and proved nothing: nobody is asked while she signs up."""
    spa = Spa(world)
    assert there_and_back(spa, provider, "registration", email=EMAIL).status in (200, 303)
    assert spa.whoami().status == 200
    assert spa.submit(spa.start("settings"), method="password", password=PASSWORD).status == 200
    assert keys.add_key(spa, key).status == 200
    assert keys.add_passkey(spa, passkey).status == 200


# --- verification on login --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLIENTS, ids=lambda kind: kind.__name__.lower())
def test_who_proved_no_address_does_not_sign_in_and_is_sent_a_code(
    sqlite_table: SqliteTable, provider: Provider, kind: type[Client]
) -> None:
    world = build(sqlite_table, provider, *REQUIRED, session=True)
    kind(world).sign_up(EMAIL)
    client = kind(world)
    reply = client.sign_in(EMAIL)
    assert client.whoami().status == 401
    if kind is Browser:
        assert (reply.status, reply.location.partition("?")[0]) == (303, PAGE)
        flow_id = reply.query("flow")
    else:
        error = reply.json["error"]
        (item,) = error["details"]["continue_with"]
        flow_id = item["flow"]["id"]
        assert (reply.status, error["id"]) == (403, "session_verified_address_required")
        assert item["flow"]["verifiable_address"] == EMAIL
    shown(client, enter(client, client.fetch("verification", flow_id).flow, code_to(world, EMAIL)))
    client.sign_in(EMAIL)
    assert client.whoami().status == 200


@pytest.mark.parametrize("method", ["password", "oidc", "passkey", "webauthn"])
def test_no_method_is_exempt(
    sqlite_table: SqliteTable, provider: Provider, key: Authenticator, passkey: Authenticator, method: str
) -> None:
    world = build(sqlite_table, provider, DEFAULT_REQUIRED, session=True)
    alice(world, provider, key, passkey)
    client = Spa(world)
    reply = ways(provider, key, passkey)[method](client)
    assert (reply.status, reply.error_id) == (403, "session_verified_address_required")
    assert client.whoami().status == 401


@pytest.mark.parametrize("method", ["oidc", "passkey", "webauthn"])
def test_a_method_may_be_exempt_by_its_own_list_being_the_only_one(
    sqlite_table: SqliteTable, provider: Provider, key: Authenticator, passkey: Authenticator, method: str
) -> None:
    world = build(sqlite_table, provider, *REQUIRED, session=True)
    alice(world, provider, key, passkey)
    client = Spa(world)
    ways(provider, key, passkey)[method](client)
    assert client.whoami().status == 200
    assert Spa(world).sign_in(EMAIL).status == 403


def test_a_code_to_sign_in_proves_its_address(sqlite_table: SqliteTable, provider: Provider) -> None:
    world = build(sqlite_table, provider, DEFAULT_REQUIRED, session=True)
    Native(world).sign_up(EMAIL)
    app = Native(world)
    codes.enter(app, codes.send(app, EMAIL), EMAIL, codes.last_code(world, EMAIL))
    assert app.whoami().status == 200


def test_the_legacy_error_is_for_passwords_and_no_other_method_is_asked(
    sqlite_table: SqliteTable, provider: Provider, key: Authenticator, passkey: Authenticator
) -> None:
    world = build(sqlite_table, provider, DEFAULT_REQUIRED, LEGACY_ERROR, session=True)
    alice(world, provider, key, passkey)
    before = len(codes.letters(world, EMAIL))
    for method, sign_in in ways(provider, key, passkey).items():
        client = Spa(world)
        reply = sign_in(client)
        assert client.whoami().status == (401 if method == "password" else 200), method
        if method == "password":
            assert (reply.status, reply.flow.message_ids) == (400, [messages.ADDRESS_NOT_VERIFIED.id])
    assert len(codes.letters(world, EMAIL)) == before


# --- verification on sign-up ------------------------------------------------------------------------------


@pytest.mark.parametrize("added", [SHOWN_BY_HOOK, SHOWN_BY_LIST], ids=["by hook", "by list"])
@pytest.mark.parametrize("method", ["password", "oidc", "webauthn"])
@pytest.mark.parametrize("kind", [Browser, Spa])
def test_whoever_signs_up_proves_the_address_before_there_is_a_session(
    sqlite_table: SqliteTable, provider: Provider, added: tuple[str, ...], method: str, kind: type[Client]
) -> None:
    world = build(sqlite_table, provider, *added)
    client, key = kind(world), Authenticator()
    sign_up: Ways = {
        "password": lambda client: client.sign_up(EMAIL),
        "oidc": lambda client: there_and_back(client, provider, "registration", email=EMAIL),
        "webauthn": lambda client: keys.sign_up_with_key(client, EMAIL, key),
    }
    reply = sign_up[method](client)
    assert client.whoami().status == 401
    if reply.status == 200:
        (flow_id,) = (item["flow"]["id"] for item in reply.json["continue_with"] if "flow" in item)
    else:
        assert reply.location.partition("?")[0] == PAGE, reply.location
        flow_id = reply.query("flow")
    shown(client, enter(client, client.fetch("verification", flow_id).flow, code_to(world, EMAIL)))
    ways(provider, key, key)[method](client)
    assert client.whoami().status == 200


def test_the_legacy_flag_shows_the_screen_without_the_hook(sqlite_table: SqliteTable, provider: Provider) -> None:
    world = build(sqlite_table, provider, LEGACY_ITEMS)
    reply = Native(world).sign_up(EMAIL)
    assert "show_verification_ui" in [item["action"] for item in reply.json["continue_with"]]


# --- verification on address change -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", CLIENTS, ids=lambda kind: kind.__name__.lower())
@pytest.mark.parametrize("screen", [False, True], ids=["message", "screen"])
def test_a_changed_address_gets_a_code_and_is_unverified_until_it_is_proven(
    sqlite_table: SqliteTable, provider: Provider, kind: type[Client], screen: bool
) -> None:
    world = build(sqlite_table, provider, *([AFTER_CHANGE] if screen else []), session=True)
    client = kind(world)
    client.sign_up(EMAIL)
    flow = client.start("settings")
    reply = client.submit(flow, method="profile", traits={"email": NEW})
    who = client.whoami().json["identity"]["id"]
    assert statuses(world, who) == {NEW: ("sent", False)}
    if kind is Browser:
        assert reply.location.partition("?")[0] == (PAGE if screen else SETTINGS_PAGE)
    else:
        assert reply.flow.message_ids == [messages.SETTINGS_UPDATE_SUCCESS.id]
        actions = [item["action"] for item in reply.json.get("continue_with", ())]
        assert ("show_verification_ui" in actions) == screen
    if not screen:
        assert messages.SETTINGS_UPDATE_SUCCESS.id in client.fetch("settings", flow.id).flow.message_ids
    link = codes.letters(world, NEW)[0]["verification_url"]
    browser = Browser(world)
    asking = browser.fetch("verification", browser.get(link).query("flow")).flow
    shown(browser, enter(browser, asking, code_to(world, NEW)))
    assert statuses(world, who) == {NEW: ("completed", True)}
