"""People who sign in with an authenticator app, a security key, a passkey and at a provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests import keys, providers, settings
from tests.keys import Authenticator, value
from tests.world import Browser, Native, World

from vestibule.config.document import merged
from vestibule.ports import Table

Measure = Callable[[str, Callable[[], Any]], Any]
"""The name of a phase and the step to take; gives what the step gives."""

_CONFIG = merged(
    merged(keys.config("second_factor", "passkey"), providers.configured()),
    {"selfservice": {"methods": {"totp": {"enabled": True, "config": {"issuer": "Harbour"}}}}},
)


def journey(table: Table) -> Callable[[str, Measure], None]:
    provider = providers.Provider()
    world = World.build(table, _CONFIG, keys.SCHEMA, web=provider)
    provider.clock = world.clock

    def taken(email: str, measure: Measure) -> None:
        _app(world, f"app-{email}", measure)
        _security_key(world, f"key-{email}", measure)
        _passkey(world, f"passkey-{email}", measure)
        _provider(world, provider, f"provider-{email}", measure)

    return taken


def _app(world: World, email: str, measure: Measure) -> None:
    client = Native(world)
    client.sign_up(email)
    flow = measure("settings start, all methods", lambda: client.start("settings"))
    code = settings.code_of(world, secret := settings.secret_of(flow))
    reply = measure("settings submit, app", lambda: client.submit(flow, method="totp", totp_code=code))
    assert reply.status == 200, reply.body
    client = Native(world)
    client.sign_in(email)
    step = measure("login start, second factor", lambda: client.start("login", aal="aal2"))
    code = settings.code_of(world, secret, 1)
    reply = measure("login submit, app", lambda: client.submit(step, method="totp", totp_code=code))
    assert reply.status == 200, reply.body


def _security_key(world: World, email: str, measure: Measure) -> None:
    client, key = Browser(world), Authenticator()
    client.sign_up(email)
    flow = client.start("settings")
    form = {
        "webauthn_register": key.create(value(flow, "webauthn_register_trigger")),
        "webauthn_register_displayname": "Blue key",
    }
    measure("settings submit, security key", lambda: client.submit(flow, **form))
    client = Browser(world)
    client.sign_in(email)
    step = client.start("login", aal="aal2")
    signed = key.sign(value(step, "webauthn_login_trigger"))
    form = {"method": "webauthn", "identifier": email, "webauthn_login": signed}
    measure("login submit, security key", lambda: client.submit(step, **form))
    assert client.whoami().json["authenticator_assurance_level"] == "aal2"


def _passkey(world: World, email: str, measure: Measure) -> None:
    key = Authenticator()
    keys.sign_up_with_passkey(Browser(world), email, key)
    client = Browser(world)
    flow = client.start("login")
    signed = key.sign(value(flow, "passkey_challenge"))
    measure("login submit, passkey", lambda: client.submit(flow, method="passkey", passkey_login=signed))
    assert client.whoami().status == 200


def _provider(world: World, provider: providers.Provider, email: str, measure: Measure) -> None:
    claims = {"sub": email, "email": email, "email_verified": True}
    providers.there_and_back(Browser(world), provider, **claims)
    client = Browser(world)
    flow = client.start("login")
    sent = measure("login submit, to a provider", lambda: client.submit(flow, provider="example"))
    back = provider.approves(providers.where(sent), **claims)
    measure("oidc callback", lambda: client.get(back))
    assert client.whoami().status == 200
