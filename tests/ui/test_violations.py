import pytest

from vestibule.config.identity_schema import IdentitySchema
from vestibule.ui.violations import problems


@pytest.mark.parametrize(
    ("definition", "value", "number", "context"),
    [
        ({"minLength": 2}, "a", 4000003, {"min_length": 2, "actual_length": 1}),
        ({"pattern": "^a$"}, "b", 4000004, {"pattern": "^a$"}),
        ({"maxLength": 1}, "ab", 4000017, {"max_length": 1, "actual_length": 2}),
        ({"minimum": 18}, 12, 4000018, {"minimum": 18, "actual": 12}),
        ({"exclusiveMinimum": 1}, 1, 4000019, {"minimum": 1, "actual": 1}),
        ({"maximum": 1}, 2, 4000020, {"maximum": 1, "actual": 2}),
        ({"exclusiveMaximum": 1}, 1, 4000021, {"maximum": 1, "actual": 1}),
        ({"multipleOf": 2}, 3, 4000022, {"base": 2, "actual": 3}),
        ({"maxItems": 0}, [1], 4000023, {"max_items": 0, "actual_items": 1}),
        ({"minItems": 1}, [], 4000024, {"min_items": 1, "actual_items": 0}),
        ({"uniqueItems": True}, [1, 1], 4000025, {"index_a": 0, "index_b": 1}),
        ({"type": "integer"}, "many", 4000026, {"allowed_types": ["integer"], "actual_type": "string"}),
        ({"const": "yes"}, "no", 4000029, {"expected": "yes"}),
        ({"const": {"a": 1}}, "no", 4000030, {}),
        ({"format": "email"}, "ann", 4000040, {"value": "ann"}),
        ({"format": "email_loose"}, "ann", 4000040, {"value": "ann"}),
        ({"format": "tel"}, "12", 4000041, {"value": "12"}),
    ],
)
def test_a_keyword_has_its_number(definition, value, number, context):
    schema = IdentitySchema("guest", {"properties": {"traits": {"properties": {"it": definition}}}})
    (problem,) = problems(schema.validate({"it": value}))
    assert (problem.node_name, problem.message.id, problem.message.context or {}) == ("traits.it", number, context)


@pytest.mark.parametrize(
    ("definition", "value"), [({"enum": ["a"]}, "b"), ({"format": "date"}, "b"), ({"not": {}}, "b"), (False, "b")]
)
def test_any_other_keyword_says_why(definition, value):
    schema = IdentitySchema("guest", {"properties": {"traits": {"properties": {"it": definition}}}})
    (problem,) = problems(schema.validate({"it": value}))
    assert problem.message.id == 4000001
    assert problem.message.context == {"reason": problem.message.text}


def test_unknown_traits_are_a_problem_of_the_traits():
    schema = IdentitySchema(
        "guest", {"properties": {"traits": {"properties": {"a": {}}, "additionalProperties": False}}}
    )
    (problem,) = problems(schema.validate({"a": 1, "nickname": "Annie"}))
    assert (problem.node_name, problem.message.id) == ("traits", 4000001)
    assert "nickname" in problem.message.text


def test_a_missing_trait_is_a_problem_of_its_own_input():
    schema = IdentitySchema("guest", {"properties": {"traits": {"required": ["mail"]}}})
    (problem,) = problems(schema.validate({}))
    assert (problem.node_name, problem.message.id) == ("traits.mail", 4000002)
    assert problem.message.context == {"property": "mail"}
