import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.config.schema_fields import TraitField
from vestibule.ui.decode import decode, decode_pairs
from vestibule.ui.shape import Kind, shape
from vestibule.ui.strict_json import LARGEST, BadBody

TRAITS = (
    TraitField("traits.email", "string", "email"),
    TraitField("traits.name.first", "string"),
    TraitField("traits.news", "boolean"),
    TraitField("traits.age", "integer"),
    TraitField("traits.size", "number"),
    TraitField("traits.tags", "array", items="integer"),
    TraitField("traits.extra", "object"),
)
SHAPE = shape("method", "password", "code", transient_payload=Kind.OBJECT, reveal=Kind.BOOLEAN, traits=TRAITS)
EMPTY = {"transient_payload": {}, "traits": {"name": {}, "extra": {}}}

FORM = "application/x-www-form-urlencoded"
JSON = "application/json; charset=utf-8"


def from_json(document) -> dict:
    return decode(json.dumps(document).encode(), JSON, SHAPE)


def from_form(*pairs: tuple[str, str]) -> dict:
    return decode(urlencode(pairs).encode(), FORM, SHAPE)


def from_multipart(*pairs: tuple[str, str]) -> dict:
    parts = [f'--x.Y\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs]
    return decode("".join([*parts, "--x.Y--\r\n"]).encode(), 'multipart/form-data; boundary="x.Y"', SHAPE)


# --- forms ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("send", [from_form, from_multipart])
@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("method", "password"), ("traits.email", "ann@example.org")], {"email": "ann@example.org"}),
        ([("traits.name.first", "Ann")], {"name": {"first": "Ann"}}),
        ([("traits.age", "33")], {"age": 33}),
        ([("traits.age", "-1e2")], {"age": -100}),
        ([("traits.size", "1.5")], {"size": 1.5}),
        ([("traits.age", "many")], {"age": "many"}),
        ([("traits.age", "NaN")], {"age": "NaN"}),
        ([("traits.age", "1e999")], {"age": "1e999"}),
        ([("traits.age", "1_000")], {"age": "1_000"}),
        ([("traits.news", "true")], {"news": True}),
        ([("traits.news", "T")], {"news": True}),
        ([("traits.news", "on")], {"news": True}),
        ([("traits.news", "0")], {"news": False}),
        ([("traits.news", "perhaps")], {"news": "perhaps"}),
        ([("traits.news", "false"), ("traits.news", "true")], {"news": True}),
        ([("traits.tags", "1"), ("traits.tags", "x")], {"tags": [1, "x"]}),
        ([("traits.email", "")], {}),
        ([("traits.age", ""), ("traits.tags", "")], {}),
        ([("traits.nickname", "Annie"), ("unknown", "x"), ("traits", "x")], {}),
    ],
)
def test_the_text_of_a_form_becomes_what_the_schema_says(send, pairs, expected):
    assert send(*pairs)["traits"] == {**EMPTY["traits"], **expected}


def test_unknown_fields_are_dropped_and_objects_are_there():
    assert from_form(("method", "password"), ("surprise", "x")) == {**EMPTY, "method": "password"}


def test_an_object_can_be_sent_as_its_json():
    assert from_form(("transient_payload", '{"a": 1}'))["transient_payload"] == {"a": 1}


@pytest.mark.parametrize(
    ("pairs", "payload"),
    [
        ([("transient_payload.code", "x")], {"code": "x"}),
        ([("transient_payload.a.b", "x"), ("transient_payload.a.c", "y")], {"a": {"b": "x", "c": "y"}}),
        ([("transient_payload", '{"a": 1}'), ("transient_payload.b", "2")], {"a": 1, "b": "2"}),
        ([("transient_payload.code", "")], {}),
        ([("transient_payload.", "x"), ("transient_payload..a", "x"), ("transient_payloads.a", "x")], {}),
        ([("transient_payload" + ".a" * 9, "x"), ("method.a", "x"), ("password.a", "x")], {}),
        ([("transient_payload.a", "x"), ("transient_payload.a.b", "y")], {"a": "x"}),
    ],
)
def test_a_form_names_what_is_in_an_object_by_dots(pairs, payload):
    assert from_form(*pairs)["transient_payload"] == payload
    assert from_multipart(*pairs)["transient_payload"] == payload


def test_a_query_is_read_like_a_form():
    assert decode_pairs([("code", "123"), ("code", "456"), ("flow", "x")], shape("code")) == {"code": "456"}


def test_files_are_left_out():
    body = (
        b'--b\r\nContent-Disposition: form-data; name="code"; filename="f.txt"\r\nContent-Type: text/plain\r\n\r\n1\r\n'
        b'--b\r\ncontent-disposition: form-data; name="method"\r\n\r\ncode\r\n--b--'
    )
    assert decode(body, "multipart/form-data; boundary=b", shape("method", "code")) == {"method": "code"}


# --- JSON -----------------------------------------------------------------------------------------------


def test_json_may_nest_or_use_dots():
    nested = from_json({"traits": {"name": {"first": "Ann"}, "age": 33}})
    dotted = from_json({"traits.name.first": "Ann", "traits.age": "33"})
    assert nested == dotted == {**EMPTY, "traits": {"extra": {}, "name": {"first": "Ann"}, "age": 33}}


def test_traits_of_json_are_left_for_the_schema_to_judge():
    traits = {"nickname": "Annie", "age": "many", "email": "", "name": {"first": ""}}
    assert from_json({"traits": traits})["traits"] == {**traits, "extra": {}}
    assert from_json({"traits": "text"})["traits"] == "text"


def test_null_is_not_sent():
    assert from_json({"method": None, "traits": None, "transient_payload": None, "reveal": None}) == EMPTY


def test_empty_text_is_not_sent():
    assert from_json({"method": "", "password": ""}) == EMPTY


def test_a_code_may_be_sent_as_a_number():
    assert from_json({"code": 123456})["code"] == "123456"


@pytest.mark.parametrize("value", [True, "true", "1", "t"])
def test_booleans_may_be_text(value):
    assert from_json({"reveal": value})["reveal"] is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("method", each) for each in (True, 1.5, {}, [])],
        *[("reveal", each) for each in ("perhaps", 1, {})],
        *[("transient_payload", each) for each in ("text", 1, [], True)],
    ],
)
def test_a_field_of_another_type_is_refused_by_name(name, value):
    with pytest.raises(BadBody, match=name if value != "text" else "JSON"):
        from_json({name: value})


def test_of_repeated_keys_the_last_counts():
    assert decode(b'{"method": "a", "method": "b"}', JSON, SHAPE)["method"] == "b"


# --- refusals -------------------------------------------------------------------------------------------

BAD = {
    "empty": (b"", JSON),
    "malformed": (b"{not json", JSON),
    "list": (b'["a list"]', JSON),
    "text": (b'"text"', JSON),
    "form called json": (b"method=password", JSON),
    "form called text": (b"method=password", "text/plain"),
    "no type": (b"{}", None),
    "nan": (b'{"traits": {"age": NaN}}', JSON),
    "infinity": (b'{"traits": {"age": -Infinity}}', JSON),
    "overflow": (b'{"traits": {"age": 1e999}}', JSON),
    "many digits": (b'{"traits": {"age": ' + b"9" * 5000 + b"}}", JSON),
    "101 levels": (b'{"traits": ' + b"[" * 101 + b"]" * 101 + b"}", JSON),
    "5,000 levels": (b'{"traits": ' + b"[" * 5000 + b"]" * 5000 + b"}", JSON),
    "100,000 levels": (b'{"traits": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}", JSON),
    "nul": (b'{"method": "a\\u0000b"}', JSON),
    "nul in a key": (b'{"traits": {"a\\u0000": 1}}', JSON),
    "half a pair": (b'{"traits": {"email": "\\ud800"}}', JSON),
    "no utf-8": (b'{"method": "\xff"}', JSON),
    "utf-16": ('{"method": "a"}'.encode("utf-16"), JSON),
    "form with nul": (b"method=a%00", FORM),
    "form without utf-8": (b"method=%ff", FORM),
    "form with half a pair": (b"method=%ed%a0%80", FORM),
    "form of many fields": (b"a&" * 2000, FORM),
    "parts without boundary": (b"--b--", "multipart/form-data"),
    "parts cut off": (b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', "multipart/form-data; boundary=b"),
    "parts without name": (b"--b\r\n\r\n1\r\n--b--", "multipart/form-data; boundary=b"),
    "no parts": (b"x", "multipart/form-data; boundary=b"),
    "many parts": (b"--b\r\n" * 2000, "multipart/form-data; boundary=b"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_body_is_refused(case):
    body, content_type = BAD[case]
    with pytest.raises(BadBody) as refused:
        decode(body, content_type, SHAPE)
    assert refused.value.reason


def test_five_megabytes_are_enough():
    with pytest.raises(BadBody, match="more than"):
        decode(b'{"method": "' + b"a" * LARGEST + b'"}', JSON, SHAPE)


def test_a_hundred_levels_are_read():
    assert decode(b'{"traits": ' + b"[" * 99 + b"]" * 99 + b"}", JSON, SHAPE)["traits"]


def test_a_refusal_repeats_nothing_of_what_was_sent():
    with pytest.raises(BadBody) as refused:
        decode(b'{"password": "secret"', JSON, SHAPE)
    assert "secret" not in refused.value.reason
    assert refused.value.__cause__ is None


def read(body: bytes, content_type: str | None) -> dict | None:
    try:
        return decode(body, content_type, SHAPE)
    except BadBody:
        return None


TYPES = st.sampled_from([JSON, FORM, "multipart/form-data; boundary=b", "multipart/form-data", "text/html", "", None])


@settings(deadline=None)
@given(st.binary(max_size=300), TYPES)
def test_any_bytes_give_a_document_or_a_refusal(body, content_type):
    assert isinstance(read(body, content_type), dict | None)


NAMES = st.sampled_from([*SHAPE.fields, *SHAPE.trait_by_name, "traits", "traits.name", "x", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), each, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(NAMES, VALUES))
def test_any_json_gives_known_fields_or_a_refusal(document):
    decoded = read(json.dumps(document).encode(), JSON)
    assert decoded is None or decoded.keys() <= {*SHAPE.fields, "traits"}


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES, st.text(max_size=8))))
def test_any_form_gives_known_fields_or_a_refusal(pairs):
    decoded = read(urlencode(pairs, errors="surrogatepass").encode(), FORM)
    assert decoded is None or decoded.keys() <= {*SHAPE.fields, "traits"}


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES, st.text(st.characters(categories=["L", "N"]), max_size=8)), min_size=1))
def test_both_encodings_of_a_form_mean_the_same(pairs):
    try:
        expected = from_form(*pairs)
    except BadBody as refusal:
        with pytest.raises(BadBody, match=refusal.reason):
            from_multipart(*pairs)
    else:
        assert from_multipart(*pairs) == expected
