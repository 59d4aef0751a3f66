import random

import pytest

from vestibule.ui import ordering
from vestibule.ui.nodes import Node, input_node, submit_node

KEYS = ["traits.email", "traits.name.first", "traits.age"]

SORTED = {
    "login": (ordering.LOGIN, "oidc:provider default:csrf_token default:identifier password:password password:method"),
    "login by identifier first": (
        ordering.LOGIN,
        "identifier_first:identifier identifier_first:method default:csrf_token password:password password:method",
    ),
    "login in a second step": (
        ordering.LOGIN,
        "default:csrf_token totp:totp_code totp:method lookup_secret:lookup_secret lookup_secret:method",
    ),
    "the password behind the first trait": (
        ordering.registration(KEYS),
        (
            "oidc:provider default:csrf_token default:traits.email password:password default:traits.name.first"
            " default:traits.age default:traits password:method profile:screen"
        ),
    ),
    "the password behind another method": (
        ordering.registration(KEYS),
        (
            "default:csrf_token default:traits.email default:traits.name.first default:traits.age code:method"
            " password:password password:method"
        ),
    ),
    "registration by key": (
        ordering.registration(KEYS),
        (
            "default:csrf_token default:traits.email default:traits.name.first default:traits.age"
            " webauthn:webauthn_register_displayname webauthn:webauthn_register webauthn:webauthn_script"
            " password:password password:method"
        ),
    ),
    "settings": (
        ordering.settings(KEYS),
        (
            "default:csrf_token profile:traits.email profile:traits.name.first profile:traits.age profile:method"
            " password:password password:method oidc:link lookup_secret:lookup_secret_codes"
            " lookup_secret:lookup_secret_confirm webauthn:webauthn_remove webauthn:webauthn_script"
            " totp:totp_qr totp:totp_secret_key totp:totp_code totp:method"
        ),
    ),
    "a known key before the token": (
        ordering.settings(KEYS),
        "default:webauthn_remove default:csrf_token profile:traits.email profile:method",
    ),
}


def nodes_of(words: str) -> list[Node]:
    return [input_node(name, "text", group) for group, name in (word.split(":") for word in words.split())]


@pytest.mark.parametrize("case", SORTED)
def test_nodes_stand_in_the_order_that_was_recorded(case):
    order, words = SORTED[case]
    nodes = nodes_of(words)
    for seed in range(5):
        shuffled = random.Random(seed).sample(nodes, len(nodes))
        assert [f"{each.group}:{each.name}" for each in ordering.sorted_nodes(shuffled, order)] == words.split()


def test_equals_are_ordered_by_their_values():
    buttons = [submit_node("provider", value, "oidc") for value in ("renamed", "down", "mapper")]
    assert [each.value for each in ordering.sorted_nodes(buttons, ordering.LOGIN)] == ["down", "mapper", "renamed"]


def test_the_order_is_stable():
    nodes = nodes_of("code:b code:a code:c")
    assert list(ordering.sorted_nodes(nodes, ordering.LOGIN)) == nodes


def test_a_whole_name_counts_before_the_beginning_of_one():
    order = ordering.registration(["traits.mail", "traits.mail_two"])
    filled = [
        node.with_value(value)
        for node, value in zip(nodes_of("default:traits.mail default:traits.mail_two"), "ba", strict=True)
    ]
    assert [each.name for each in ordering.sorted_nodes(filled, order)] == ["traits.mail", "traits.mail_two"]
