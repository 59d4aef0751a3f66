"""What keys answer is checked; nothing that strangers send breaks more than their own answer."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import cbor2
import pytest
from tests.keys import EVIL, ORIGIN, PRESENT, VERIFIED, Authenticator, decoded, encoded

from vestibule.adapters.key_answers import CheckedKeyAnswers
from vestibule.domain.key import NewKey, RelyingParty, UsedKey

CHALLENGE = bytes(range(32))
PARTY = RelyingParty("example.org", "Harbour", (ORIGIN, "https://id.example.org"))
STRICT = RelyingParty("example.org", "Harbour", (ORIGIN,), must_verify=True)
ANSWERS = CheckedKeyAnswers()

CREATION = json.dumps(
    {
        "publicKey": {
            "rp": {"id": "example.org"},
            "user": {"id": encoded(b"handle")},
            "challenge": encoded(CHALLENGE),
        }
    }
)
REQUEST = json.dumps({"publicKey": {"rpId": "example.org", "challenge": encoded(CHALLENGE)}})


def made(key: Authenticator, party: RelyingParty = PARTY, **changed: Any) -> NewKey | None:
    return ANSWERS.made(key.create(CREATION, **changed), CHALLENGE, party)


def used(key: Authenticator, party: RelyingParty = PARTY, **changed: Any) -> UsedKey | None:
    new = made(key)
    assert new is not None
    return ANSWERS.used(key.sign(REQUEST, **changed), CHALLENGE, party, new.public)


def test_a_new_key_is_told_as_it_says_of_itself() -> None:
    key = Authenticator(aaguid=bytes(range(16)), flags=PRESENT | VERIFIED | 0x18)
    new = made(key)
    assert new is not None
    assert (new.id, new.aaguid, new.counter, new.attestation) == (key.keys[0].id, bytes(range(16)), 0, "none")
    assert (new.verified, new.backup_eligible, new.backed_up) == (True, True, True)


def test_a_signature_is_checked_and_its_counter_told() -> None:
    told = used(Authenticator(flags=PRESENT), counter=5)
    assert told == UsedKey(counter=5, verified=False, backed_up=False)


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": EVIL},
        {"origin": "http://app.example.org"},
        {"flags": 0},
        {"fmt": "packed"},
        {"fmt": "none", "stmt": {"alg": -7, "sig": b"x"}},
        {"fmt": "made-up"},
        {"algorithm": -65535},
        {"algorithm": -999},
        {"client": {"type": "webauthn.get"}},
        {"client": {"challenge": encoded(b"another")}},
        {"client": {"crossOrigin": True}},
    ],
    ids=str,
)
def test_a_key_that_was_made_in_another_way_than_asked_is_refused(changed: dict[str, Any]) -> None:
    assert made(Authenticator(), **changed) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": EVIL},
        {"flags": VERIFIED},
        {"client": {"type": "webauthn.create"}},
        {"client": {"challenge": encoded(b"another")}},
        {"client": {"crossOrigin": True}},
    ],
    ids=str,
)
def test_a_signature_for_something_else_is_refused(changed: dict[str, Any]) -> None:
    assert used(Authenticator(), **changed) is None


def test_where_people_have_to_be_verified_presence_is_not_enough() -> None:
    assert made(Authenticator(flags=PRESENT), STRICT) is None
    assert made(Authenticator(), STRICT) is not None
    assert used(Authenticator(), STRICT, flags=PRESENT) is None


def test_rsa_keys_are_taken_from_2048_bits_on() -> None:
    assert made(Authenticator(rsa_bits=1024)) is None
    assert made(Authenticator(rsa_bits=2048)) is not None


@pytest.mark.parametrize("algorithm", ["ES256", "ES512", "EdDSA"])
def test_keys_sign_as_they_can(algorithm: str) -> None:
    assert used(Authenticator(algorithm=algorithm)) is not None


def test_es384_is_what_the_package_does_not_know() -> None:
    """Keys choose what they can of what they are asked for; those that know nothing else are not taken."""
    assert made(Authenticator(algorithm="ES384")) is None


def test_the_signature_of_another_key_is_refused() -> None:
    mine, other = Authenticator(), Authenticator()
    new = made(mine)
    made(other)
    assert new is not None
    assert ANSWERS.used(other.sign(REQUEST), CHALLENGE, PARTY, new.public) is None


def test_the_id_is_the_one_that_the_key_attests() -> None:
    answer = json.loads(Authenticator().create(CREATION))
    answer["id"] = answer["rawId"] = encoded(b"somebody else's")
    assert ANSWERS.made(json.dumps(answer), CHALLENGE, PARTY) is None


def with_attestation(data: bytes) -> str:
    answer = json.loads(Authenticator().create(CREATION))
    answer["response"]["attestationObject"] = encoded(data)
    return json.dumps(answer)


def _bombs() -> dict[str, str]:
    good = json.loads(Authenticator().create(CREATION))
    inside = cbor2.loads(decoded(good["response"]["attestationObject"]))
    deep = b"\x81" * 10_000 + b"\x00"
    return {
        "deeply nested": with_attestation(deep),
        "deeply nested inside": with_attestation(cbor2.dumps({**inside, "authData": inside["authData"][:55] + deep})),
        "a text of 2^63 bytes": with_attestation(b"\x7b" + b"\x7f" + b"\xff" * 7),
        "an array of 2^63 entries": with_attestation(b"\x9b" + b"\x7f" + b"\xff" * 7),
        "a map of 2^32 entries": with_attestation(b"\xba" + b"\xff" * 4),
        "tags without end": with_attestation(b"\xc2" * 10_000),
        "a long client data": json.dumps(good | {"response": {"clientDataJSON": "A" * 1_000_000}}),
        "nested JSON": "[" * 20_000,
        "no objects": json.dumps({"rawId": "AAAA", "id": "AAAA", "type": "public-key", "response": []}),
        "half a surrogate": json.dumps(good).replace('"public-key"', '"\\ud800"'),
    }


@pytest.mark.attack("wa-08")
@pytest.mark.parametrize("name", _bombs())
def test_a_bomb_is_a_wrong_answer_soon_and_takes_no_memory(name: str) -> None:
    made(Authenticator())  # the package is loaded
    bomb = _bombs()[name]
    tracemalloc.start()
    began = time.process_time()
    assert ANSWERS.made(bomb, CHALLENGE, PARTY) is None
    assert ANSWERS.used(bomb, CHALLENGE, PARTY, bytes(77)) is None
    spent, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < 0.2
    assert peak < 16 * 2**20


def test_bytes_at_random_are_a_wrong_answer() -> None:
    key = Authenticator()
    good = key.create(CREATION)
    data = bytearray(decoded(json.loads(good)["response"]["attestationObject"]))
    for position in range(0, len(data), 3):
        spoiled = bytearray(data)
        spoiled[position] ^= 0xFF
        answer = json.loads(good)
        answer["response"]["attestationObject"] = encoded(bytes(spoiled))
        new = ANSWERS.made(json.dumps(answer), CHALLENGE, PARTY)
        assert new is None or new.id == key.keys[0].id
