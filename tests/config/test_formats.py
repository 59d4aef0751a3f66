import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.config.formats import CHECKS, is_email, is_phone


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.org",
        "a@b",
        "ann.lee+tag@mail.example.org",
        "o'neil@x.ie",
        "jörg@müller.de",
        "a@xn--mller-kva.de",
        "1@2.io",
    ],
)
def test_addresses(text):
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "ann", "ann@", "@example.org", "not-an-email", "  ANN@EXAMPLE.ORG ", "ann @example.org"),
        *("a..b@example.org", ".a@example.org", "a.@example.org", "a@b@c", "a@-b.org", "a@b-.org", "a@b..org", "a@.b"),
        *("Ann <ann@example.org>", '"ann"@example.org', "ann@[127.0.0.1]", "a@b\n", "a\u200b@b.org", "a@b_c.org"),
        *("x" * 65 + "@example.org", "a@" + "b" * 64 + ".org", "a@" + ".".join(["b" * 60] * 5)),
    ],
)
def test_no_addresses(text):
    assert not is_email(text)


def test_phone_numbers():
    assert is_phone("+49 151 23456789")
    assert is_phone("")
    assert not is_phone("0151 23456789")


@settings(deadline=None)
@given(st.text())
def test_every_check_says_yes_or_no(text):
    assert all(isinstance(check(text), bool) for check in CHECKS.values())
