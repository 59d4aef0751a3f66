"""`vestibule courier preview TYPE`."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.config.documents import MINIMAL

from vestibule.cli.main import cli
from vestibule.config.document import merged
from vestibule.domain.courier_fields import FIELDS


def preview(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["courier", "preview", *arguments])


@pytest.mark.parametrize("type_", FIELDS["email"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_mail_can_be_looked_at(type_: str, language: str) -> None:
    plain = preview(type_, "--lang", language)
    assert plain.exit_code == 0, plain.output
    assert plain.stdout.startswith("Subject: ")
    html = preview(type_, "--lang", language, "--html")
    assert html.stdout.strip() == "" if type_ == "stub" else f'lang="{language}"' in html.stdout
    assert ("482915" in plain.stdout) == type_.endswith("_code_valid")


@pytest.mark.parametrize("type_", FIELDS["sms"])
def test_every_text_message_can_be_looked_at(type_: str) -> None:
    text = preview(type_, "--sms")
    assert text.exit_code == 0, text.output
    assert "Subject" not in text.stdout
    assert ("482915" in text.stdout) == type_.endswith("_code_valid")


def test_an_override_of_the_configuration_is_seen(tmp_path: Path) -> None:
    body = base64.b64encode(b"Hello {{ .Identity.traits.email }}: {{ .RecoveryCode }}").decode()
    template = {"valid": {"email": {"body": {"plaintext": f"base64://{body}"}}}}
    document = merged(MINIMAL, {"courier": {"templates": {"recovery_code": template}}})
    file = tmp_path / "kratos.yml"
    file.write_text(json.dumps(document))
    assert preview("recovery_code_valid", "-c", str(file)).stdout.endswith("Hello ann@example.org: 482915\n")


def test_an_override_that_cannot_be_used_is_told_with_its_line(tmp_path: Path) -> None:
    subject = base64.b64encode(b"Hello\n{{ range .Identity }}").decode()
    template = {"valid": {"email": {"subject": f"base64://{subject}"}}}
    file = tmp_path / "kratos.yml"
    file.write_text(json.dumps(merged(MINIMAL, {"courier": {"templates": {"recovery_code": template}}})))
    refused = preview("recovery_code_valid", "-c", str(file))
    assert refused.exit_code == 2
    assert "line 2" in refused.stderr


@pytest.mark.parametrize("arguments", [("recovery",), ("recovery_valid", "--sms")])
def test_a_type_that_there_is_not_is_answered_with_those_there_are(arguments: tuple[str, ...]) -> None:
    refused = preview(*arguments)
    assert refused.exit_code == 2
    assert "recovery_code_valid" in refused.stderr
