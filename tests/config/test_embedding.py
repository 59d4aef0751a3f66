"""A configuration that functions have without the files it names."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from tests.config.documents import MINIMAL, saved

from vestibule.config.document import merged
from vestibule.config.embedding import embedded
from vestibule.config.fetch import fetch
from vestibule.config.findings import ConfigError
from vestibule.config.load import load
from vestibule.config.message_templates import load_overrides


def in_base64(text: str) -> str:
    return f"base64://{base64.b64encode(text.encode()).decode()}"


def configuration(folder: Path, changes: dict[str, Any] | None = None) -> Path:
    (folder / "person.schema.json").write_text("{}")
    return saved(folder, merged(MINIMAL, changes or {}))


def test_files_stand_in_it_themselves(tmp_path: Path):
    made = embedded(configuration(tmp_path))
    assert made["identity"]["schemas"] == [{"id": "person", "url": in_base64("{}")}]


def test_every_file_that_is_missing_is_said(tmp_path: Path):
    config = {"url": "https://example.org/", "method": "POST", "body": "file:///etc/config/kratos/crm.jsonnet"}
    hooks = {"selfservice": {"flows": {"login": {"after": {"hooks": [{"hook": "web_hook", "config": config}]}}}}}
    path = configuration(tmp_path, hooks)
    (tmp_path / "person.schema.json").unlink()
    with pytest.raises(ConfigError) as raised:
        embedded(path)
    assert [(each.path, each.file) for each in raised.value.findings] == [
        ("/identity/schemas/0/url", str(path)),
        ("/selfservice/flows/login/after/hooks/0/config/body", str(path)),
    ]


def test_a_folder_of_message_templates_becomes_keys_and_says_the_same(tmp_path: Path):
    folder = tmp_path / "mails" / "recovery_code" / "valid"
    folder.mkdir(parents=True)
    (folder / "email.subject.gotmpl").write_text("Your code of the folder")
    (folder / "email.body.plaintext.gotmpl").write_text("It is {{ .RecoveryCode }}")
    subject = {"recovery_code": {"valid": {"email": {"subject": in_base64("Your code of the key")}}}}
    path = configuration(tmp_path, {"courier": {"template_override_path": "mails", "templates": subject}})
    before = load([path], {}).config.courier
    made = saved(tmp_path, embedded(path), "made.json")
    for file in folder.iterdir():
        file.unlink()
    after = load([made], {}).config.courier
    assert after.template_override_path is None
    assert load_overrides(after, fetch).keys() == {
        ("recovery_code_valid", "email.subject"),
        ("recovery_code_valid", "email.plain"),
    }
    assert before.templates.recovery_code.valid.email.subject == after.templates.recovery_code.valid.email.subject
    assert after.templates.recovery_code.valid.email.body.plaintext == in_base64("It is {{ .RecoveryCode }}")
