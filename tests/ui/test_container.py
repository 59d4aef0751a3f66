from vestibule.domain.message import Problem
from vestibule.ui import messages
from vestibule.ui.container import Container, with_problems, with_values
from vestibule.ui.nodes import csrf_node, input_node, submit_node

EMAIL = input_node("traits.email", "email", "default")
AGE = input_node("traits.age", "number", "default")


def test_messages_are_left_out_when_there_are_none():
    assert Container("https://a/", (EMAIL,)).to_wire() == {
        "action": "https://a/",
        "method": "POST",
        "nodes": [EMAIL.to_wire()],
    }


def test_a_problem_stands_at_its_node():
    ui = with_problems(Container("/", (EMAIL, AGE)), [Problem(messages.EMAIL(value="x"), "#/traits/email")])
    assert [[each.id for each in node.messages] for node in ui.nodes] == [[4000040], []]
    assert ui.messages == ()


def test_a_problem_of_the_whole_form_stands_over_it():
    for pointer in ("#/", "", "#"):
        ui = with_problems(Container("/", (EMAIL,)), [Problem(messages.INVALID_CREDENTIALS(), pointer)])
        assert [each.id for each in ui.messages] == [4000006]


def test_a_problem_of_no_node_gets_one():
    ui = with_problems(Container("/", (EMAIL,)), [Problem(messages.GENERIC(reason="no"), "#/traits")])
    added = ui.nodes[-1].to_wire()
    assert added["group"] == "default"
    assert added["attributes"] == {"name": "traits", "type": "text", "disabled": False, "node_type": "input"}
    assert [each["id"] for each in added["messages"]] == [4000001]


def test_values_keep_their_types():
    nodes = with_values((EMAIL, AGE), {"traits": {"email": "ann@example.org", "age": 33}})
    assert [node.value for node in nodes] == ["ann@example.org", 33]


def test_false_and_empty_are_values_and_null_is_none():
    box = input_node("traits.news", "checkbox", "default")
    assert with_values((box,), {"traits": {"news": False}})[0].value is False
    assert with_values((EMAIL,), {"traits": {"email": ""}})[0].value == ""
    assert "value" not in with_values((EMAIL,), {"traits": {"email": None}})[0].attributes


def test_passwords_tokens_and_buttons_are_never_filled():
    nodes = (
        input_node("password", "password", "password"),
        csrf_node("t"),
        submit_node("method", "password", "password"),
    )
    assert with_values(nodes, {"password": "secret", "csrf_token": "x", "method": "code"}) == nodes


def test_objects_are_no_values():
    name = input_node("traits.name", "text", "default")
    assert with_values((name,), {"traits": {"name": {"first": "Ann"}}}) == (name,)
