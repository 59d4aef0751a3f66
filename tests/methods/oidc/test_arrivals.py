"""Sign-in at a provider, from the button to the session."""

from __future__ import annotations

import pytest
from tests.providers import Provider, there_and_back
from tests.world import Browser, Spa, World

EMAIL = "ann@example.org"


@pytest.mark.parametrize("kind", ["login", "registration"])
@pytest.mark.parametrize("client", [Browser, Spa])
def test_whoever_is_unknown_is_signed_up_and_in(client, kind, provider: Provider, world: World):
    browser = client(world)
    reply = there_and_back(browser, provider, kind, email=EMAIL, given_name="Ann")
    assert reply.status == (303 if client is Browser else 200), reply.body
    shown = browser.whoami().json
    assert shown["identity"]["traits"] == {"email": EMAIL, "name": {"first": "Ann"}}
    assert [(each["method"], each["provider"]) for each in shown["authentication_methods"]] == [("oidc", "example")]
