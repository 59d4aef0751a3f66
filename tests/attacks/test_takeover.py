"""Accounts that somebody made in another's name, before that one came."""

from __future__ import annotations

from typing import Any

import pytest
from tests.hooks.test_address_change import change, verification
from tests.recovery import RECOVERY, last_code, send
from tests.recovery import enter as enter_recovery
from tests.settings import NEW_PASSWORD, build, code_of, enrol_totp, step_up
from tests.verification import BY_CODE, code_to, enter
from tests.world import PASSWORD, Native, Spa, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged
from vestibule.ui import messages

EMAIL, ELSEWHERE = "victim@example.org", "attacker@example.net"
HOOKS: dict[str, Any] = {
    "selfservice": {
        "flows": {
            "recovery": {"after": {"hooks": [{"hook": "revoke_active_sessions"}]}},
            "settings": {"after": {"profile": {"hooks": [{"hook": "verify_new_address"}]}}},
        }
    }
}


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return build(sqlite_table, merged(merged(BY_CODE, RECOVERY), HOOKS))


def recovered(world: World) -> Native:
    """The victim, in by a code to the address that is theirs, and with a password of their own."""
    victim = Spa(world)
    reply = enter_recovery(victim, send(victim, EMAIL), last_code(world, EMAIL))
    settings = victim.fetch("settings", reply.json["redirect_browser_to"].split("flow=")[1]).flow
    assert victim.submit(settings, method="password", password=NEW_PASSWORD).status == 200
    world.clock.pass_by(seconds=1)  # what was issued at the very moment of a revocation is revoked
    app = Native(world)
    assert app.sign_in(EMAIL, NEW_PASSWORD).status == 200
    return app


@pytest.mark.attack("oidc-08")
def test_whoever_gets_an_account_back_throws_out_who_made_it(world: World) -> None:
    attacker = Native(world)
    attacker.sign_up(EMAIL)
    recovered(world)
    assert attacker.whoami().status == 401
    assert Native(world).sign_in(EMAIL, PASSWORD).status == 400
    assert attacker.get("/self-service/settings/api").status == 401


@pytest.mark.attack("oidc-08")
def test_an_address_that_was_to_be_changed_before_is_not_changed_after(world: World) -> None:
    attacker = Native(world)
    attacker.sign_up(EMAIL)
    waiting = verification(attacker, change(attacker, email=ELSEWHERE))
    code = code_to(world, ELSEWHERE)
    victim = recovered(world)
    reply = enter(attacker, waiting, code)
    assert reply.flow.message_ids == [messages.VERIFICATION_CODE_INVALID_OR_ALREADY_USED.id]
    assert victim.whoami().json["identity"]["traits"]["email"] == EMAIL
    assert Native(world).sign_in(ELSEWHERE, NEW_PASSWORD).status == 400


@pytest.mark.attack("oidc-08")
def test_an_address_that_was_never_proven_lets_nobody_in(world: World) -> None:
    attacker = Native(world)
    attacker.sign_up(EMAIL)
    verification(attacker, change(attacker, email=ELSEWHERE))
    send(Native(world), ELSEWHERE)
    assert not [each for each in world.svc.messages.page(limit=50, recipient=ELSEWHERE) if "recovery_code" in each.data]


@pytest.mark.attack("oidc-08")
def test_an_app_that_was_enrolled_before_is_asked_for_and_can_be_taken_off_by_administrators_alone(
    world: World,
) -> None:
    attacker = Native(world)
    attacker.sign_up(EMAIL)
    secret = enrol_totp(attacker)
    world.clock.pass_by(minutes=1)
    victim = Spa(world)
    enter_recovery(victim, send(victim, EMAIL), last_code(world, EMAIL))
    assert attacker.whoami().status == 401
    assert victim.whoami().error_id == "session_aal2_required"
    [identity] = world.admin("GET", "/admin/identities").json
    assert world.admin("DELETE", f"/admin/identities/{identity['id']}/credentials/totp").status == 204
    assert victim.whoami().status == 200
    assert step_up(victim, method="totp", totp_code=code_of(world, secret)).status == 400
