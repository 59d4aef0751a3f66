"""Secrets of hooks that stand elsewhere: they reach the target, and nothing else."""

from __future__ import annotations

import base64
import logging
from base64 import b64encode
from typing import Any

import pytest
from tests.hooks.web_hook.target import Scene, after, answer
from tests.world import Native

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import SecretUnavailable, WebUnreachable

EMAIL = "alice@example.org"
VALUES = {"secret://ssm/crm": "k/e y&1", "secret://secretsmanager/hook#url": "https://target.example.org/path-k3y?k=1"}
TELLING = "base64://" + base64.b64encode(b"function(ctx, secrets) { key: secrets.key, flow: ctx.flow.id }").decode()


def read(reference: str) -> str:
    if reference not in VALUES:
        raise SecretUnavailable("there is none")
    return VALUES[reference]


def signed_up(table: SqliteTable, *answers: Any, **config: Any) -> tuple[Any, Scene]:
    scene = Scene(table, after("registration", **config), read_secret=read)
    if answers:
        scene.target.answers = list(answers)
    return Native(scene.world).sign_up(EMAIL), scene


def test_headers_take_them_whole_or_within(sqlite_table: SqliteTable):
    headers = {"X-Key": "secret://ssm/crm", "Authorization": "Bearer ${secret://ssm/crm}", "X-Plain": "$5 {a}"}
    _, scene = signed_up(sqlite_table, headers=headers)
    sent = scene.target.calls[0].headers
    assert (sent["X-Key"], sent["Authorization"], sent["X-Plain"]) == ("k/e y&1", "Bearer k/e y&1", "$5 {a}")


def test_addresses_take_them_whole_or_quoted_within(sqlite_table: SqliteTable):
    _, scene = signed_up(sqlite_table, url="https://target.example.org/?key=${secret://ssm/crm}")
    assert scene.target.calls[0].url == "https://target.example.org/?key=k%2Fe%20y%261"


def test_a_whole_address_may_be_one(sqlite_table: SqliteTable):
    _, scene = signed_up(sqlite_table, url="secret://secretsmanager/hook#url")
    assert scene.target.calls[0].url == "https://target.example.org/path-k3y?k=1"


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"type": "api_key", "config": {"name": "X-A", "value": "secret://ssm/crm", "in": "header"}}, "X-A", "k/e y&1"),
        (
            {"type": "basic_auth", "config": {"user": "me", "password": "secret://ssm/crm"}},
            "Authorization",
            "Basic " + b64encode(b"me:k/e y&1").decode(),
        ),
    ],
)
def test_credentials_may_be_one(sqlite_table: SqliteTable, auth: Any, header: str, value: str):
    _, scene = signed_up(sqlite_table, auth=auth)
    assert scene.target.calls[0].headers[header] == value


def test_templates_get_them_as_their_second_argument(sqlite_table: SqliteTable):
    _, scene = signed_up(sqlite_table, body=TELLING, secrets={"key": "secret://ssm/crm"})
    assert scene.target.calls[0].json["key"] == "k/e y&1"


def test_other_hosts_get_none_of_them(sqlite_table: SqliteTable):
    headers = {"X-Key": "secret://ssm/crm", "X-Plain": "plain"}
    _, scene = signed_up(sqlite_table, answer(307, location="https://other.example.org/"), answer(), headers=headers)
    assert "X-Key" not in scene.target.calls[1].headers
    assert scene.target.calls[1].headers["X-Plain"] == "plain"


@pytest.mark.parametrize("said", [answer(), answer(500), WebUnreachable("target.example.org gave no usable answer")])
def test_none_of_them_is_logged_stored_or_shown(sqlite_table: SqliteTable, caplog: pytest.LogCaptureFixture, said: Any):
    with caplog.at_level(logging.DEBUG):
        reply, scene = signed_up(
            sqlite_table,
            said,
            url="secret://secretsmanager/hook#url",
            headers={"X-Key": "secret://ssm/crm"},
            body=TELLING,
            secrets={"key": "secret://ssm/crm"},
        )
    assert scene.target.calls[0].json["key"] == "k/e y&1"
    everything = f"{caplog.text}{scene.world.stored()}{reply.body!r}{reply.headers}"
    for hidden in ("k/e y&1", "path-k3y"):
        assert hidden not in everything


def test_one_that_cannot_be_read_is_a_502_that_tells_nothing(sqlite_table: SqliteTable):
    reply, scene = signed_up(sqlite_table, headers={"X-Key": "secret://ssm/none"})
    assert (reply.status, scene.target.calls) == (502, [])
    assert b"ssm" not in reply.body
