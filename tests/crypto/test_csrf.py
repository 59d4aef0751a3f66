import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.crypto import csrf


def test_a_masked_token_matches_its_secret_and_differs_each_time():
    secret = csrf.new_secret(os.urandom)
    one, two = csrf.mask(secret, os.urandom), csrf.mask(secret, os.urandom)
    assert one != two
    assert csrf.matches(secret, one)
    assert csrf.matches(secret, two)


def test_the_token_of_another_browser_does_not_match():
    mine, theirs = csrf.new_secret(os.urandom), csrf.new_secret(os.urandom)
    assert not csrf.matches(mine, csrf.mask(theirs, os.urandom))


def test_the_bare_secret_is_no_token():
    secret = csrf.new_secret(os.urandom)
    assert not csrf.matches(secret, secret)
    assert not csrf.matches(secret, secret + secret)


def test_altered_tokens_do_not_match():
    secret = csrf.new_secret(os.urandom)
    token = csrf.mask(secret, os.urandom)
    swapped = "B" if token[10] == "A" else "A"
    altered = [token[:-1], token + "A", token + "==", token[:10] + swapped + token[11:], token.swapcase(), ""]
    assert [csrf.matches(secret, text) for text in altered] == [False] * len(altered)


@given(st.text(max_size=120), st.text(max_size=120))
def test_garbage_never_matches_and_never_raises(secret, token):
    assert not csrf.matches(secret, token)
    assert not csrf.is_secret(secret)
    assert csrf.belongs_to(secret, csrf.digest(secret))


@pytest.mark.parametrize("text", ["", "A" * 42, "A" * 44, "\ud800"])
def test_only_a_secret_can_be_masked(text):
    with pytest.raises(ValueError, match="CSRF"):
        csrf.mask(text, os.urandom)


def test_the_flow_recognises_the_secret_it_was_opened_with():
    secret, planted = csrf.new_secret(os.urandom), csrf.new_secret(os.urandom)
    stored = csrf.digest(secret)
    assert csrf.belongs_to(secret, stored)
    assert not csrf.belongs_to(planted, stored)
    assert secret not in stored


def test_the_cookie_is_named_after_the_public_address():
    expected = hashlib.sha256(b"https://id.example.org/").hexdigest()
    assert csrf.cookie_name("https://id.example.org/") == f"csrf_token_{expected}"
