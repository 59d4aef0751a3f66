import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.crypto.text import base62_width, from_base62, from_base64url, same, to_base62, to_base64url


@given(st.binary(max_size=100))
def test_both_codecs_give_back_what_they_took(data):
    assert from_base64url(to_base64url(data)) == data
    assert from_base62(to_base62(data), len(data)) == data
    assert len(to_base62(data)) == base62_width(len(data))


@given(st.text("0123456789abcxyzABCXYZ-_=+/", max_size=12))
def test_a_text_that_decodes_is_the_only_text_of_its_bytes(text):
    data = from_base64url(text)
    assert data is None or to_base64url(data) == text
    number = from_base62(text, 8)
    assert number is None or to_base62(number) == text


@pytest.mark.parametrize("text", ["AB", "A", "AA==", "A A", "AA\n", "A+A/", "é", "\ud800"])
def test_base64url_takes_no_second_spelling(text):
    assert from_base64url(text) is None


@pytest.mark.parametrize("text", ["z" * 11, "0" * 10, "0" * 12, "-" * 11, "٣" * 11, "\ud800" * 11, ""])
def test_base62_takes_nothing_out_of_range(text):
    assert from_base62(text, 8) is None


def test_same_compares_any_text():
    assert same("\ud800", "\ud800")
    assert same("text", b"text")
    assert not same("a", "b")
    assert not same("a", "ab")
