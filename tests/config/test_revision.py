"""A revision on the files: with and without the models, and when the files or the code changed since."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.world import SCHEMA, configured

from vestibule.config import frozen, load
from vestibule.config.freezing import freeze, frozen_text
from vestibule.config.loaded import Loaded
from vestibule.config.patch import applied
from vestibule.config.revision import Revision, followed

ENVIRON = {"DSN": "dynamodb://table?region=eu-central-1", "SELFSERVICE_DEFAULT_BROWSER_RETURN_URL": "/elsewhere"}
SECRETS = {"secrets.cookie": ["c" * 64], "secrets.cipher": ["e" * 32]}
PATCH = [
    {"op": "add", "path": "/selfservice/flows/login/lifespan", "value": "7m"},
    {"op": "add", "path": "/selfservice/flows/login/after/hooks/0/hook", "value": "revoke_active_sessions"},
]


@pytest.fixture
def base(tmp_path: Path) -> Loaded:
    """As functions are configured: a file that the build has frozen, and the environment."""
    path = tmp_path / "kratos.json"
    path.write_text(json.dumps(configured(SCHEMA)))
    path.with_name(frozen.NAME).write_text(freeze(path) or "")
    found = frozen.read(path, ENVIRON, SECRETS)
    assert found is not None
    return found


def revision(base: Loaded, **changes: Any) -> Revision:
    document = applied(base.source.document, PATCH)
    values: dict[str, Any] = {
        "number": 1,
        "at": datetime(2026, 3, 1, tzinfo=UTC),
        "note": "",
        "changes": tuple(PATCH),
        "patches": tuple(PATCH),
        "document": document,
        "digest": base.source.digest,
        "frozen": frozen_text(document),
    }
    return Revision(**values | changes)


def test_a_frozen_revision_is_what_the_models_say_and_needs_none(base: Loaded, monkeypatch: pytest.MonkeyPatch):
    by_models, conflict = followed(base, revision(base, frozen=None))
    assert conflict is None
    monkeypatch.delattr(load, "reloaded")
    made, conflict = followed(base, revision(base))
    assert conflict is None
    assert frozen.frozen(made.config) == frozen.frozen(by_models.config)
    assert made.config.selfservice.default_browser_return_url == "/elsewhere"
    assert made.config.selfservice.flows.login.lifespan.total_seconds() == 420
    assert made.document == by_models.document


def test_what_other_models_have_frozen_is_left_to_the_models(base: Loaded):
    text = json.loads(revision(base).frozen or "") | {"models": "others"}
    assert frozen.revised(base, json.dumps(text), {}) is None
    made, _ = followed(base, revision(base, frozen=json.dumps(text)))
    assert made.config.selfservice.flows.login.lifespan.total_seconds() == 420


def test_a_document_with_references_is_not_frozen(base: Loaded):
    document = applied(base.source.document, [{"op": "add", "path": "/revision", "value": "env://HOME"}])
    assert frozen_text(document) is None


def test_the_environment_goes_over_a_revision(base: Loaded):
    patch = [{"op": "add", "path": "/selfservice/default_browser_return_url", "value": "https://other.example.org/"}]
    document = applied(base.source.document, patch)
    for text in (frozen_text(document), None):
        made, _ = followed(base, revision(base, document=document, patches=tuple(patch), frozen=text))
        assert made.config.selfservice.default_browser_return_url == "/elsewhere"


def test_what_ran_before_goes_on_with_the_start_of_now(base: Loaded):
    removal = [{"op": "remove", "path": "/selfservice/flows/login/lifespan"}]
    stored = applied(base.source.document, PATCH) | {"serve": {"public": {"base_url": "https://former.example.org/"}}}
    made, conflict = followed(base, revision(base, digest="others", patches=tuple(removal), document=stored))
    assert conflict is not None
    assert "nothing is set there" in conflict
    assert made.config.selfservice.flows.login.lifespan.total_seconds() == 420
    assert made.config.serve.public.base_url == "https://id.example.org/"
