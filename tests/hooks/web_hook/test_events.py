"""What receivers tell events by, and whom they come from: Standard Webhooks on every call. design.md §1."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook
from tests.hooks.web_hook.target import INTERRUPT, PARSE, Call, Scene, Target, after, answer, before
from tests.world import CLIENTS, PASSWORD, Browser, Client, Native

from vestibule.adapters.sqlite import SqliteTable
from vestibule.ports import WebResponse, WebUnreachable

EMAIL = "alice@example.org"
STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")


def ids(scene: Scene) -> list[str]:
    return [call.headers["webhook-id"] for call in scene.target.calls]


def refusal(text: str) -> dict[str, Any]:
    return {
        "messages": [{"instance_ptr": "#/transient_payload", "messages": [{"id": 1, "text": text, "type": "error"}]}]
    }


def ensure_ours(call: Call, scene: Scene) -> None:
    """`v1` by the package of the standard (it knows no other time than now), `v1a` by a published key."""
    signer = scene.world.svc.signer
    assert all(name in call.headers for name in STANDARD)
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    (secret,), (public,) = signer.secrets(call.url), signer.public_keys()
    at = datetime.fromtimestamp(int(call.headers["webhook-timestamp"]), UTC)
    v1 = Webhook(secret).sign(call.headers["webhook-id"], at, call.body.decode())
    assert v1 in call.headers["webhook-signature"].split(" ")
    v1a = next(text for text in call.headers["webhook-signature"].split(" ") if text.startswith("v1a,"))
    key = Ed25519PublicKey.from_public_bytes(b64decode(public.removeprefix("whpk_")))
    key.verify(b64decode(v1a.removeprefix("v1a,")), signed)


@dataclass
class Deduplicating(Target):
    """A gate that asks for an invitation, and answers an event that it knows as it did the first time."""

    known: dict[str, WebResponse] = field(default_factory=dict[str, WebResponse])

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
        limit: int = 0,
    ) -> WebResponse:
        super().request(method, url, headers=headers, body=body, timeout=timeout, limit=limit)
        id_ = (headers or {})["webhook-id"]
        if id_ not in self.known:
            invite = json.loads(body or b"{}")["flow"].get("transient_payload", {}).get("invite")
            self.known[id_] = answer() if invite == "right" else answer(400, refusal("No such invitation."))
        return self.known[id_]


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_wrong_invitation_is_refused_and_the_corrected_one_accepted(sqlite_table: SqliteTable, kind: type[Client]):
    scene = Scene(sqlite_table, after("registration", **INTERRUPT), target=Deduplicating())
    client = kind(scene.world)
    flow = client.start("registration")
    given = {"method": "password", "password": PASSWORD, "traits": {"email": EMAIL}}
    for invite, accepted in (("wrong", False), ("wrong", False), ("right", True)):
        payload: Any = {"invite": invite}
        if kind is Browser:  # forms send objects as their JSON
            payload = json.dumps(payload)
        reply = client.submit(flow, **given, transient_payload=payload)
        if not accepted:
            flow = client.refused_flow("registration", reply)
    assert sqlite_table.query("I#") == []
    assert Native(scene.world).sign_in(EMAIL, PASSWORD).status == 200
    first, again, corrected = ids(scene)
    assert first == again != corrected


@pytest.mark.parametrize("trouble", [answer(503), WebUnreachable("refused")])
def test_every_attempt_has_the_same_id_and_a_signature_of_its_own(sqlite_table: SqliteTable, trouble: Any):
    scene = Scene(sqlite_table, after("registration"))
    scene.target.answers = [trouble, trouble, answer()]
    assert Native(scene.world).sign_up(EMAIL).status == 200
    assert len(set(ids(scene))) == 1
    for call in scene.target.calls:
        ensure_ours(call, scene)


@pytest.mark.parametrize("kind", ["login", "registration", "recovery", "verification"])
def test_calls_before_a_flow_are_signed_too(sqlite_table: SqliteTable, kind: str):
    scene = Scene(sqlite_table, before(kind))
    for _ in range(2):
        Native(scene.world).get(f"/self-service/{kind}/api")
    assert len(set(ids(scene))) == 2
    for call in scene.target.calls:
        ensure_ours(call, scene)


def test_each_hook_of_a_step_tells_of_an_event_of_its_own(sqlite_table: SqliteTable):
    entry = after("registration")["registration"]["after"]["password"]["hooks"][0]
    parsing = after("registration", **PARSE)["registration"]["after"]["password"]["hooks"][0]
    hooks = [entry, {"hook": "web_hook", "config": entry["config"] | {"id": "second"}}, parsing]
    scene = Scene(sqlite_table, {"registration": {"after": {"password": {"hooks": hooks}}}})
    Native(scene.world).sign_up(EMAIL)
    assert len(set(ids(scene))) == 3


def test_a_form_that_is_drawn_anew_keeps_the_id_of_what_is_in_it(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("login", **INTERRUPT))
    scene.world.identity(EMAIL)
    scene.target.answers = [answer(400, refusal("Not now."))]
    client = Browser(scene.world)
    flow = client.start("login")
    for _ in range(2):
        reply = client.submit(flow, method="password", identifier=EMAIL, password=PASSWORD)
        flow = client.refused_flow("login", reply)
    assert len(set(ids(scene))) == 1


def test_nobody_signs_by_configuring_a_header(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("registration", headers={"Webhook-Id": "mine", "Webhook-Signature": "v1,mine"}))
    Native(scene.world).sign_up(EMAIL)
    (call,) = scene.target.calls
    assert [name.lower() for name in call.headers].count("webhook-id") == 1
    ensure_ours(call, scene)


def test_who_is_redirected_gets_what_is_signed_for_it(sqlite_table: SqliteTable):
    scene = Scene(sqlite_table, after("registration"))
    scene.target.answers = [answer(307, location="https://other.example.org/"), answer()]
    Native(scene.world).sign_up(EMAIL)
    for call in scene.target.calls:
        ensure_ours(call, scene)
    assert len(set(ids(scene))) == 1
