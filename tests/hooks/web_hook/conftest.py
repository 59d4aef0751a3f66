"""One Jsonnet engine for all these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.hooks.web_hook.target import TEMPLATES


@pytest.fixture(scope="session", autouse=True)
def engine() -> Iterator[None]:
    yield
    TEMPLATES.close()
