import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.crypto.index_key import IndexKeyUnreadable, IndexKeyWrap, identifier_hmac, new_index_key

KEY = bytes(32)
OLD, NEW = "an old secret of thirty-two chars", "a new secret of thirty-two chars!"


@given(st.text(max_size=60))
def test_any_value_has_a_short_stable_text_that_hides_it(value):
    text = identifier_hmac(KEY, "password", value)
    assert text == identifier_hmac(KEY, "password", value)
    assert len(text) == 32


def test_key_kind_and_value_all_count():
    texts = {
        identifier_hmac(KEY, "email", "ann@example.org"),
        identifier_hmac(KEY, "email", "ann@example.com"),
        identifier_hmac(KEY, "password", "ann@example.org"),
        identifier_hmac(bytes([1] * 32), "email", "ann@example.org"),
        identifier_hmac(KEY, "emai", "lann@example.org"),
    }
    assert len(texts) == 5


def test_a_lone_surrogate_is_just_an_unknown_value():
    assert identifier_hmac(KEY, "password", "\ud800") != identifier_hmac(KEY, "password", "\ud801")


def test_the_key_survives_rotation_of_the_secret_that_wraps_it():
    key = new_index_key(os.urandom)
    wrapped = IndexKeyWrap([OLD]).wrap(key)
    rotated = IndexKeyWrap([NEW, OLD])
    assert rotated.unwrap(wrapped) == key
    assert rotated.needs_rewrap(wrapped)
    rewrapped = rotated.wrap(rotated.unwrap(wrapped))
    assert not rotated.needs_rewrap(rewrapped)
    assert IndexKeyWrap([NEW]).unwrap(rewrapped) == key


def test_a_key_that_no_secret_opens_is_an_error_that_says_what_to_do():
    with pytest.raises(IndexKeyUnreadable, match=r"secrets\.cipher"):
        IndexKeyWrap([NEW]).unwrap(IndexKeyWrap([OLD]).wrap(KEY))
