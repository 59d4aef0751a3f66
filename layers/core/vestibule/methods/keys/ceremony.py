"""What keys are asked: who asks, for what, with which challenge. Contract 03 §8 and §9.

Challenges are never stored. Each follows from a key of ours and from the flow that it is shown in; what is stored is
that one was used.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct

from vestibule.config.json_shapes import is_object
from vestibule.crypto.text import from_base64url, to_base64url
from vestibule.domain.flow import Flow
from vestibule.domain.json import Json
from vestibule.domain.key import RelyingParty
from vestibule.domain.record import Unprinted
from vestibule.domain.times import epoch_seconds
from vestibule.methods import enrolment, traits
from vestibule.ports import Absent, Key, Put
from vestibule.services import Services
from vestibule.ui.key_script import PATH, integrity
from vestibule.ui.nodes import Node, input_node, script_node

WEBAUTHN, PASSKEY = "webauthn", "passkey"

WEBAUTHN_TIMEOUT, PASSKEY_TIMEOUT = 120_000, 300_000
"""Milliseconds that browsers wait for a key."""

LARGEST_ANSWER = 32 * 1024
"""Characters."""

_ALGORITHMS = (-7, -35, -36, -257, -258, -259, -37, -38, -39, -8)
"""As recorded; COSE's numbers in the order of preference."""

_CHALLENGE_BYTES = 32


# --- who asks -------------------------------------------------------------------------------------------


def security_keys(svc: Services) -> RelyingParty:
    rp = svc.config.selfservice.methods.webauthn.config.rp
    given = (*(rp.origins or ()), *([rp.origin] if rp.origin else ()))
    return RelyingParty(rp.id or "", rp.display_name or "", _origins(given, rp.id or "", svc))


def passkeys(svc: Services) -> RelyingParty:
    config = svc.config.selfservice.methods.passkey.config
    must_verify = config.authenticator_selection.user_verification == "required"
    rp = config.rp
    return RelyingParty(rp.id or "", rp.display_name or "", _origins(rp.origins, rp.id or "", svc), must_verify)


def _origins(given: Sequence[str], rp_id: str, svc: Services) -> tuple[str, ...]:
    """The configured ones; else that of the domain itself, and ours where the built-in pages may use its keys."""
    if given:
        return tuple(dict.fromkeys(_origin(each) for each in given))
    public = urlsplit(svc.urls.public)
    host = public.hostname or ""
    ours = (f"{public.scheme}://{public.netloc}",) if host == rp_id or host.endswith(f".{rp_id}") else ()
    return tuple(dict.fromkeys((f"{public.scheme}://{rp_id}", *ours)))


def _origin(address: str) -> str:
    """As browsers write it. Apps have origins of their own (`android:apk-key-hash:…`), taken as they are."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else address


# --- challenges -----------------------------------------------------------------------------------------


def challenge(type_: str, flow: Flow, svc: Services) -> bytes:
    """Another one for each flow and method, and for settings after every change."""
    return enrolment.derived_bytes(f"{type_}-challenge", enrolment.form_id(flow), _CHALLENGE_BYTES, svc)


def handle(type_: str, flow: Flow, count: int, svc: Services) -> bytes:
    """By what a key will name its owner, before there is one: random to whoever does not know our keys."""
    return enrolment.derived_bytes(f"{type_}-handle", enrolment.form_id(flow), count, svc)


def spent_key(type_: str, flow: Flow) -> Key:
    """Where it stands that a challenge was used."""
    return (f"F#{enrolment.form_id(flow)}", f"U#{type_}")


def spending(type_: str, flow: Flow, svc: Services) -> Put:
    """The challenge is used now, once, as a part of a transaction. Remembered for as long as its flow can be sent."""
    pk, sk = spent_key(type_, flow)
    lifespan: timedelta = getattr(svc.config.selfservice.flows, flow.kind).lifespan
    until = svc.clock.now() + lifespan + timedelta(days=1)
    return Put({"pk": pk, "sk": sk, "ttl": epoch_seconds(until)}, (Absent(),))


# --- options --------------------------------------------------------------------------------------------


class User(Struct, frozen=True):
    """For whom a key is made: what it will answer as its owner, and what it shows people."""

    handle: bytes
    name: str


def webauthn_creation(flow: Flow, user: bytes, excluded: Sequence[str], svc: Services) -> Json:
    """`excluded` are ids of keys that exist already, base64url. The name is recorded to be that of the party."""
    party = security_keys(svc)
    return _creation(
        party,
        User(user, party.name),
        challenge(WEBAUTHN, flow, svc),
        excluded,
        timeout=WEBAUTHN_TIMEOUT,
        authenticatorSelection={"userVerification": "discouraged"},
    )


def passkey_creation(flow: Flow, user: User, excluded: Sequence[str], svc: Services) -> Json:
    config = svc.config.selfservice.methods.passkey.config
    selection = config.authenticator_selection
    wanted: Json = {
        "requireResidentKey": selection.resident_key == "required",
        "residentKey": selection.resident_key,
        "userVerification": selection.user_verification,
    }
    if selection.attachment:
        wanted["authenticatorAttachment"] = selection.attachment
    return _creation(
        passkeys(svc),
        user,
        challenge(PASSKEY, flow, svc),
        excluded,
        timeout=_milliseconds(config.timeouts.registration),
        authenticatorSelection=wanted,
        attestation=config.attestation.preference,
    )


def webauthn_request(flow: Flow, allowed: Sequence[str], svc: Services) -> Json:
    """`allowed` are ids of keys, base64url."""
    asked = challenge(WEBAUTHN, flow, svc)
    return _request(security_keys(svc), asked, allowed, timeout=WEBAUTHN_TIMEOUT, verification="discouraged")


def passkey_request(flow: Flow, allowed: Sequence[str], svc: Services) -> Json:
    config = svc.config.selfservice.methods.passkey.config
    return _request(
        passkeys(svc),
        challenge(PASSKEY, flow, svc),
        allowed,
        timeout=_milliseconds(config.timeouts.login),
        verification=config.authenticator_selection.user_verification,
    )


def _creation(party: RelyingParty, user: User, asked: bytes, excluded: Sequence[str], **more: Any) -> Json:
    options: Json = {
        "rp": {"id": party.id, "name": party.name},
        "user": {"id": to_base64url(user.handle), "name": user.name, "displayName": user.name},
        "challenge": to_base64url(asked),
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in _ALGORITHMS],
        **more,
    }
    if excluded:
        options["excludeCredentials"] = _listed(excluded)
    return {"publicKey": options}


def _request(party: RelyingParty, asked: bytes, allowed: Sequence[str], *, timeout: int, verification: str) -> Json:
    options: Json = {
        "challenge": to_base64url(asked),
        "rpId": party.id,
        "timeout": timeout,
        "userVerification": verification,
    }
    if allowed:
        options["allowCredentials"] = _listed(allowed)
    return {"publicKey": options}


def _listed(ids: Sequence[str]) -> list[Json]:
    return [{"type": "public-key", "id": each} for each in ids]


def _milliseconds(configured: timedelta | None) -> int:
    return configured // timedelta(milliseconds=1) if configured else PASSKEY_TIMEOUT


def text_of(options: Json) -> str:
    return json.dumps(options, separators=(",", ":"))


# --- nodes and answers ----------------------------------------------------------------------------------


def script(flow: Flow, svc: Services) -> Node:
    """The functions that the buttons name. In the group webauthn whatever method needs it (as recorded)."""
    drawn = f"{enrolment.form_id(flow)}\0{flow.internal.get(traits.BACK, 0)}"
    nonce = str(UUID(bytes=enrolment.derived_bytes("nonce", drawn, 16, svc), version=4))
    return script_node("webauthn_script", f"{svc.urls.public}{PATH}", WEBAUTHN, integrity=integrity(), nonce=nonce)


def button(name: str, group: str, function: str, flow: Flow, **attributes: Any) -> Node:
    """A button that calls the browser's function of that name; apps are only told which it would be."""
    onclick = None if flow.is_api else f"window.{function}()"
    return input_node(name, "button", group, onclick=onclick, onclickTrigger=function, **attributes)


class Answer(Unprinted, frozen=True):
    """What a key answers, unchecked: which key it is (standard base64), whose it says it is, and all of it."""

    key_id: str
    handle: bytes | None
    text: str


def parsed(text: str) -> Answer | None:
    """None for anything that is no answer of a key."""
    if len(text) > LARGEST_ANSWER:
        return None
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not is_object(document):
        return None
    raw, response = document.get("rawId"), document.get("response")
    key_id = from_base64url(raw.rstrip("=")) if isinstance(raw, str) and raw.isascii() else None
    if not key_id or not is_object(response):
        return None
    named = response.get("userHandle")
    owner = from_base64url(named.rstrip("=")) if isinstance(named, str) and named.isascii() else None
    return Answer(standard(key_id), owner or None, text)


def standard(data: bytes) -> str:
    """Standard base64, as configs of credentials have their bytes."""
    return b2a_base64(data, newline=False).decode()
