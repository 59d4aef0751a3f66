"""Every module can be imported: those too that no test happens to need on the Python that runs."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

import vestibule


def test_every_module_can_be_imported() -> None:
    names = [module.name for module in walk_packages(vestibule.__path__, "vestibule.")]
    assert [import_module(name).__name__ for name in names] == names != []
