import base64

import pytest
from tests.config.documents import config

from vestibule.config.fetch import fetch
from vestibule.config.findings import ConfigError
from vestibule.config.model import Config
from vestibule.config.schemas import load_schemas


def named(**schemas: bytes) -> Config:
    entries = [
        {"id": name, "url": "base64://" + base64.b64encode(content).decode()} for name, content in schemas.items()
    ]
    return config("/identity", {"default_schema_id": next(iter(schemas)), "schemas": entries})


def test_schemas_come_by_id_in_the_order_of_the_file():
    found = load_schemas(named(b=b'{"a": 1}', a=b"{}"), fetch)
    assert list(found.items()) == [("b", {"a": 1}), ("a", {})]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "is no JSON"),
        (b"[]", "is no JSON object"),
        (b'{"a": NaN}', "contains NaN"),
        (b'{"a": \xff}', "is no UTF-8 text"),
        (b'{"a":' * 100_000, "is nested too deeply"),
        (b" " * (1024 * 1024 + 1), "is larger than 1048576 bytes"),
    ],
)
def test_a_schema_that_cannot_be_used_is_named(content: bytes, reason: str):
    with pytest.raises(ConfigError) as raised:
        load_schemas(named(a=b"{}", broken=content), fetch)
    (finding,) = raised.value.findings
    assert finding.path == "/identity/schemas/1/url"
    assert finding.message.startswith("the identity schema 'broken' ")
    assert reason in finding.message


def test_all_broken_schemas_are_named_at_once():
    with pytest.raises(ConfigError) as raised:
        load_schemas(named(a=b"1", b=b"2"), fetch)
    assert len(raised.value.findings) == 2
