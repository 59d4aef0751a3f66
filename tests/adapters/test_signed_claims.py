"""Which key signs, and what happens while keys are changed or out of reach."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from vestibule.adapters.signed_claims import FRESH, FetchedKeys
from vestibule.config.fetch import FetchError, fetch
from vestibule.ports import KeysUnusable

WHERE = "https://keys.example.org/set"


def key(kid: str | None, algorithm: str = "ES256", **changes: Any) -> dict[str, Any]:
    made = ECKey.generate_key("P-256").as_dict(private=True) | {"alg": algorithm} | ({"kid": kid} if kid else {})
    return {name: value for name, value in (made | changes).items() if value is not None}


def keys_of(*keys: Any) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


class Keys:
    """A place where the set of keys lies, and the time."""

    def __init__(self, content: bytes) -> None:
        self.content: bytes | Exception = content
        self.asked = 0
        self.time = 0.0
        self.sign = FetchedKeys(self._fetch, lambda: self.time)

    def _fetch(self, source: str) -> bytes:
        self.asked += 1
        if isinstance(self.content, Exception):
            raise self.content
        return self.content

    def kid(self, source: str = WHERE) -> str | None:
        return jwt.decode(self.sign(source, {"sub": "x"}), self._known()).header.get("kid")

    def _known(self) -> Any:
        return lambda token: KEYS[token.headers()["kid"]]  # pyright: ignore[reportUnknownLambdaType, reportUnknownVariableType]


OLD, NEW = key("old"), key("new")
KEYS = {each["kid"]: ECKey.import_key(each) for each in (OLD, NEW)}


def test_the_first_key_signs_by_its_own_algorithm() -> None:
    rsa = RSAKey.generate_key(2048).as_dict(private=True) | {"alg": "PS256", "kid": "first"}
    token = FetchedKeys(lambda _: keys_of(rsa, OLD))(WHERE, {"sub": "ann", "n": 1})
    read = jwt.decode(token, KeySet.import_key_set({"keys": [rsa, OLD]}), algorithms=["PS256"])
    assert (read.header, read.claims) == ({"alg": "PS256", "kid": "first", "typ": "JWT"}, {"sub": "ann", "n": 1})


def test_a_shared_secret_signs_too_and_a_key_needs_no_name() -> None:
    secret = OctKey.generate_key(256).as_dict(private=True) | {"alg": "HS256"}
    token = FetchedKeys(lambda _: keys_of(secret))(WHERE, {"sub": "ann"})
    assert jwt.decode(token, OctKey.import_key(secret)).header == {"alg": "HS256", "typ": "JWT"}


def test_a_new_key_signs_within_minutes_and_the_set_is_asked_for_once_each_time() -> None:
    keys = Keys(keys_of(OLD))
    assert [keys.kid() for _ in range(3)] == ["old"] * 3
    keys.content = keys_of(NEW, OLD)
    keys.time = FRESH - 1
    assert (keys.kid(), keys.asked) == ("old", 1)
    keys.time = FRESH
    assert ([keys.kid() for _ in range(3)], keys.asked) == (["new"] * 3, 2)


@pytest.mark.parametrize("trouble", [FetchError("cannot be fetched"), b"{", keys_of(), keys_of({"alg": "ES256"})])
def test_while_a_new_set_cannot_be_used_the_key_of_before_signs(
    trouble: bytes | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    keys = Keys(keys_of(OLD))
    assert keys.kid() == "old"
    keys.content, keys.time = trouble, FRESH
    with caplog.at_level(logging.WARNING):
        assert [keys.kid() for _ in range(3)] == ["old"] * 3
    assert (keys.asked, len(caplog.records)) == (2, 1)
    keys.content, keys.time = keys_of(NEW), 2 * FRESH
    assert keys.kid() == "new"


def test_who_comes_while_the_set_is_asked_for_does_not_wait() -> None:
    keys = Keys(keys_of(OLD))
    assert keys.kid() == "old"
    asked, go_on = threading.Event(), threading.Event()

    def slow(source: str) -> bytes:
        asked.set()
        go_on.wait()
        return keys_of(NEW)

    keys.sign._fetch, keys.time = slow, FRESH
    first = threading.Thread(target=keys.kid)
    first.start()
    asked.wait()
    assert keys.kid() == "old"
    go_on.set()
    first.join()
    assert keys.kid() == "new"


def test_a_set_in_the_configuration_itself_is_read_once() -> None:
    keys = Keys(keys_of(OLD))
    assert keys.kid("base64://whatever") == "old"
    keys.time = 100 * FRESH
    assert (keys.kid("base64://whatever"), keys.asked) == ("old", 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b"{}",
        b'{"keys": 5}',
        keys_of(),
        keys_of("text"),
        keys_of(key("none", "none")),
        keys_of(key("nothing", alg=None)),
        keys_of(key("another", "RS256")),
        keys_of(key("bent", "ES384")),
        keys_of(key("public", d=None)),
        keys_of(key("broken", x="!!")),
        keys_of(key("mistyped", kty="oct")),
        keys_of({"kty": "oct", "alg": "HS256", "k": 5}),
        keys_of({"kty": "unheard-of", "alg": "HS256"}),
        keys_of(key("large"), "x" * 70_000),
    ],
    ids=range(17),
)
def test_what_cannot_sign_says_so_without_the_key(content: bytes) -> None:
    with pytest.raises(KeysUnusable) as failed:
        FetchedKeys(lambda _: content)(WHERE, {"sub": "ann"})
    assert str(failed.value)
    assert "kty" not in str(failed.value)


def test_a_place_without_keys_says_so() -> None:
    with pytest.raises(KeysUnusable, match="cannot be read"):
        FetchedKeys(fetch)("file:///there/is/none", {})
