import pytest

from vestibule.config.identity_schema import IdentitySchema
from vestibule.ui.forms import identifier_label, trait_nodes


def schema(properties, **more) -> IdentitySchema:
    traits = {"type": "object", "properties": properties, **more}
    return IdentitySchema("guest", {"properties": {"traits": traits}})


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ({"type": "number"}, {"type": "number"}),
        ({"type": "integer"}, {"type": "number"}),
        ({"type": "boolean"}, {"type": "checkbox"}),
        ({"type": "string"}, {"type": "text"}),
        ({"type": ["null", "string"]}, {"type": "text"}),
        ({"type": "string", "format": "date-time"}, {"type": "datetime-local"}),
        ({"type": "string", "format": "date"}, {"type": "date"}),
        ({"type": "string", "format": "email"}, {"type": "email", "autocomplete": "email"}),
        ({"type": "string", "format": "tel"}, {"type": "tel", "autocomplete": "tel"}),
        ({"type": "string", "format": "uri"}, {"type": "url", "autocomplete": "url"}),
        ({"type": "string", "format": "no-validate"}, {"type": "text"}),
        ({"type": "string", "pattern": "^a+$"}, {"type": "text", "pattern": "^a+$"}),
        ({"type": "string", "enum": ["a", "b"]}, {"type": "text", "options": [{"value": "a"}, {"value": "b"}]}),
    ],
)
def test_a_trait_becomes_the_input_that_suits_it(definition, expected):
    (node,) = trait_nodes(schema({"it": definition}))
    assert node.attributes == {"name": "traits.it", "disabled": False, **expected}
    assert node.label is None


def test_names_of_secrets_decide_the_input():
    nodes = trait_nodes(schema({"password": {"type": "string"}, "csrf_token": {"type": "string"}}))
    assert [node.attributes["type"] for node in nodes] == ["password", "hidden"]


def test_a_title_labels_the_input():
    (node,) = trait_nodes(schema({"mail": {"type": "string", "title": "Mail"}}))
    assert node.label is not None
    assert node.label.to_wire() == {
        "id": 1070002,
        "text": "Mail",
        "type": "info",
        "context": {"title": "Mail", "name": "traits.mail"},
    }


def test_only_what_its_object_requires_is_required():
    nested = {
        "type": "object",
        "properties": {"first": {"type": "string"}, "last": {"type": "string"}},
        "required": ["last"],
    }
    nodes = trait_nodes(schema({"mail": {"type": "string"}, "name": nested}, required=["mail"]))
    assert {node.name: node.attributes.get("required") for node in nodes} == {
        "traits.mail": True,
        "traits.name.first": None,
        "traits.name.last": True,
    }


def test_a_field_can_be_shown_only():
    (node,) = trait_nodes(schema({"plan": {"type": "string", "disableFormField": True}}))
    assert node.attributes["disabled"] is True


def test_objects_lists_and_the_untyped_have_no_input():
    assert trait_nodes(schema({"a": {"type": "object"}, "b": {"type": "array"}, "c": {}})) == []


def test_values_fill_the_inputs_of_their_group():
    (node,) = trait_nodes(schema({"age": {"type": "integer"}}), group="profile", values={"traits": {"age": 3}})
    assert (node.group, node.value) == ("profile", 3)


def test_a_step_about_something_else_carries_the_traits_unseen():
    (node,) = trait_nodes(
        schema({"mail": {"type": "string", "format": "email"}}), values={"traits": {"mail": "a"}}, hidden=True
    )
    assert (node.attributes["type"], node.value, node.attributes["autocomplete"]) == ("hidden", "a", "email")


def test_settings_also_show_what_the_schema_does_not_name():
    values = {"traits": {"age": 3, "name": {"nick": "Annie"}, "paid": True, "list": [1]}}
    nodes = trait_nodes(schema({"age": {"type": "integer"}}), group="profile", values=values, unknown=True)
    assert [(each.name, each.attributes["type"], each.value) for each in nodes] == [
        ("traits.age", "number", 3),
        ("traits.name.nick", "text", "Annie"),
        ("traits.paid", "checkbox", True),
    ]


def test_the_login_form_asks_for_the_trait_that_names_people():
    rule = {"ory.sh/kratos": {"credentials": {"password": {"identifier": True}}}}
    assert identifier_label(schema({"mail": {"type": "string", "title": "Mail", **rule}})).to_wire() == {
        "id": 1070002,
        "text": "Mail",
        "type": "info",
        "context": {"title": "Mail", "name": "traits.mail"},
    }
    assert identifier_label(schema({"mail": {"type": "string", **rule}})).id == 1070004
