import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.crypto.sealing import Sealer, derive_key
from vestibule.crypto.text import from_base64url, to_base64url

OLD, NEW, OTHER = "an old secret of thirty-two chars", "a new secret of thirty-two chars!", "somebody else's secret"


@given(st.binary(max_size=5000), st.binary(max_size=50))
def test_what_was_sealed_opens(plain, context):
    sealer = Sealer([NEW], "cookie")
    assert sealer.open(sealer.seal(plain, context=context), context=context) == plain


def test_two_sealings_of_the_same_bytes_differ():
    sealer = Sealer([NEW], "cookie")
    assert sealer.seal(b"x") != sealer.seal(b"x")


@pytest.mark.parametrize(
    "opener",
    [Sealer([OTHER], "cookie"), Sealer([NEW], "page")],
    ids=["another secret", "another purpose"],
)
def test_nobody_else_opens_it(opener):
    assert opener.open(Sealer([NEW], "cookie").seal(b"x")) is None


def test_another_context_does_not_open_it():
    sealer = Sealer([NEW], "page")
    text = sealer.seal(b"x", context=b"identities")
    assert sealer.open(text, context=b"sessions") is None
    assert sealer.open(text) is None


def test_after_a_rotation_old_texts_open_and_ask_to_be_sealed_anew():
    old_text = Sealer([OLD], "cookie").seal(b"x")
    rotated = Sealer([NEW, OLD], "cookie")
    assert rotated.open(old_text) == b"x"
    assert rotated.needs_reseal(old_text)
    assert not rotated.needs_reseal(rotated.seal(b"x"))


def test_a_removed_secret_opens_nothing():
    assert Sealer([NEW], "cookie").open(Sealer([OLD], "cookie").seal(b"x")) is None


def test_every_flipped_bit_is_noticed():
    sealer = Sealer([NEW], "cookie")
    raw = from_base64url(sealer.seal(b"payload"))
    for position in range(len(raw) * 8):
        forged = bytearray(raw)
        forged[position // 8] ^= 1 << (position % 8)
        assert sealer.open(to_base64url(bytes(forged))) is None


def test_every_truncation_and_every_addition_is_noticed():
    sealer = Sealer([NEW], "cookie")
    text = sealer.seal(b"payload")
    assert [sealer.open(text[:end]) for end in range(len(text))] == [None] * len(text)
    assert [sealer.open(text + more) for more in ("A", "=", "==", " ", "\n", "\0", "AAAA", ".")] == [None] * 8


@given(st.text(max_size=300) | st.text("ABCDEFabcdef0123456789-_", max_size=300))
def test_garbage_opens_as_none(text):
    assert Sealer([NEW, OLD], "cookie").open(text) is None


@pytest.mark.parametrize("text", ["", "\ud800", "A" * 1_000_000, "é" * 100, "AQ" + "A" * 200])
def test_odd_texts_open_as_none_and_need_sealing_anew(text):
    sealer = Sealer([NEW], "cookie")
    assert sealer.open(text) is None
    assert sealer.needs_reseal(text)


def test_without_secrets_there_is_no_sealer():
    with pytest.raises(ValueError, match="cookie"):
        Sealer([], "cookie")


def test_keys_of_two_purposes_differ():
    assert derive_key(NEW, "logout") != derive_key(NEW, "csrf")


def test_no_secret_shows_in_a_repr():
    assert repr(derive_key(NEW, "seal:cookie")) not in repr(Sealer([NEW], "cookie")._keys)
