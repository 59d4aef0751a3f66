"""A module is one noun of at most 300 lines; a door is at most 10."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "layers" / "core" / "vestibule").rglob("*.py"))
DOORS = sorted((ROOT / "functions").glob("*/*/app.py"))

LONGER = {
    "edge/routes.py": "a table, written by a program",
    "ports.py": "all protocols of the world outside, in one place",
}
"""Modules of more than 300 lines, with the reason."""

BEHIND_DOORS = ("vestibule.edge", "vestibule.flows", "vestibule.resources", "vestibule.pages", "vestibule.workers")


def test_no_module_has_more_than_300_lines():
    package = ROOT / "layers" / "core" / "vestibule"
    long = {str(path.relative_to(package)) for path in MODULES if len(path.read_text().splitlines()) > 300}
    assert long <= LONGER.keys()


@pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door.parts[-3]}/{door.parts[-2]}")
def test_a_door_only_names_its_step(door):
    text = door.read_text()
    tree = ast.parse(text)
    imported = [node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert len(text.splitlines()) <= 10
    assert ast.get_docstring(tree)
    assert all(module.startswith(BEHIND_DOORS) for module in imported)
    assert not [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.If | ast.Import)]
