from pathlib import Path

import pytest
from tests.config.documents import MINIMAL, document, findings

from vestibule.config import tree
from vestibule.config.document import parts
from vestibule.config.model import Config
from vestibule.config.points import CAPABILITIES
from vestibule.config.unbuilt import UNBUILT, UNBUILT_HOOKS, WITHOUT_EFFECT, unbuilt, without_effect


@pytest.mark.parametrize("path", [*(path for path, _, _ in UNBUILT), *(path for path, _ in WITHOUT_EFFECT)])
def test_a_row_names_a_key_that_exists(path: str):
    concrete = ["public" if part == "*" and position == 1 else part for position, part in enumerate(parts(path))]
    assert tree.at(Config, [0 if part == "*" else part for part in concrete]) is not None


def test_a_row_names_a_hook_that_exists():
    assert set(CAPABILITIES) >= UNBUILT_HOOKS


def test_nothing_is_said_of_a_document_that_asks_for_nothing(tmp_path: Path):
    assert findings(tmp_path, MINIMAL) == ()


def test_a_feature_that_is_not_built_is_a_warning_at_start_and_an_error_of_a_check():
    path, feature = "/selfservice/methods/saml", "SAML"
    content = document(path, {"enabled": True})
    for severity in ("warning", "error"):
        (finding,) = unbuilt(content, severity)
        assert (finding.severity, finding.path) == (severity, path)
        assert finding.message == f"{feature} is not built yet and does nothing"


def test_a_hook_that_is_not_built_is_named_where_it_stands(monkeypatch: pytest.MonkeyPatch):
    name = "revoke_active_sessions"
    monkeypatch.setattr("vestibule.config.unbuilt.UNBUILT_HOOKS", {name})
    content = document("/selfservice/flows/login/after/password/hooks", [{"hook": name}])
    assert [finding.path for finding in unbuilt(content, "warning")] == [
        "/selfservice/flows/login/after/password/hooks/0"
    ]


@pytest.mark.parametrize(
    ("path", "value"),
    [("/sqa-opt-out", True), ("/tracing", {"provider": "otel"}), ("/serve/admin/tls", {"key": {"path": "key.pem"}})],
)
def test_a_known_key_without_effect_is_never_passed_over(path: str, value: object):
    (finding,) = without_effect(document(path, value))
    assert (finding.severity, finding.path) == ("info", path)
    assert finding.message.startswith("has no effect: ")


def test_a_key_without_effect_that_is_switched_off_is_not_talked_about():
    assert list(without_effect(document("/sqa-opt-out", value=False))) == []
