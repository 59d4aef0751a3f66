import base64

import pytest

from vestibule.config.courier import Courier
from vestibule.config.fetch import fetch
from vestibule.config.findings import ConfigError
from vestibule.config.message_templates import load_overrides


def source(text):
    return f"base64://{base64.b64encode(text.encode()).decode()}"


def courier(**keys):
    return Courier.model_validate(keys)


def test_nothing_configured_is_nothing_read():
    assert load_overrides(courier(), fetch) == {}


def test_keys_of_the_configuration_stand_for_their_parts():
    email = {"subject": source("S {{ .To }}"), "body": {"plaintext": source("P"), "html": source("H")}}
    valid = {"email": email, "sms": {"body": {"plaintext": source("{{ .RecoveryCode }}")}}}
    found = load_overrides(courier(templates={"recovery_code": {"valid": valid}}), fetch)
    assert {key: template.fill({"To": "a", "RecoveryCode": "1"}) for key, template in found.items()} == {
        ("recovery_code_valid", "email.subject"): "S a",
        ("recovery_code_valid", "email.plain"): "P",
        ("recovery_code_valid", "email.html"): "H",
        ("recovery_code_valid", "sms.plain"): "1",
    }


def test_the_folder_has_kratos_names_and_keys_go_before_it(tmp_path):
    for name, text in {
        "login_code/valid/email.subject.gotmpl": "subject",
        "login_code/valid/email.body.plaintext.gotmpl": "plain",
        "login_code/valid/email.body.gotmpl": "html",
        "login_code/valid/sms.body.gotmpl": "sms",
        "verifiable_address_changed/email.subject.gotmpl": "changed",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    key = {"login_code": {"valid": {"email": {"subject": source("from the key")}}}}
    found = load_overrides(courier(template_override_path="mails", templates=key), fetch, tmp_path / "..")
    assert [(type_, part) for type_, part in found] == [("login_code_valid", "email.subject")]
    found = load_overrides(courier(template_override_path=str(tmp_path), templates=key), fetch)
    assert {key: template.fill({}) for key, template in found.items()} == {
        ("login_code_valid", "email.subject"): "from the key",
        ("login_code_valid", "email.plain"): "plain",
        ("login_code_valid", "email.html"): "html",
        ("login_code_valid", "sms.plain"): "sms",
        ("verifiable_address_changed", "email.subject"): "changed",
    }


def test_everything_that_is_wrong_is_said_at_once_with_key_and_line(tmp_path):
    keys = {
        "recovery": {
            "valid": {"email": {"subject": source("a\n{{ .Nope }}")}},
            "invalid": {"email": {"subject": "gone"}},
        },
        "verification": {"valid": {"email": {"subject": "base64:///w=="}}},
    }
    with pytest.raises(ConfigError) as error:
        load_overrides(courier(templates=keys), fetch)
    assert [finding.path for finding in error.value.findings] == [
        "/courier/templates/recovery/valid/email/subject",
        "/courier/templates/recovery/invalid/email/subject",
        "/courier/templates/verification/valid/email/subject",
    ]
    said = str(error.value)
    assert "line 2" in said
    assert "cannot be read" in said
    assert "no UTF-8" in said


def test_a_message_that_does_not_exist_as_text_has_no_fields_there():
    keys = {"recovery": {"valid": {"sms": {"body": {"plaintext": source("{{ .To }}")}}}}}
    with pytest.raises(ConfigError, match="line 1"):
        load_overrides(courier(templates=keys), fetch)
