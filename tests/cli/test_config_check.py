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
