import pytest

from vestibule.ui import messages, nodes


def test_an_input_always_says_whether_it_is_disabled():
    node = nodes.input_node("traits.age", "number", "default")
    assert node.to_wire() == {
        "type": "input",
        "group": "default",
        "attributes": {"name": "traits.age", "type": "number", "disabled": False, "node_type": "input"},
        "messages": [],
        "meta": {},
    }


def test_a_label_stands_in_meta():
    label = messages.LABEL_GENERATED(title="E-Mail", name="traits.email")
    wire = nodes.input_node(
        "traits.email", "email", "default", label=label, required=True, autocomplete="email"
    ).to_wire()
    assert wire["meta"] == {"label": label.to_wire()}
    assert wire["attributes"]["required"] is True
    assert wire["attributes"]["autocomplete"] == "email"


def test_the_token_of_a_native_form_is_there_and_empty():
    assert nodes.csrf_node("").to_wire()["attributes"] == {
        "name": "csrf_token",
        "type": "hidden",
        "value": "",
        "required": True,
        "disabled": False,
        "node_type": "input",
    }


def test_a_text_carries_its_message_as_data():
    secret = messages.SETTINGS_TOTP_SECRET(secret="ABC")
    attributes = nodes.text_node("totp_secret_key", secret, "totp").to_wire()["attributes"]
    assert attributes == {"text": secret.to_wire(), "id": "totp_secret_key", "node_type": "text"}


@pytest.mark.parametrize(
    ("node", "keys"),
    [
        (nodes.img_node("qr", "data:x", "totp", width=256, height=256), {"src", "id", "width", "height"}),
        (nodes.a_node("continue", "https://a", messages.LABEL_CONTINUE(), "code"), {"href", "title", "id"}),
        (
            nodes.script_node("s", "https://a/s.js", "webauthn", integrity="sha512-x", nonce="n"),
            {"src", "async", "referrerpolicy", "crossorigin", "integrity", "type", "id", "nonce"},
        ),
        (nodes.div_node("box", "default"), {"id"}),
        (nodes.div_node("box", "default", css_class="c", data={"k": "v"}), {"id", "class", "data"}),
    ],
    ids=lambda each: getattr(each, "type", ""),
)
def test_other_nodes_carry_what_clients_need(node, keys):
    attributes = node.to_wire()["attributes"]
    assert attributes.keys() == keys | {"node_type"}
    assert attributes["node_type"] == node.type


def test_a_node_is_found_by_its_name_or_its_id():
    assert nodes.submit_node("method", "password", "password").name == "method"
    assert nodes.img_node("qr", "data:x", "totp", width=1, height=1).name == "qr"


def test_hiding_an_input_keeps_all_but_its_type():
    node = nodes.input_node("traits.email", "email", "default", value="a@b", required=True, autocomplete="email")
    assert node.hidden().attributes == {**node.attributes, "type": "hidden"}
