"""The truth table of levels: what somebody has, what is required, who asks; after a sign-in and after a recovery.

Contract 01 §14. How one gets from one level to the other is in test_assurance and test_recovery_second_factor.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from tests import codes, keys
from tests.keys import Authenticator, add_key, add_passkey
from tests.providers import Provider, configured, deployed, where
from tests.recovery import RECOVERY, TRANSITIONS, last_code
from tests.settings import CONFIG as FACTORS
from tests.settings import enrol_codes, enrol_totp
from tests.world import CLIENTS, PUBLIC, Client, Reply, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged

EMAIL = "ann@example.org"
STEP_UP = f"{PUBLIC}/self-service/login/browser?aal=aal2"


def _link(ann: Client, provider: Provider) -> Any:
    ann.get(provider.approves(where(ann.submit(ann.start("settings"), link="example"))))


HELD: dict[str, Callable[[Client, Provider], Any]] = {
    "totp": lambda ann, provider: enrol_totp(ann),
    "lookup_secret": lambda ann, provider: enrol_codes(ann),
    "webauthn": lambda ann, provider: add_key(ann, Authenticator()),
    "passkey": lambda ann, provider: add_passkey(ann, Authenticator()),
    "oidc": _link,
}
MAILED = {"code": {"selfservice": {"methods": {"code": {"enabled": True, "mfa_enabled": True}}}}}
"""Nobody takes a mailed code on: it counts for all, from when it is switched on."""

CODES_SIGN_IN = {"selfservice": {"methods": {"code": {"enabled": True, "passwordless_enabled": True}}}}
SETS: dict[tuple[str, ...], bool] = {
    (): False,
    ("passkey",): False,
    ("oidc",): False,
    ("passkey", "oidc"): False,
    ("totp",): True,
    ("lookup_secret",): True,
    ("webauthn",): True,
    ("code",): True,
    ("totp", "lookup_secret"): True,
    ("webauthn", "passkey"): True,
    ("totp", "webauthn", "oidc"): True,
    ("totp", "lookup_secret", "webauthn", "passkey", "code", "oidc"): True,
}
"""What somebody has beside a password, and whether that makes aal2 possible."""


def build(table: SqliteTable, provider: Provider, *changes: dict[str, Any]) -> World:
    config = keys.config("second_factor", "passkey")
    for each in (FACTORS, RECOVERY, TRANSITIONS, configured(), *changes):
        config = merged(config, each)
    schema = copy.deepcopy(codes.schema())
    credentials = schema["properties"]["traits"]["properties"]["email"]["ory.sh/kratos"]["credentials"]
    credentials |= {"webauthn": {"identifier": True}, "passkey": {"display_name": True}}
    return deployed(table, provider, config, schema)


def requiring(level: str) -> dict[str, Any]:
    settings = {"selfservice": {"flows": {"settings": {"required_aal": level}}}}
    return merged(settings, {"session": {"whoami": {"required_aal": level}}})


def holding(table: SqliteTable, held: tuple[str, ...], *changes: dict[str, Any]) -> World:
    """A deployment in which Ann has all of that; she took it on while nothing was required."""
    provider = Provider()
    ann = Spa(build(table, provider, requiring("aal1")))
    ann.sign_up(EMAIL)
    for each in held:
        if each in HELD:
            HELD[each](ann, provider)
    mailed = [MAILED[each] for each in held if each in MAILED]
    return build(table, provider, *mailed, *changes)


def recovered(client: Client) -> None:
    flow = client.start("recovery")
    client.submit(flow, method="code", email=EMAIL)
    reply = client.submit(flow, method="code", code=last_code(client.world, EMAIL))
    for item in reply.json["continue_with"] if reply.status == 200 else ():
        client.token = item.get("ory_session_token", client.token)


def refused(reply: Reply) -> bool:
    """Whether the second factor is asked for; anything else has to be an answer."""
    if reply.status == 303 and "aal=aal2" in reply.location:
        return True
    if reply.status == 403:
        assert reply.error_id == "session_aal2_required"
        assert reply.json["redirect_browser_to"].startswith(STEP_UP)
        return True
    assert reply.status in (200, 303), reply.body
    return False


def asked(client: Client) -> list[bool]:
    """Where a session counts: whoami, the list of one's sessions, and settings."""
    settings = f"/self-service/settings/{'api' if client.kind == 'native' else 'browser'}"
    sessions = client.get("/sessions", Accept="application/json")
    return [refused(client.whoami()), refused(sessions), refused(client.get(settings))]


TABLE = [
    pytest.param(held, level, kind, reaches, id=f"{'+'.join(held) or 'nothing'}-{level}-{kind.__name__.lower()}")
    for held, reaches in SETS.items()
    for level in ("aal1", "highest_available")
    for kind in CLIENTS
]


@pytest.mark.attack("set-09")
@pytest.mark.attack("rec-01")
@pytest.mark.parametrize(("held", "level", "kind", "reaches"), TABLE)
def test_one_factor_is_enough_unless_two_are_required_and_possible(
    sqlite_table: SqliteTable, held: tuple[str, ...], level: str, kind: type[Client], reaches: bool
) -> None:
    world = holding(sqlite_table, held, requiring(level))
    lacks = reaches and level == "highest_available"
    client = kind(world)
    reply = client.sign_in(EMAIL)
    match client.kind:
        case "native":
            assert (reply.status, reply.json["session"]["identity"] is None) == (200, lacks)
        case "spa":
            assert reply.status == (422 if lacks else 200)
        case _:
            assert reply.location == (STEP_UP if lacks else "https://app.example.org/")
    assert asked(client) == [lacks] * 3
    lost = kind(world)
    recovered(lost)
    assert asked(lost) == [lacks] * 3


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_code_that_signs_in_is_no_second_factor(sqlite_table: SqliteTable, kind: type[Client]) -> None:
    world = holding(sqlite_table, ("code",), requiring("highest_available"), CODES_SIGN_IN)
    client = kind(world)
    client.sign_in(EMAIL)
    assert asked(client) == [False] * 3


@pytest.mark.parametrize("kind", CLIENTS)
def test_who_signed_up_is_asked_for_what_is_there_already(sqlite_table: SqliteTable, kind: type[Client]) -> None:
    """A mailed code is possible from the first moment."""
    client = kind(build(sqlite_table, Provider(), MAILED["code"], requiring("highest_available")))
    client.sign_up("bea@example.org")
    assert asked(client) == [True] * 3


def test_two_first_factors_are_no_second_one(sqlite_table: SqliteTable) -> None:
    """A password and a provider, one after the other in one session: still aal1."""
    provider = Provider()
    world = build(sqlite_table, provider, requiring("highest_available"))
    ann = Spa(world)
    ann.sign_up(EMAIL)
    _link(ann, provider)
    again = ann.submit(ann.start("login", refresh="true"), provider="example")
    ann.get(provider.approves(where(again)))
    session = ann.whoami().json
    assert session["authenticator_assurance_level"] == "aal1"
    assert {each["method"] for each in session["authentication_methods"]} == {"password", "oidc"}
