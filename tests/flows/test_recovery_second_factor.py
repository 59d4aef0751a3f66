"""Getting back into an account never skips its second factor. Contract 07 §7."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.recovery import RECOVERY, TRANSITIONS, last_code, letters
from tests.settings import CONFIG as FACTORS
from tests.settings import NEW_PASSWORD, code_of, enrol_codes, enrol_totp, press, step_up
from tests.world import Browser, Client, Native, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged
from vestibule.ui import messages

EMAIL = "alice@example.org"
ENROL: dict[str, Callable[[Client], Any]] = {"totp": enrol_totp, "lookup_secret": enrol_codes}


@pytest.fixture
def world(sqlite_table: SqliteTable) -> World:
    return World.build(sqlite_table, merged(merged(RECOVERY, FACTORS), TRANSITIONS))


def recovered(client: Client, by: str = "code") -> str:
    """Back in by what is sent to the mailbox: the id of the settings flow."""
    flow = client.start("recovery")
    if by == "link":
        client.submit(flow, method="link", email=EMAIL)
        reply = client.get(letters(client.world, EMAIL)[0]["recovery_url"])
    else:
        client.submit(flow, method="code", email=EMAIL)
        reply = client.submit(flow, method="code", code=last_code(client.world, EMAIL))
    if reply.status == 303:
        return reply.query("flow")
    items = {item["action"]: item for item in reply.json["continue_with"]}
    if "set_ory_session_token" in items:
        client.token = items["set_ory_session_token"]["ory_session_token"]
    return items["show_settings_ui"]["flow"]["id"]


@pytest.mark.attack("rec-01")
@pytest.mark.parametrize("factor", ENROL)
def test_who_gets_back_in_by_code_still_has_to_show_the_factor(world: World, client: Client, factor: str) -> None:
    owner = Native(world)
    owner.sign_up(EMAIL)
    given = ENROL[factor](owner)
    world.clock.pass_by(minutes=1)
    settings = recovered(client)
    assert client.whoami().error_id == "session_aal2_required"
    assert client.fetch("settings", settings).error_id == "session_aal2_required"
    start = client.get(f"/self-service/settings/{'api' if client.kind == 'native' else 'browser'}")
    assert start.status in (303, 403)
    assert "aal=aal2" in (start.location or start.json["redirect_browser_to"])
    known = owner.start("settings")
    for fields in ({"method": "password", "password": NEW_PASSWORD}, {f"{factor}_{_OFF[factor]}": "true"}):
        known.document["ui"]["action"] = f"https://id.example.org/self-service/settings?flow={settings}"
        reply = client.submit(known, **fields)
        assert reply.status in (303, 403)
        assert "aal=aal2" in (reply.location or reply.json["redirect_browser_to"])
    fields = {"totp_code": code_of(world, given)} if factor == "totp" else {"lookup_secret": given[0]}
    assert step_up(client, method=factor, **fields).status in (200, 303)
    flow = client.fetch("settings", settings).flow
    assert flow.message_ids == [messages.RECOVERY_SUCCESSFUL.id]
    assert client.submit(flow, method="password", password=NEW_PASSWORD).status in (200, 303)
    assert Native(world).sign_in(EMAIL, NEW_PASSWORD).status == 200
    methods = [each["method"] for each in client.whoami().json["authentication_methods"]]
    assert methods[:2] == ["code_recovery", factor]


_OFF = {"totp": "unlink", "lookup_secret": "disable"}


@pytest.mark.attack("rec-01")
def test_a_link_does_not_skip_it_either(world: World) -> None:
    owner = Native(world)
    owner.sign_up(EMAIL)
    secret = enrol_totp(owner)
    browser = Browser(world)
    settings = recovered(browser, by="link")
    assert browser.whoami().status == 403
    assert browser.fetch("settings", settings).status == 403
    world.clock.pass_by(minutes=1)
    step_up(browser, method="totp", totp_code=code_of(world, secret))
    flow = browser.fetch("settings", settings).flow
    assert press(browser, flow, "totp_unlink").status == 303


@pytest.mark.parametrize("kind", ["code", "link"])
def test_an_administrators_way_in_does_not_skip_it(world: World, kind: str) -> None:
    owner = Native(world)
    identity = owner.sign_up(EMAIL).json["identity"]["id"]
    enrol_totp(owner)
    made = world.admin("POST", f"/admin/recovery/{kind}", {"identity_id": identity}).json
    browser = Browser(world)
    if kind == "link":
        assert browser.get(made["recovery_link"]).status == 303
    else:
        flow_id = made["recovery_link"].partition("flow=")[2]
        flow = browser.fetch("recovery", flow_id).flow
        assert browser.submit(flow, method="code", code=made["recovery_code"]).status == 303
    assert browser.whoami().error_id == "session_aal2_required"
