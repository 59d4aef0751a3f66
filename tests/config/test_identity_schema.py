import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.config.identity_schema import IdentitySchema
from vestibule.config.schema_document import SchemaError

ALL = {"password": {"identifier": True}, "code": {"identifier": True, "via": "email"}, "webauthn": {"identifier": True}}
MAIL = {
    "type": "string",
    "format": "email",
    "title": "Mail",
    "ory.sh/kratos": {"credentials": ALL, "verification": {"via": "email"}, "recovery": {"via": "email"}},
}
PHONE = {
    "type": "string",
    "format": "tel",
    "ory.sh/kratos": {
        "credentials": {"code": {"identifier": True, "via": "sms"}},
        "verification": {"via": "sms"},
        "recovery": {"via": "sms"},
    },
}
NUMBER, WRITTEN = "+49 151 23456789", "+4915123456789"


def schema(properties, *, fetch=None, definitions=None, **more) -> IdentitySchema:
    traits = {"type": "object", "properties": properties, **more}
    return IdentitySchema("guest", {"properties": {"traits": traits}, "definitions": definitions or {}}, fetch)


GUEST = schema(
    {
        "mail": MAIL,
        "phone": PHONE,
        "name": {"type": "object", "properties": {"first": {"type": "string", "minLength": 1}}},
        "age": {"type": "integer", "minimum": 18},
    },
    required=["mail"],
    additionalProperties=False,
)


def test_making_a_schema_compiles_nothing():
    assert "_validator" not in vars(schema({"mail": MAIL}))


def test_the_url_has_the_id_in_base64url():
    assert GUEST.url_id == "Z3Vlc3Q"


# --- validation -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        ({"mail": "ann@example.org"}, []),
        ({}, [("#/traits/mail", "required", {"property": "mail"})]),
        ({"mail": "ann"}, [("#/traits/mail", "format", {"format": "email", "value": "ann"})]),
        (
            {"mail": "a@b", "name": {"first": ""}},
            [("#/traits/name/first", "minLength", {"min_length": 1, "actual_length": 0})],
        ),
        ({"mail": "a@b", "age": 12}, [("#/traits/age", "minimum", {"minimum": 18, "actual": 12})]),
        (
            {"mail": "a@b", "age": "many"},
            [("#/traits/age", "type", {"allowed_types": ["integer"], "actual_type": "string"})],
        ),
        ({"mail": "a@b", "x": 1, "y": 2}, [("#/traits", "additionalProperties", {})]),
        ({"mail": "a@b", "phone": "12"}, [("#/traits/phone", "format", {"format": "tel", "value": "12"})]),
        ({"mail": "a@b", "phone": ""}, [("#/traits/phone", "address", {})]),
        (None, [("#/traits", "type", {"allowed_types": ["object"], "actual_type": "null"})]),
    ],
)
def test_what_traits_break_is_told_at_its_place(traits, expected):
    assert [(each.pointer, each.keyword, each.params) for each in GUEST.validate(traits)] == expected


@pytest.mark.parametrize(
    ("definition", "value", "keyword", "params"),
    [
        ({"maxLength": 1}, "äöü", "maxLength", {"max_length": 1, "actual_length": 3}),
        ({"pattern": "^a+$"}, "b", "pattern", {"pattern": "^a+$"}),
        ({"maximum": 1}, 2, "maximum", {"maximum": 1, "actual": 2}),
        ({"exclusiveMaximum": 1}, 1, "exclusiveMaximum", {"maximum": 1, "actual": 1}),
        ({"exclusiveMinimum": 1}, 1, "exclusiveMinimum", {"minimum": 1, "actual": 1}),
        ({"multipleOf": 2}, 3, "multipleOf", {"base": 2, "actual": 3}),
        ({"maxItems": 1}, [1, 2], "maxItems", {"max_items": 1, "actual_items": 2}),
        ({"minItems": 1}, [], "minItems", {"min_items": 1, "actual_items": 0}),
        ({"uniqueItems": True}, [1, True, 2, 1], "uniqueItems", {"index_a": 0, "index_b": 3}),
        ({"const": "yes"}, "no", "const", {"expected": "yes"}),
        ({"enum": ["a"]}, "b", "enum", {}),
        ({"not": {}}, "b", "not", {}),
        ({"type": "number"}, True, "type", {"allowed_types": ["number"], "actual_type": "boolean"}),
        ({"type": "integer"}, 1.5, "type", {"allowed_types": ["integer"], "actual_type": "number"}),
        ({"format": "date"}, "today", "format", {"format": "date", "value": "today"}),
        ({"format": "date-time"}, "today", "format", {"format": "date-time", "value": "today"}),
        ({"format": "uri"}, "not a uri", "format", {"format": "uri", "value": "not a uri"}),
        ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, "propertyNames", {}),
        ({"dependencies": {"a": ["b"]}}, {"a": 1}, "required", {"property": "b"}),
    ],
)
def test_each_keyword_gives_its_numbers(definition, value, keyword, params):
    (found,) = schema({"it": definition}).validate({"it": value})
    assert (found.keyword, found.params) == (keyword, params)
    assert found.text


def test_a_format_that_is_not_checked_takes_anything():
    assert schema({"it": {"type": "string", "format": "no-validate"}}).validate({"it": "x"}) == []


def test_each_missing_property_is_told():
    found = schema({}, required=["a", "b/c"]).validate({})
    assert [each.pointer for each in found] == ["#/traits/a", "#/traits/b~1c"]


def test_the_causes_of_all_alternatives_are_told():
    found = schema({"it": {"anyOf": [{"type": "string"}, {"oneOf": [{"minimum": 5}, {"minimum": 6}]}]}}).validate(
        {"it": 1}
    )
    assert [(each.pointer, each.keyword) for each in found] == [
        ("#/traits/it", "type"),
        ("#/traits/it", "minimum"),
        ("#/traits/it", "minimum"),
    ]


def test_a_hostile_pattern_takes_no_time():
    hostile = schema({"it": {"type": "string", "pattern": "^(a+)+$"}})
    begun = time.monotonic()
    assert hostile.validate({"it": "a" * 100_000 + "b"})
    assert time.monotonic() - begun < 2


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda each: (
        st.lists(each, max_size=3)
        | st.dictionaries(st.sampled_from(["mail", "phone", "name", "first", "age"]), each, max_size=4)
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(JSON_VALUES)
def test_any_json_is_judged_and_read(traits):
    assert all(each.pointer.startswith("#/traits") for each in GUEST.validate(traits))
    assert GUEST.identifiers(traits).keys() == {"password", "code", "webauthn"}
    assert GUEST.normalised_traits(GUEST.normalised_traits(traits)) == GUEST.normalised_traits(traits)


# --- the extension --------------------------------------------------------------------------------------


def test_identifiers_and_addresses_are_normalised():
    traits = {"mail": "Ann@Example.ORG", "phone": NUMBER}
    assert GUEST.identifiers(traits) == {
        "password": ("ann@example.org",),
        "code": ("ann@example.org", WRITTEN),
        "webauthn": ("ann@example.org",),
    }
    addresses = (("email", "ann@example.org"), ("sms", WRITTEN))
    assert GUEST.code_addresses(traits) == GUEST.verifiable(traits) == GUEST.recovery(traits) == addresses


def test_traits_keep_addresses_as_typed_and_write_phone_numbers_one_way():
    traits = {"mail": "Ann@Example.ORG", "phone": NUMBER}
    assert GUEST.normalised_traits(traits) == {"mail": "Ann@Example.ORG", "phone": WRITTEN}
    assert traits["phone"] == NUMBER


def test_a_phone_number_may_sign_in_with_a_password():
    by_phone = schema({"phone": {**PHONE, "ory.sh/kratos": {"credentials": {"password": {"identifier": True}}}}})
    assert by_phone.identifiers({"phone": NUMBER})["password"] == (WRITTEN,)


@pytest.mark.parametrize(("format_", "via"), [("tel", "sms"), ("email", "email")])
def test_a_code_goes_where_the_format_says_when_the_rule_does_not(format_, via):
    rule = {"credentials": {"code": {"identifier": True}}}
    found = schema({"it": {"type": "string", "format": format_, "ory.sh/kratos": rule}}).code_addresses({"it": NUMBER})
    assert [channel for channel, _ in found] == [via]


def test_the_same_address_counts_once():
    two = schema({"mail": MAIL, "work": MAIL})
    assert two.verifiable({"mail": "ann@example.org", "work": "ANN@example.org"}) == (("email", "ann@example.org"),)


def test_lists_and_references_are_followed():
    listed = schema({"mails": {"type": "array", "items": {"$ref": "#/definitions/mail"}}}, definitions={"mail": MAIL})
    assert listed.recovery({"mails": ["a@b", "c@d"]}) == (("email", "a@b"), ("email", "c@d"))


def test_only_the_alternative_that_holds_marks_its_values():
    alternative = {
        "properties": {"name": {"type": "string"}},
        "oneOf": [
            {"properties": {"kind": {"const": "person"}, "name": MAIL}},
            {"properties": {"kind": {"const": "machine"}}},
        ],
        "if": {"properties": {"kind": {"const": "machine"}}},
        "then": {"properties": {"name": {"ory.sh/kratos": {"credentials": {"password": {"identifier": True}}}}}},
    }
    either = schema({"it": alternative})
    assert either.identifiers({"it": {"kind": "machine", "name": "pump"}})["password"] == ("pump",)
    assert either.verifiable({"it": {"kind": "machine", "name": "a@b"}}) == ()
    assert either.verifiable({"it": {"kind": "person", "name": "a@b"}}) == (("email", "a@b"),)


def test_a_schema_that_contains_itself_ends():
    tree = {"type": "object", "properties": {"mail": MAIL, "child": {"$ref": "#/definitions/tree"}}}
    deep = schema(
        {"it": {"$ref": "#/definitions/tree"}},
        definitions={"tree": {**tree, "allOf": [{"$ref": "#/definitions/tree"}]}},
    )
    assert deep.recovery({"it": {"child": {"mail": "a@b"}}}) == (("email", "a@b"),)
    assert deep.first_key == "traits.it.mail"


def test_the_names_on_devices_are_as_typed():
    named = schema(
        {
            "a": {"type": "string", "ory.sh/kratos": {"credentials": {"passkey": {"display_name": True}}}},
            "b": {"type": "string", "ory.sh/kratos": {"credentials": {"totp": {"account_name": True}}}},
        }
    )
    traits = {"a": "Ann", "b": "ANN"}
    assert (named.passkey_display_name(traits), named.totp_account_name(traits)) == ("Ann", "ANN")
    assert named.passkey_display_name({}) == ""


# --- forms ----------------------------------------------------------------------------------------------


def test_the_login_form_is_labelled_with_the_only_trait_that_names_people():
    assert schema({"mail": MAIL}).identifier_label() == ("Mail", "traits.mail")
    assert GUEST.identifier_label() is None
    assert schema({"mail": {**MAIL, "title": ""}}).identifier_label() is None
    assert schema({"mail": {"type": "string", "title": "Mail"}}).identifier_label() is None


def test_fields_stand_in_the_order_of_the_schema():
    assert GUEST.keys == ("traits.mail", "traits.phone", "traits.name.first", "traits.age")
    assert GUEST.first_key == "traits.mail"
    assert schema({}).first_key == ""


def test_alternatives_and_references_give_fields():
    composed = schema(
        {"it": {"$ref": "#/definitions/it"}},
        definitions={"it": {"type": "string", "title": "It"}},
        allOf=[{"properties": {"more": {"type": "integer"}}}, {"properties": {"it": {"type": "number"}}}],
    )
    assert [(each.name, each.type) for each in composed.trait_fields] == [
        ("traits.it", "string"),
        ("traits.more", "integer"),
    ]


# --- loading --------------------------------------------------------------------------------------------


def source(traits, **more) -> bytes:
    return json.dumps({"properties": {"traits": traits}, **more}).encode()


def traits_with(definition) -> bytes:
    return source({"type": "object", "properties": {"it": definition}})


REFUSED = {
    "no json": (b"{", ""),
    "no object": (b"[]", ""),
    "deep": (b"[" * 100_000, ""),
    "no traits": (b'{"properties": {}}', "/properties/traits"),
    "large": (b" " * (1024 * 1024 + 1), ""),
    "no schema": (traits_with({"type": "strin"}), "/properties/traits/properties/it/type"),
    "no pattern": (traits_with({"pattern": "["}), "/properties/traits/properties/it/pattern"),
    "look around": (traits_with({"pattern": "^(?=.*[0-9]).+$"}), "/properties/traits/properties/it/pattern"),
    "back reference": (traits_with({"pattern": "(a)\\1"}), "/properties/traits/properties/it/pattern"),
    "501 choices": (traits_with({"enum": list(range(501))}), "/properties/traits/properties/it/enum"),
    "unknown rule": (
        traits_with({"ory.sh/kratos": {"verify": {"via": "email"}}}),
        "/properties/traits/properties/it/ory.sh~1kratos/verify",
    ),
    "unknown rule inside": (
        traits_with({"ory.sh/kratos": {"credentials": {"password": {"identifer": True}}}}),
        "/properties/traits/properties/it/ory.sh~1kratos/credentials/password/identifer",
    ),
    "unknown channel": (
        traits_with({"ory.sh/kratos": {"recovery": {"via": "pigeon"}}}),
        "/properties/traits/properties/it/ory.sh~1kratos/recovery/via",
    ),
    "no boolean": (
        traits_with({"ory.sh/kratos": {"credentials": {"password": {"identifier": 1}}}}),
        "/properties/traits/properties/it/ory.sh~1kratos/credentials/password/identifier",
    ),
    "no rules": (traits_with({"ory.sh/kratos": True}), "/properties/traits/properties/it/ory.sh~1kratos"),
    "no address to verify": (
        traits_with({"format": "uri", "ory.sh/kratos": {"verification": {"via": "email"}}}),
        "/properties/traits/properties/it/format",
    ),
    "reference to nowhere": (traits_with({"$ref": "#/definitions/none"}), "/properties/traits/properties/it"),
    "reference to itself": (
        traits_with({"$ref": "#/properties/traits/properties/it"}),
        "/properties/traits/properties/it",
    ),
    "reference to a file": (traits_with({"$ref": "file:///etc/passwd"}), "/properties/traits/properties/it"),
}


@pytest.mark.attack("cfg-06")
@pytest.mark.parametrize("case", REFUSED)
def test_a_schema_that_cannot_be_used_is_refused_at_its_place(case):
    body, pointer = REFUSED[case]
    with pytest.raises(SchemaError) as refused:
        IdentitySchema.load("guest", body)
    assert refused.value.pointer == pointer
    assert str(refused.value).startswith(f"#{pointer}: ")


def test_a_schema_that_can_be_used_is_loaded():
    body = source(GUEST.document["properties"]["traits"], **{"$schema": "http://json-schema.org/draft-07/schema#"})
    assert IdentitySchema.load("guest", body).keys == GUEST.keys


def test_words_of_the_extension_may_be_data_or_names():
    assert IdentitySchema.load("guest", traits_with({"enum": [{"ory.sh/kratos": 1}], "default": {"$ref": "#/none"}}))


def test_other_documents_are_read_where_that_is_allowed():
    read = []

    def fetch(url):
        read.append(url)
        return {"definitions": {"mail": {"$ref": "#/definitions/inner"}, "inner": MAIL}}

    body = source(
        {"properties": {"mail": {"$ref": "parts.json#/definitions/mail"}}}, **{"$id": "https://example.org/a.json"}
    )
    loaded = IdentitySchema.load("guest", body, fetch)
    assert loaded.keys == ("traits.mail",)
    assert [each.keyword for each in loaded.validate({"mail": "x"})] == ["format"]
    assert loaded.recovery({"mail": "a@b"}) == (("email", "a@b"),)
    assert read == ["https://example.org/parts.json"]


def test_a_document_that_cannot_be_read_is_told():
    def fetch(url):
        raise OSError(url)

    with pytest.raises(SchemaError, match="cannot be read"):
        IdentitySchema.load("guest", traits_with({"$ref": "https://example.org/none.json"}), fetch)
