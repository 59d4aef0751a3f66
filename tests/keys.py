"""A security key in software, deployments that take keys, and what people do with them."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from tests.world import Client, Flow, Reply, World

from vestibule.config.document import merged
from vestibule.ports import Table

ORIGIN = "https://app.example.org"
EVIL = "https://app.example.org.evil.example"
RP = {"id": "example.org", "display_name": "Harbour", "origins": [ORIGIN, "https://id.example.org"]}

SCHEMA: dict[str, Any] = {
    "$id": "https://schemas.example.org/person-with-keys",
    "type": "object",
    "properties": {
        "traits": {
            "type": "object",
            "properties": {
                "email": {
                    "type": "string",
                    "format": "email",
                    "title": "E-mail",
                    "ory.sh/kratos": {
                        "credentials": {
                            "password": {"identifier": True},
                            "webauthn": {"identifier": True},
                            "passkey": {"display_name": True},
                        }
                    },
                }
            },
            "required": ["email"],
            "additionalProperties": False,
        }
    },
}

_SESSION = {"hooks": [{"hook": "session"}]}
CONFIG: dict[str, Any] = {
    "session": {"whoami": {"required_aal": "aal1"}},
    "selfservice": {
        "flows": {
            "settings": {"ui_url": "https://app.example.org/settings", "required_aal": "aal1"},
            "registration": {"after": {"webauthn": _SESSION, "passkey": _SESSION}},
        }
    },
}

PRESENT, VERIFIED, BACKED_UP, HAS_KEY = 0x01, 0x04, 0x18, 0x40


def build(table: Table, *methods: str, changes: Mapping[str, Any] | None = None, schema: Any = None) -> World:
    """`changes` go over all of it."""
    return World.build(table, merged(config(*methods), dict(changes or {})), schema or SCHEMA)


def config(*methods: str) -> dict[str, Any]:
    """`methods`: `second_factor` or `passwordless` for security keys, `passkey`."""
    webauthn = {"enabled": True, "config": {"passwordless": "passwordless" in methods, "rp": RP}}
    chosen = {"passkey": {"enabled": True, "config": {"rp": RP}}} if "passkey" in methods else {}
    if {"second_factor", "passwordless"} & set(methods):
        chosen["webauthn"] = webauthn
    return merged(CONFIG, {"selfservice": {"methods": chosen}})


Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
CURVES: dict[int, tuple[int, int, Any]] = {256: (-7, 1, SHA256()), 384: (-35, 2, SHA384()), 521: (-36, 3, SHA512())}
"""By the bits of a curve: COSE's numbers for the algorithm and for the curve, and the digest."""

MAKERS: dict[str, Callable[[], Private]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@dataclass
class Key:
    id: bytes
    private: Private
    user: bytes
    counter: int = 0


@dataclass
class Authenticator:
    """Makes keys and signs with them. `counts` False: like passkeys that are kept on several devices."""

    counts: bool = True
    flags: int = PRESENT | VERIFIED
    aaguid: bytes = bytes(16)
    rsa_bits: int = 0
    algorithm: str = "ES256"
    keys: list[Key] = field(default_factory=list)

    def create(self, options: str, *, origin: str = ORIGIN, key_id: bytes | None = None, **changed: Any) -> str:
        """The answer to creation options. `changed`: fmt, stmt, algorithm, flags, client (of the client data)."""
        public = asked(options)
        private = rsa.generate_private_key(65537, self.rsa_bits) if self.rsa_bits else MAKERS[self.algorithm]()
        key = Key(key_id or secrets.token_bytes(32), private, decoded(public["user"]["id"]))
        self.keys.append(key)
        attested = self.aaguid + len(key.id).to_bytes(2, "big") + key.id + _cose(private, changed.get("algorithm"))
        flags = changed.get("flags", self.flags) | HAS_KEY
        data = _data(public["rp"]["id"], flags, 0) + attested
        document = {"fmt": changed.get("fmt", "none"), "attStmt": changed.get("stmt", {}), "authData": data}
        client = _client("webauthn.create", public["challenge"], origin, changed.get("client"))
        return _credential(key, clientDataJSON=client, attestationObject=cbor2.dumps(document))

    def sign(self, options: str, *, key: int = -1, origin: str = ORIGIN, **changed: Any) -> str:
        """The answer to request options. `changed`: counter, flags, user, client."""
        public, chosen = asked(options), self.keys[key]
        chosen.counter = changed.get("counter", chosen.counter + int(self.counts))
        data = _data(public["rpId"], changed.get("flags", self.flags), chosen.counter)
        client = _client("webauthn.get", public["challenge"], origin, changed.get("client"))
        signed = data + hashlib.sha256(client).digest()
        named = {"userHandle": changed.get("user", chosen.user)} if changed.get("user", chosen.user) else {}
        parts = {"clientDataJSON": client, "authenticatorData": data, "signature": _signature(chosen.private, signed)}
        return _credential(chosen, **parts, **named)


def asked(options: str) -> dict[str, Any]:
    """What a browser is asked, also where passkeys wrap it once more."""
    document = json.loads(options)
    return document.get("credentialOptions", document)["publicKey"]


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def value(flow: Flow, name: str) -> str:
    return flow.nodes[name]["attributes"]["value"]


# --- what people do -------------------------------------------------------------------------------------


def add_key(client: Client, key: Authenticator, name: str = "Blue key", **changed: Any) -> Reply:
    """A security key, in the settings of whoever is signed in."""
    flow = client.start("settings")
    answer = key.create(value(flow, "webauthn_register_trigger"), **changed)
    return client.submit(flow, webauthn_register=answer, webauthn_register_displayname=name)


def add_passkey(client: Client, key: Authenticator, **changed: Any) -> Reply:
    flow = client.start("settings")
    answer = key.create(value(flow, "passkey_create_data"), **changed)
    return client.submit(flow, method="passkey", passkey_settings_register=answer)


def step_up(client: Client, key: Authenticator, **changed: Any) -> Reply:
    flow = client.start("login", aal="aal2")
    signed = key.sign(value(flow, "webauthn_login_trigger"), **changed)
    return client.submit(flow, method="webauthn", identifier="anything", webauthn_login=signed)


def sign_up_with_passkey(client: Client, email: str, key: Authenticator, **changed: Any) -> Reply:
    flow = client.start("registration")
    answer = key.create(value(flow, "passkey_create_data"), **changed)
    return client.submit(flow, method="passkey", traits={"email": email}, passkey_register=answer)


def sign_in_with_passkey(client: Client, key: Authenticator, **changed: Any) -> Reply:
    flow = client.start("login")
    answer = key.sign(value(flow, "passkey_challenge"), **changed)
    return client.submit(flow, method="passkey", passkey_login=answer)


def sign_up_with_key(client: Client, email: str, key: Authenticator) -> Reply:
    flow = client.start("registration")
    answer = key.create(value(flow, "webauthn_register_trigger"))
    return client.submit(flow, traits={"email": email}, webauthn_register=answer, webauthn_register_displayname="Blue")


def keys_of(world: World, email: str, type_: str = "webauthn") -> list[dict[str, Any]]:
    identity = world.svc.identities.by_identifier(["password"], email)
    assert identity is not None
    return world.svc.identities.configs(identity.id, [type_]).get(type_, {}).get("credentials", [])


# --- bytes ----------------------------------------------------------------------------------------------


def _data(rp_id: str, flags: int, counter: int) -> bytes:
    return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + counter.to_bytes(4, "big")


def _client(kind: str, challenge: str, origin: str, changes: Mapping[str, Any] | None) -> bytes:
    document = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}
    return json.dumps({**document, **(changes or {})}).encode()


def _cose(private: Private, algorithm: int | None) -> bytes:
    if isinstance(private, rsa.RSAPrivateKey):
        numbers = private.public_key().public_numbers()
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        return cbor2.dumps({1: 3, 3: algorithm or -257, -1: modulus, -2: b"\x01\x00\x01"})
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return cbor2.dumps({1: 1, 3: algorithm or -8, -1: 6, -2: private.public_key().public_bytes_raw()})
    known, curve, _ = CURVES[private.key_size]
    point, size = private.public_key().public_numbers(), (private.key_size + 7) // 8
    x, y = point.x.to_bytes(size, "big"), point.y.to_bytes(size, "big")
    return cbor2.dumps({1: 2, 3: algorithm or known, -1: curve, -2: x, -3: y})


def _signature(private: Private, data: bytes) -> bytes:
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(data, padding.PKCS1v15(), SHA256())
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(data)
    return private.sign(data, ec.ECDSA(CURVES[private.key_size][2]))


def _credential(key: Key, **response: bytes) -> str:
    named = {name: encoded(each) for name, each in response.items()}
    return json.dumps({"id": encoded(key.id), "rawId": encoded(key.id), "type": "public-key", "response": named})
