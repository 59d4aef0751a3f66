"""The composition root: addresses and secrets as functions on AWS get them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.world import CONFIG, SCHEMA, configured

from vestibule import wiring
from vestibule.config.load import load

STAGE = {
    "publicBaseUrl": "https://abc.execute-api.example.com/",
    "adminBaseUrl": "https://adm.execute-api.example.com/",
}


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Path]:
    """A configuration file of a process that is wired anew, and as it was afterwards."""
    before = wiring._process.loaded, wiring._process.services
    yield tmp_path / "kratos.json"
    wiring._process.loaded, wiring._process.services = before
    wiring._process.at_stage = {}


def test_addresses_come_from_the_stage_where_the_configuration_names_none(process: Path) -> None:
    document = configured(SCHEMA) | {"serve": {}}
    process.write_text(json.dumps(document))
    wiring.configure(load([process], {}))
    assert wiring.services_at(STAGE).urls.public == "https://abc.execute-api.example.com"
    assert wiring.services_at(STAGE) is wiring.services_at(STAGE)
    assert wiring.services_at({}).urls.public == "http://127.0.0.1:4433"


def test_a_configured_address_goes_before_the_stage(process: Path) -> None:
    process.write_text(json.dumps(configured(SCHEMA)))
    wiring.configure(load([process], {}))
    assert wiring.services_at(STAGE).urls.public == CONFIG["serve"]["public"]["base_url"].rstrip("/")


def test_the_generated_secret_stands_for_cookies_and_encryption_until_they_have_lists(process: Path) -> None:
    document = configured(SCHEMA)
    del document["secrets"]
    process.write_text(json.dumps(document))
    generated = "x" * 64
    loaded = wiring.from_environment(
        {"VESTIBULE_CONFIG": str(process), "VESTIBULE_SECRETS": json.dumps({"generated": generated})}
    )
    assert loaded.config.secrets.cookie == (generated,)
    assert loaded.config.secrets.cipher == (generated[:32],)
