"""The first lines and the log lines."""

import json
import logging

import pytest

from vestibule.cli import output
from vestibule.config.findings import Finding
from vestibule.config.serve import Log


@pytest.fixture
def root_logger():
    """The loggers, put back as they were."""
    root, ours, gateway = (logging.getLogger(name) for name in (None, "vestibule", "vestibule.local"))
    handlers, levels = root.handlers[:], [logger.level for logger in (root, ours, gateway)]
    yield root
    root.handlers = handlers
    for logger, level in zip((root, ours, gateway), levels, strict=True):
        logger.setLevel(level)


@pytest.mark.parametrize(
    ("level", "shown"), [("info", True), ("trace", True), ("warning", False), ("error", False), ("panic", False)]
)
def test_request_lines_are_of_level_info(level, shown, root_logger, capsys):
    output.log_to_stdout(Log(level=level))
    logging.getLogger("vestibule.local").info("public GET / 200 1ms id")
    assert capsys.readouterr().out.endswith(" public GET / 200 1ms id\n") is shown


def test_lines_can_be_json(root_logger, capsys):
    output.log_to_stdout(Log(level="info", format="json"))
    logging.getLogger("vestibule.local").error("Door crashed", exc_info=ValueError("broken"))
    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["message"]) == ("error", "Door crashed")
    assert "ValueError: broken" in line["exception"]


def test_what_a_line_was_given_beside_its_message_is_shown(root_logger, capsys):
    output.log_to_stdout(Log())
    logging.getLogger("vestibule").error("failed", extra={"error": "KeyError", "places": ["login.py:3 submit"]})
    assert capsys.readouterr().out.endswith(" failed error=KeyError places=['login.py:3 submit']\n")
    output.log_to_stdout(Log(format="json"))
    logging.getLogger("vestibule").error("failed", extra={"error": "KeyError"})
    assert json.loads(capsys.readouterr().out)["error"] == "KeyError"


def test_at_level_info_the_functions_add_no_line_to_the_gateways(root_logger, capsys):
    output.log_to_stdout(Log(level="info"))
    logging.getLogger("vestibule").info("refused")
    assert capsys.readouterr().out == ""
    output.log_to_stdout(Log(level="debug"))
    logging.getLogger("vestibule").info("refused")
    assert "refused" in capsys.readouterr().out


def test_the_banner_names_addresses_and_warnings_but_no_notes():
    findings = [
        Finding("/selfservice/methods/oidc", "is not built yet", "kratos.yml", 7, severity="warning"),
        Finding("/log", "a note", severity="info"),
    ]
    text = output.banner([("Public API", "http://127.0.0.1:4433/")], findings)
    assert "http://127.0.0.1:4433/" in text
    assert "kratos.yml:7: warning: /selfservice/methods/oidc: is not built yet" in text
    assert "a note" not in text
