"""Texts: every number has its German sentence, no language lacks a key, Accept-Language is understood."""

from __future__ import annotations

import json
from pathlib import Path
from string import Formatter

import pytest

import vestibule.pages.wording as module
from vestibule.pages.wording import LANGUAGES, language, wording
from vestibule.ui.messages import BY_ID, RESERVED

TEXTS = {name: json.loads((Path(module.__file__).parent / "texts" / f"{name}.json").read_text()) for name in LANGUAGES}


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_language_has_the_same_sentences_with_the_same_places(name):
    ours, english = TEXTS[name]["page"], TEXTS["en"]["page"]
    assert ours.keys() == english.keys()
    assert {key: places(text) for key, text in ours.items()} == {key: places(text) for key, text in english.items()}
    assert TEXTS[name]["language"] == name
    assert len(TEXTS[name]["months"].split("|")) == 12


def test_german_has_a_sentence_for_every_message_and_for_no_other():
    assert {int(number) for number in TEXTS["de"]["messages"]} == BY_ID.keys() | RESERVED


@pytest.mark.parametrize("name", LANGUAGES)
def test_sentences_use_only_what_their_message_brings_along(name):
    brought = {number: row.keys | row.aliases.keys() | {"text"} for number, row in BY_ID.items()}
    for number, sentence in TEXTS[name]["messages"].items():
        assert places(sentence) <= brought.get(int(number), set()), number


def test_messages_are_said_by_number_with_their_context():
    wire = {
        "id": 4000032,
        "text": "A password needs …",
        "type": "error",
        "context": {"min_length": 8, "actual_length": 5},
    }
    assert wording("de").message(wire) == "Das Passwort braucht mindestens 8 Zeichen, es hat 5."
    assert wording("en").message(wire) == "A password needs …"


def test_a_message_of_a_hook_keeps_its_own_text():
    assert wording("de").message({"id": 987, "text": "Kein Einlass ohne Einladung.", "type": "error"}) == (
        "Kein Einlass ohne Einladung."
    )


def test_a_known_number_without_its_context_keeps_its_own_text():
    assert wording("de").message({"id": 4000032, "text": "Too short", "type": "error"}) == "Too short"


def test_usual_names_of_fields_are_translated_and_others_stay():
    label = {"id": 1070002, "text": "First name", "type": "info", "context": {"title": "First name", "name": "x"}}
    other = {**label, "text": "Ship", "context": {"title": "Ship", "name": "x"}}
    assert [wording("de").message(each) for each in (label, other)] == ["Vorname", "Ship"]


def test_times_are_written_out_in_utc():
    assert wording("en").moment("2026-03-03T15:05:09+01:00") == "3 March 2026, 14:05 UTC"
    assert wording("de").moment(1772546700) == "3. März 2026, 14:05 Uhr (UTC)"
    assert wording("de").moment("soon") == "soon"


def test_a_context_cannot_reach_into_our_objects():
    wire = {"id": 1010002, "text": "x", "type": "info", "context": {"provider": "{provider.__class__}"}}
    assert wording("de").message(wire) == "Mit {provider.__class__} anmelden"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr,de;q=0.5,en;q=0.4", "de"),
        ("en;q=0.4, de;q=0.5", "de"),
        ("fr-CA, fr", "en"),
        ("*", "en"),
        ("de;q=0", "en"),
        ("DE", "de"),
        ("de;q=x", "en"),
        (";;;,,, =", "en"),
    ],
)
def test_the_language_is_the_one_people_like_best(accept, chosen):
    assert language(accept) == chosen


def test_the_first_language_on_offer_is_the_fallback():
    assert language("fr", ("de", "en")) == "de"
    assert language("en", ("de",)) == "de"
