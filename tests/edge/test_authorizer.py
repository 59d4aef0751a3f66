import pytest

from vestibule.edge.authorizer import KEPT_SECONDS, Authorizer

KEY = "a-long-enough-admin-key"


def asked(authorizer: Authorizer, authorization: str | None) -> bool:
    headers = {} if authorization is None else {"authorization": authorization}
    return authorizer({"version": "2.0", "type": "REQUEST", "headers": headers}, None)["isAuthorized"]


def test_the_key_as_bearer_token_is_let_in():
    assert asked(Authorizer(lambda: KEY), f"Bearer {KEY}")
    assert asked(Authorizer(lambda: KEY), f"bearer {KEY}")


@pytest.mark.parametrize(
    "authorization", [None, "", KEY, "Bearer", "Bearer ", f"Basic {KEY}", f"Bearer {KEY}x", "Bearer é"]
)
def test_anything_else_is_kept_out(authorization):
    assert not asked(Authorizer(lambda: KEY), authorization)


def test_an_empty_secret_lets_nobody_in():
    assert not asked(Authorizer(lambda: ""), "Bearer ")
    assert not asked(Authorizer(lambda: "[]"), "Bearer ")


def test_while_a_key_is_replaced_both_open():
    authorizer = Authorizer(lambda: '["old-key", "new-key"]')
    assert asked(authorizer, "Bearer old-key")
    assert asked(authorizer, "Bearer new-key")
    assert not asked(authorizer, 'Bearer ["old-key", "new-key"]')


def test_a_replaced_key_stops_opening_after_a_minute():
    time, secret = [0.0], ["old-key"]
    authorizer = Authorizer(lambda: secret[0], lambda: time[0])
    assert asked(authorizer, "Bearer old-key")
    secret[0] = "new-key"
    assert asked(authorizer, "Bearer old-key")
    time[0] = KEPT_SECONDS
    assert not asked(authorizer, "Bearer old-key")
    assert asked(authorizer, "Bearer new-key")
