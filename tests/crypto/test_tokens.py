import os
import string
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.crypto.sealing import Sealer, derive_key
from vestibule.crypto.tokens import ExchangeCode, PageTokens, SessionToken, is_logout_token, logout_token

IDENTITY, SESSION = str(uuid4()), str(uuid4())
KEY, FORMER_KEY = derive_key("new secret of sixteen", "logout"), derive_key("old secret of sixteen", "logout")


@given(st.uuids(), st.uuids(), st.binary(min_size=24, max_size=24))
def test_a_session_token_survives_its_text(identity, session, secret):
    token = SessionToken.new(str(identity), str(session), lambda count: secret[:count])
    assert SessionToken.parse(token.text) == token


def test_a_session_token_is_its_prefix_and_76_letters_and_digits():
    text = SessionToken.new(IDENTITY, SESSION, os.urandom).text
    assert text.startswith("ory_st_")
    assert len(text) == len("ory_st_") + 76
    assert set(text.removeprefix("ory_st_")) <= set(string.ascii_letters + string.digits)


def test_no_other_spelling_of_a_token_passes():
    token = SessionToken.new(IDENTITY, SESSION, os.urandom)
    text = token.text
    spellings = [text[:-1], text + "A", text + " ", " " + text, text + "\0", text + "%20"]
    spellings += [text.replace("ory_st_", "ory_lo_"), text.removeprefix("ory_st_"), "ory_st_" + text, "ory_st_", ""]
    spellings += ["ory_st_" + "z" * 76, "ory_st_0" + text.removeprefix("ory_st_"), text[:20] + "-" + text[21:]]
    parsed = [SessionToken.parse(spelling) for spelling in spellings]
    assert parsed == [None] * len(parsed)
    assert token != SessionToken.parse("ory_st_" + text.removeprefix("ory_st_").swapcase())


@given(st.text(max_size=100))
def test_garbage_is_no_session_token(text):
    assert SessionToken.parse(text) is None
    assert SessionToken.parse("ory_st_" + text) is None


def test_the_digest_tells_tokens_apart_by_every_part():
    token = SessionToken.new(IDENTITY, SESSION, os.urandom)
    others = [
        SessionToken(SESSION, token.session_id, token.secret),
        SessionToken(token.identity_id, IDENTITY, token.secret),
        SessionToken.new(IDENTITY, SESSION, os.urandom),
    ]
    assert token.matches(token.digest())
    assert [token.matches(other.digest()) for other in others] == [False] * 3
    assert not token.matches(b"")


def test_secrets_are_not_shown_by_repr():
    token, code = SessionToken(IDENTITY, SESSION, b"s" * 24), ExchangeCode(SESSION, b"s" * 31)
    assert "sss" not in repr(token)
    assert "sss" not in repr(code)


def test_an_exchange_code_is_64_letters_and_digits_and_survives_its_text():
    code = ExchangeCode.new(SESSION, os.urandom)
    assert ExchangeCode.parse(code.text) == code
    assert len(code.text) == 64
    assert code.text.isalnum()
    assert code.flow_id == SESSION


def test_the_halves_of_an_exchange_cannot_be_swapped():
    code = ExchangeCode.new(SESSION, os.urandom)
    assert code.matches("init", code.digest("init"))
    assert not code.matches("return_to", code.digest("init"))


@given(st.text(max_size=80))
def test_garbage_is_no_exchange_code(text):
    assert ExchangeCode.parse(text) is None


def test_a_logout_token_belongs_to_one_session_and_outlives_a_rotation():
    text = logout_token(FORMER_KEY, SESSION)
    assert text.startswith("ory_lo_")
    assert is_logout_token(text, [KEY, FORMER_KEY], SESSION)
    assert not is_logout_token(text, [KEY, FORMER_KEY], IDENTITY)
    assert not is_logout_token(text, [KEY], SESSION)


@pytest.mark.parametrize("text", ["", "ory_lo_", "\ud800", "ory_lo_" + "0" * 43])
def test_garbage_is_no_logout_token(text):
    assert not is_logout_token(text, [KEY], SESSION)


def test_a_page_token_opens_for_its_own_listing():
    tokens = PageTokens(["a secret of sixteen chars"])
    text = tokens.seal("sessions?active=true", ["018f", "A#1"])
    assert tokens.open("sessions?active=true", text) == ["018f", "A#1"]
    assert tokens.open("sessions?active=false", text) is None
    assert tokens.open("sessions?active=true", text[:-2]) is None
    assert tokens.open("sessions?active=true", Sealer(["other"], "page").seal(b"[]")) is None


def test_ids_come_back_in_canonical_text():
    token = SessionToken.parse(SessionToken.new(IDENTITY.upper(), SESSION, os.urandom).text)
    assert token is not None
    assert token.identity_id == str(UUID(IDENTITY))
