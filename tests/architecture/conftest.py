"""The templates, parsed."""

from pathlib import Path
from typing import Any

import pytest

from vestibule.local import template

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root_template() -> dict[str, Any]:
    return template.read(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def functions(root_template) -> dict[str, dict[str, Any]]:
    """The properties of each function by its logical id."""
    found = root_template["Resources"].items()
    return {name: entry["Properties"] for name, entry in found if entry["Type"] == "AWS::Serverless::Function"}
