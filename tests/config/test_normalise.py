import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.config import normalise


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ann@example.org", "ann@example.org"),
        ("  ANN@Example.ORG ", "ann@example.org"),
        ("\u200fann@example.org\u200e", "ann@example.org"),
        ("ann\u00ad\u200b@example.org", "ann@example.org"),
        ("\uff41nn\uff20example\uff0eorg", "ann@example.org"),
        ("ann\t@example.org\n", "ann@example.org"),
        ("Ann\u00a0Lee", "ann lee"),
        ("ÅSA", "åsa"),
        ("ﬁona", "fiona"),
        ("ann\ufe0f", "ann"),
        ("+49 (151) 234-56789", "+4915123456789"),
        ("\uff0b49 151 23456789", "+4915123456789"),
        ("+49 000", "+49 000"),
        ("0151 23456789", "0151 23456789"),
        ("+1", "+1"),
        ("+4915123456789a", "+4915123456789a"),
        ("", ""),
    ],
)
def test_an_identifier_has_one_spelling(typed, stored):
    assert normalise.identifier(typed) == stored


@pytest.mark.parametrize("typed", ["", "12", "not a number", "0151 2345678", "+49 000", "+", "+4915123"])
def test_a_phone_number_needs_its_country_and_its_digits(typed):
    with pytest.raises(normalise.InvalidPhone) as refused:
        normalise.phone(typed)
    assert not typed or typed not in str(refused.value)


def test_an_address_is_no_phone_number_and_stays_text():
    assert normalise.email("+4915123456789@EXAMPLE.org") == "+4915123456789@example.org"


@settings(deadline=None)
@given(st.text() | st.from_regex(r"\+[0-9 ()-]{3,18}", fullmatch=True))
def test_normalising_again_changes_nothing(text):
    once = normalise.identifier(text)
    assert normalise.identifier(once) == once
    assert normalise.email(normalise.email(text)) == normalise.email(text)


def test_every_character_that_changes_settles():
    for character in map(chr, range(0x110000)):
        if character.lower() != character or not unicodedata.is_normalized("NFKC", character):
            once = normalise.email(f"a{character}b")
            assert normalise.email(once) == once, character
