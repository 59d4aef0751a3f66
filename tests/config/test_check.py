import json
from pathlib import Path

import pytest
from tests.config.documents import ANY_TRAITS, MINIMAL, document, saved

from vestibule.config.check import check
from vestibule.config.document import put

FILE = ("identity", "schemas", 0, "url")


def test_a_good_file_gives_no_findings(tmp_path: Path):
    assert check([saved(tmp_path, put(MINIMAL, FILE, ANY_TRAITS))], {}) == []


def test_a_feature_that_is_not_built_is_an_error(tmp_path: Path):
    content = put(document("/selfservice/methods/saml", {"enabled": True}), FILE, ANY_TRAITS)
    (finding,) = check([saved(tmp_path, content)], {})
    assert (finding.severity, finding.line) == ("error", 1)


def test_schemas_are_read_from_files_and_not_from_the_web(tmp_path: Path):
    content = put(MINIMAL, FILE, "https://example.org/schema.json")
    content = put(content, ("identity", "schemas", 1), {"id": "b", "url": f"file://{tmp_path}/missing.json"})
    (finding,) = check([saved(tmp_path, content)], {})
    assert (finding.path, finding.file) == ("/identity/schemas/1/url", str(tmp_path / "kratos.json"))


def test_secrets_are_not_read(tmp_path: Path):
    content = put(document("/secrets/cipher", ["secret://ssm/cipher"]), FILE, ANY_TRAITS)
    assert check([saved(tmp_path, content)], {}) == []


def test_errors_come_first(tmp_path: Path):
    content = put(document("/sqa-opt-out", value=True), ("log",), {"level": "loud"})
    assert [finding.severity for finding in check([saved(tmp_path, content)], {})] == ["error", "info"]


def test_the_store_may_come_from_the_environment(tmp_path: Path):
    content = {key: value for key, value in put(MINIMAL, FILE, ANY_TRAITS).items() if key != "dsn"}
    assert [finding.severity for finding in check([saved(tmp_path, content)], {})] == ["info"]
    assert check([saved(tmp_path, content)], {"DSN": "memory"}) == []


def test_files_that_cannot_be_read_are_findings(tmp_path: Path):
    assert "cannot be read: No such file or directory" in {found.message for found in check([tmp_path / "a.yml"], {})}


def test_a_schema_that_no_traits_can_be_checked_against_is_an_error(tmp_path: Path):
    (tmp_path / "a.json").write_text('{"type": "object", "properties": {"traits": {"type": "nonsense"}}}')
    (finding,) = check([saved(tmp_path, put(MINIMAL, FILE, f"file://{tmp_path}/a.json"))], {})
    assert (finding.severity, finding.path) == ("error", "/identity/schemas/0/url")
    assert finding.message.startswith("the identity schema 'person' #")


@pytest.mark.attack("cfg-06")
def test_a_reference_of_a_schema_is_followed_on_this_machine_only(tmp_path: Path):
    traits = {"a": {"$ref": "https://example.org/a.json"}, "b": {"$ref": f"file://{tmp_path}/b.json"}}
    schema = {"type": "object", "properties": {"traits": {"type": "object", "properties": traits}}}
    (tmp_path / "a.json").write_text(json.dumps(schema))
    content = put(MINIMAL, FILE, f"file://{tmp_path}/a.json")
    (finding,) = check([saved(tmp_path, content)], {})
    assert "b.json" in finding.message
    (tmp_path / "b.json").write_text('{"type": "string"}')
    assert check([saved(tmp_path, content)], {}) == []


def test_a_template_of_a_message_that_cannot_be_used_is_an_error_with_its_line(tmp_path):
    mails = tmp_path / "mails" / "login_code" / "valid"
    mails.mkdir(parents=True)
    (mails / "email.subject.gotmpl").write_text("Hello\n{{ range .To }}")
    file = tmp_path / "kratos.yml"
    file.write_text(
        "identity: {default_schema_id: a, schemas: [{id: a, url: 'base64://e30='}]}\n"
        "selfservice: {default_browser_return_url: https://example.org/}\n"
        f"courier: {{template_override_path: {tmp_path / 'mails'}}}\n"
    )
    said = [str(finding) for finding in check([file], {}) if finding.severity == "error"]
    assert any("/courier/template_override_path" in line and "line 2" in line for line in said)
