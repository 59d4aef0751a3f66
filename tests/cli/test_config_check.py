import json
from pathlib import Path

import pytest
from tests.config.documents import ANY_TRAITS

from vestibule.cli.config_check import run

GOOD = {
    "dsn": "memory",
    "dev": True,
    "identity": {"default_schema_id": "a", "schemas": [{"id": "a", "url": ANY_TRAITS}]},
    "selfservice": {"default_browser_return_url": "https://example.org/"},
}


def test_a_good_file_is_status_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "kratos.json"
    path.write_text(json.dumps(GOOD))
    assert run([path]) == 0
    assert capsys.readouterr().out == "0 errors\n"


def test_errors_are_printed_one_a_line_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "kratos.json"
    path.write_text(json.dumps({**GOOD, "dsn": 5, "sqa-opt-out": True}, indent=1))
    assert run([path]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{path}:2: error: /dsn: is no text",
        f"{path}:16: info: /sqa-opt-out: has no effect: nothing is reported to anyone",
        "1 error",
    ]


def test_a_snippet_that_is_no_jsonnet_is_an_error_at_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "hook.jsonnet").write_text("function(ctx) {\n a: }")
    config = {"url": "https://hooks.example.org/", "method": "POST", "body": f"file://{tmp_path}/hook.jsonnet"}
    flows = {"login": {"after": {"hooks": [{"hook": "web_hook", "config": config}]}}}
    path = tmp_path / "kratos.json"
    path.write_text(json.dumps({**GOOD, "selfservice": {**GOOD["selfservice"], "flows": flows}}))
    assert run([path]) == 1
    body = "/selfservice/flows/login/after/hooks/0/config/body"
    assert f"error: {body}: the template fails at line 2, column 5" in capsys.readouterr().out
