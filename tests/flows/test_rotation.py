"""Secrets are rotated: a new one goes first, the former stays behind it until everybody was here, then it goes."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from tests.world import PASSWORD, Browser, Native, World

from vestibule.crypto.index_key import IndexKeyUnreadable
from vestibule.crypto.sealing import SecretRemoved
from vestibule.ports import Table
from vestibule.ui import messages

FORMER = {"cookie": ["former-cookie-secret"], "cipher": ["former-cipher-secret-12345678901"]}
NEW = {"cookie": ["new-cookie-secret"], "cipher": ["new-cipher-secret-12345678901234"]}
BOTH = {name: NEW[name] + FORMER[name] for name in NEW}
ALICE = "alice@example.org"


def world(table: Table, secrets: dict[str, list[str]]) -> World:
    return World.build(table, {"secrets": secrets})


def moved(client: Browser, to: World) -> Browser:
    """The same browser, after the deployment was changed."""
    twin = Browser(to)
    twin.cookies = client.cookies
    return twin


def sign_in(client: Native, identifier: str = ALICE) -> int:
    return client.submit(client.start("login"), method="password", identifier=identifier, password=PASSWORD).status


def sign_up(client: Any, email: str = ALICE) -> Any:
    fields = {"method": "password", "password": PASSWORD, "traits": {"email": email}}
    return client.submit(client.start("registration"), **fields)


def test_a_rotation_is_seen_by_nobody(sqlite_table: Table) -> None:
    browser = Browser(world(sqlite_table, FORMER))
    sign_up(browser)
    logout_url = browser.get("/self-service/logout/browser", Accept="application/json").json["logout_url"]
    unfinished = Browser(browser.world)
    flow = unfinished.start("login")

    between = world(sqlite_table, BOTH)
    assert moved(browser, between).whoami().status == 200
    assert sign_in(Native(between)) == 200
    native = Native(between)
    assert native.refused_flow("registration", sign_up(native)).message_ids == [messages.DUPLICATE_CREDENTIALS.id]
    late = moved(unfinished, between)
    assert late.submit(flow, method="password", identifier=ALICE, password=PASSWORD).status == 303
    assert late.whoami().status == 200

    after = world(sqlite_table, NEW)
    assert moved(late, after).whoami().status == 200
    assert moved(browser, after).whoami().status == 401  # its cookie was made with the former secret
    assert sign_in(Native(after)) == 200
    native = Native(after)
    assert native.refused_flow("registration", sign_up(native)).message_ids == [messages.DUPLICATE_CREDENTIALS.id]
    assert moved(browser, between).get(logout_url).status == 303
    assert moved(browser, between).whoami().status == 401


def test_the_first_who_reads_the_index_key_wraps_it_anew(sqlite_table: Table) -> None:
    former = world(sqlite_table, FORMER)
    before = former.svc.index.hmac("password", ALICE)
    (old,) = sqlite_table.get([("CFG", "KEY")])
    assert world(sqlite_table, BOTH).svc.index.hmac("password", ALICE) == before
    (new,) = sqlite_table.get([("CFG", "KEY")])
    assert old != new
    assert world(sqlite_table, NEW).svc.index.hmac("password", ALICE) == before
    with pytest.raises(IndexKeyUnreadable, match="put the former secret back"):
        world(sqlite_table, FORMER).svc.index.hmac("password", ALICE)


def test_a_secret_that_was_removed_too_early_is_named_in_the_log_and_to_nobody_else(
    sqlite_table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    former = world(sqlite_table, FORMER)
    sign_up(Native(former))
    early = world(sqlite_table, NEW)
    with caplog.at_level(logging.ERROR):
        assert sign_in(Native(early)) == 500
    (record,) = caplog.records
    assert record.getMessage() == (
        "no secret of secrets.cipher opens the stored index key; put the former secret back in the list"
    )
    assert sign_in(Native(world(sqlite_table, BOTH))) == 200


def test_who_did_not_sign_in_during_the_rotation_needs_the_former_secret(
    sqlite_table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    former = world(sqlite_table, FORMER)
    alice = former.identity(ALICE)
    former.identity("bob@example.org")
    assert sign_in(Native(world(sqlite_table, BOTH)), "bob@example.org") == 200
    after = world(sqlite_table, NEW)
    assert sign_in(Native(after), "bob@example.org") == 200
    with caplog.at_level(logging.ERROR):
        assert sign_in(Native(after)) == 500
    assert "opens a stored credential; put the former secret back" in caplog.text
    with pytest.raises(SecretRemoved):
        after.svc.identities.configs(alice.id, ["password"])
    assert sign_in(Native(world(sqlite_table, BOTH))) == 200
    assert sign_in(Native(after)) == 200
