"""The secret of a target, as its owner asks for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.test_config_check import GOOD

from vestibule.cli.webhook_secret import run
from vestibule.crypto.webhook_signature import WebhookSigner

COOKIE, CIPHER = "a cookie secret of these tests", "0123456789abcdef0123456789abcdef"
URL = "https://hooks.example.org/crm"


def saved(folder: Path, **more: object) -> Path:
    path = folder / "kratos.json"
    path.write_text(json.dumps(GOOD | {"secrets": {"cookie": [COOKIE], "cipher": [CIPHER]}} | more))
    return path


def test_it_is_the_one_that_signs(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(URL, [saved(tmp_path)], {}) == 0
    assert capsys.readouterr().out.split() == list(WebhookSigner([CIPHER]).secrets(URL))


def test_a_stack_has_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    generated = "f" * 64
    assert run(URL, [saved(tmp_path)], {"VESTIBULE_SECRETS": json.dumps({"generated": generated})}) == 0
    assert capsys.readouterr().out.split() == list(WebhookSigner([generated[:32]]).secrets(URL))


def test_a_secret_that_cannot_be_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = saved(tmp_path, vestibule={"webhooks": {"signing": {"secrets": ["secret://ssm/none"]}}})
    assert run(URL, [path], {}) == 1
    assert "VESTIBULE_SECRET_SSM_NONE" in capsys.readouterr().err
