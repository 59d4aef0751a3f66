"""A deployment with what the reference UI asks for, and what the points of contract 08 are looked at with."""

from __future__ import annotations

from http.cookies import Morsel, SimpleCookie
from typing import Any

from tests import codes, recovery
from tests.settings import CONFIG as FACTORS
from tests.verification import BY_CODE
from tests.world import PUBLIC, Client, Flow, Reply, World

from vestibule.adapters.sqlite import SqliteTable
from vestibule.config.document import merged

EMAIL = "ann@example.org"
AXIOS = "application/json, text/plain, */*"
APP = "https://app.example.org"
FORM = "application/x-www-form-urlencoded"
STARTS = ("login", "registration", "recovery", "verification")
CORS = {
    "serve": {"public": {"base_url": f"{PUBLIC}/", "cors": {"enabled": True, "allowed_origins": [APP]}}},
}
TWO_STEPS = {"selfservice": {"flows": {"registration": {"style": "profile_first"}}}}
WITH_FLAG = {"feature_flags": {"use_continue_with_transitions": True}}
NO_SUCH_FLOW = "1c9d1e0c-5b0a-4f4e-9a53-0d6e3b6d1f10"


def build(table: SqliteTable, *changes: dict[str, Any]) -> World:
    config: dict[str, Any] = {}
    for each in (FACTORS, recovery.RECOVERY, BY_CODE, *changes):
        config = merged(config, each)
    return World.build(table, config, codes.schema())


def signed_up(client: Client) -> Client:
    assert client.sign_up(EMAIL).status in (200, 303)
    return client


def cookie_of(reply: Reply, start: str) -> Morsel[str]:
    """What the answer sets under a name that starts so."""
    for line in reply.cookies:
        for name, morsel in SimpleCookie(line).items():
            if name.startswith(start):
                return morsel
    raise AssertionError(f"no {start} in {reply.cookies}")


def nodes_of(flow: Flow) -> list[dict[str, Any]]:
    return flow.document["ui"]["nodes"]
