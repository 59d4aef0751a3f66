from datetime import UTC, datetime

import pytest

from vestibule.domain.message import MessageType
from vestibule.ui import messages

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

SUCCESSES = {1050001, 1060001, 1080002, 1080005}

CONTEXTS = {
    1010002: {"provider", "provider_id"},
    1010016: {"duplicate_identifier", "provider", "new_login_url", "available_credential_types", "available_providers"},
    1010023: {"address", "channel"},
    1050006: {"secret"},
    1050014: {"used_at"},
    1050015: {"secrets"},
    1050018: {"display_name", "added_at"},
    1060004: {"masked_address"},
    1070002: {"title", "name"},
    4000001: {"reason"},
    4000003: {"min_length", "actual_length"},
    4000022: {"base", "actual"},
    4000025: {"index_a", "index_b"},
    4000026: {"allowed_types", "actual_type"},
    4000028: {"available_credential_types", "available_oidc_providers", "credential_identifier_hint"},
    4000034: {"breaches"},
    4000040: {"value"},
    4010001: {"expired_at"},
}


@pytest.mark.parametrize("row", messages.BY_ID.values(), ids=lambda row: str(row.id))
def test_a_row_has_the_type_its_number_says(row):
    expected = (
        MessageType.SUCCESS if row.id in SUCCESSES else MessageType.ERROR if row.id >= 4000000 else MessageType.INFO
    )
    assert row.type is expected


def test_no_number_stands_twice_and_none_is_reserved():
    rows = [row for row in vars(messages).values() if isinstance(row, messages.Row)]
    assert len(rows) == len(messages.BY_ID)
    assert not messages.BY_ID.keys() & messages.RESERVED


@pytest.mark.parametrize(("number", "keys"), CONTEXTS.items())
def test_a_row_takes_the_context_that_clients_read(number, keys):
    assert messages.BY_ID[number].keys == keys


def test_a_row_refuses_another_context():
    with pytest.raises(TypeError, match="4000002 takes"):
        messages.REQUIRED(field="email")


def test_a_message_without_context_has_none_on_the_wire():
    assert messages.INVALID_CREDENTIALS().to_wire().keys() == {"id", "text", "type"}


def test_a_time_stands_twice_in_the_context():
    message = messages.LOGIN_FLOW_EXPIRED(expired_at=NOON)
    assert message.context == {"expired_at": "2026-05-01T12:00:00Z", "expired_at_unix": 1777636800}
    assert "1 May 2026, 12:00 UTC" in message.text


def test_old_spellings_repeat_their_key():
    recovered = messages.RECOVERY_SUCCESSFUL(privileged_session_expires_at=NOON).context
    assert recovered["privilegedSessionExpiresAt"] == recovered["privileged_session_expires_at"]
    link = messages.LOGIN_LINK(
        duplicate_identifier="ann@example.org",
        provider="Example",
        new_login_url="https://ui.example.org/login",
        available_credential_types=["password"],
        available_providers=[],
    )
    assert link.context["duplicateIdentifier"] == "ann@example.org"
    assert link.context["newLoginUrl"] == "https://ui.example.org/login"


@pytest.mark.parametrize(("count", "words"), [(1, "1 character."), (2, "2 characters.")])
def test_counts_and_nouns_agree(count, words):
    assert messages.MIN_LENGTH(min_length=count, actual_length=0).text.endswith(words)


def test_several_types_are_joined_in_words():
    message = messages.WRONG_TYPE(allowed_types=["integer", "null"], actual_type="string")
    assert "integer or null" in message.text
    assert message.context["allowed_types"] == ["integer", "null"]


def test_a_plain_label_has_words_and_no_context():
    assert messages.LABEL(text="an****@example.org").to_wire() == {
        "id": 1070000,
        "text": "an****@example.org",
        "type": "info",
    }
