import json
from pathlib import Path

import pytest
from tests.config.documents import ANY_TRAITS, MINIMAL, document, saved

from vestibule.config.check import check
from vestibule.config.document import put

FILE = ("identity", "schemas", 0, "url")


def nothing(_: str) -> None:
    """Nothing is wrong with it."""


def test_a_good_file_gives_no_findings(tmp_path: Path):
    assert check([saved(tmp_path, put(MINIMAL, FILE, ANY_TRAITS))], {}, nothing) == []


def test_a_feature_that_is_not_built_is_an_error(tmp_path: Path):
    content = put(document("/selfservice/methods/saml", {"enabled": True}), FILE, ANY_TRAITS)
    (finding,) = check([saved(tmp_path, content)], {}, nothing)
    assert (finding.severity, finding.line) == ("error", 1)


def test_schemas_are_read_from_files_and_not_from_the_web(tmp_path: Path):
    content = put(MINIMAL, FILE, "https://example.org/schema.json")
    content = put(content, ("identity", "schemas", 1), {"id": "b", "url": f"file://{tmp_path}/missing.json"})
    (finding,) = check([saved(tmp_path, content)], {}, nothing)
    assert (finding.path, finding.file) == ("/identity/schemas/1/url", str(tmp_path / "kratos.json"))


def test_secrets_are_not_read(tmp_path: Path):
    content = put(document("/secrets/cipher", ["secret://ssm/cipher"]), FILE, ANY_TRAITS)
    assert check([saved(tmp_path, content)], {}, nothing) == []


def test_errors_come_first(tmp_path: Path):
    content = put(put(document("/sqa-opt-out", value=True), FILE, ANY_TRAITS), ("log",), {"level": "loud"})
    assert [finding.severity for finding in check([saved(tmp_path, content)], {}, nothing)] == ["error", "info"]


def test_the_store_may_come_from_the_environment(tmp_path: Path):
    content = {key: value for key, value in put(MINIMAL, FILE, ANY_TRAITS).items() if key != "dsn"}
    assert [finding.severity for finding in check([saved(tmp_path, content)], {}, nothing)] == ["info"]
    assert check([saved(tmp_path, content)], {"DSN": "memory"}, nothing) == []


def test_files_that_cannot_be_read_are_findings(tmp_path: Path):
    assert "cannot be read: No such file or directory" in {
        found.message for found in check([tmp_path / "a.yml"], {}, nothing)
    }


def test_of_a_file_that_cannot_be_read_nothing_else_is_said(tmp_path: Path):
    broken = tmp_path / "kratos.yml"
    broken.write_text("selfservice: [1")
    (finding,) = check([broken], {}, nothing)
    assert (finding.file, finding.line) == (str(broken), 1)


def test_a_schema_that_no_traits_can_be_checked_against_is_an_error(tmp_path: Path):
    (tmp_path / "a.json").write_text('{"type": "object", "properties": {"traits": {"type": "nonsense"}}}')
    (finding,) = check([saved(tmp_path, put(MINIMAL, FILE, f"file://{tmp_path}/a.json"))], {}, nothing)
    assert (finding.severity, finding.path) == ("error", "/identity/schemas/0/url")
    assert finding.message.startswith("the identity schema 'person' #")


@pytest.mark.attack("cfg-06")
def test_a_reference_of_a_schema_is_followed_on_this_machine_only(tmp_path: Path):
    traits = {"a": {"$ref": "https://example.org/a.json"}, "b": {"$ref": f"file://{tmp_path}/b.json"}}
    schema = {"type": "object", "properties": {"traits": {"type": "object", "properties": traits}}}
    (tmp_path / "a.json").write_text(json.dumps(schema))
    content = put(MINIMAL, FILE, f"file://{tmp_path}/a.json")
    (finding,) = check([saved(tmp_path, content)], {}, nothing)
    assert "b.json" in finding.message
    (tmp_path / "b.json").write_text('{"type": "string"}')
    assert check([saved(tmp_path, content)], {}, nothing) == []


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
    said = [str(finding) for finding in check([file], {}, nothing) if finding.severity == "error"]
    assert any("/courier/template_override_path" in line and "line 2" in line for line in said)


def test_every_file_that_is_missing_is_said_at_once_and_once(tmp_path: Path):
    content = put(MINIMAL, ("log",), {"level": "loud"})  # the models refuse it, and files are looked for all the same
    message = {"email": {"subject": "file:///etc/config/kratos/subject.gotmpl"}}
    courier = {"template_override_path": "/etc/config/kratos/mails", "templates": {"recovery_code": {"valid": message}}}
    findings = check([saved(tmp_path, put(content, ("courier",), courier))], {}, nothing)
    missing = {found.path: found.message for found in findings if "nor is it beside" in found.message}
    assert missing == {
        "/identity/schemas/0/url": "there is no file person.schema.json, nor is it beside the configuration",
        "/courier/template_override_path": (
            "there is no folder /etc/config/kratos/mails, nor is it beside the configuration"
        ),
        "/courier/templates/recovery_code/valid/email/subject": (
            "there is no file /etc/config/kratos/subject.gotmpl, nor is it beside the configuration"
        ),
    }
    whole = check([saved(tmp_path, MINIMAL)], {}, nothing)
    assert [found.path for found in whole if found.severity == "error"] == ["/identity/schemas/0/url"]


@pytest.mark.parametrize(
    ("dsn", "database"),
    [
        ("postgres://kratos:geheim@db:5432/kratos?sslmode=require", "PostgreSQL"),
        ("postgresql://kratos:geheim@db/kratos", "PostgreSQL"),
        ("mysql://root:geheim@tcp(mysql:3306)/mysql", "MySQL"),
        ("cockroach://root:geheim@cockroach:26257/kratos", "CockroachDB"),
    ],
)
def test_a_database_of_kratos_is_told_what_stands_in_its_place(tmp_path: Path, dsn: str, database: str):
    (finding,) = check([saved(tmp_path, put(MINIMAL, FILE, ANY_TRAITS) | {"dsn": dsn})], {}, nothing)
    assert (finding.path, finding.severity) == ("/dsn", "error")
    assert finding.message.startswith(f"is {database}'s, and people are kept in DynamoDB or SQLite here: leave dsn out")
    assert "geheim" not in finding.message


@pytest.mark.parametrize(
    ("pointer", "said"),
    [
        ("/identity/default_schema_url", "list it in /identity/schemas"),
        ("/selfservice/whitelisted_return_urls", "it is allowed_return_urls now"),
        ("/serve/public/domain_aliases", "an old key of Kratos"),
    ],
)
def test_old_keys_of_kratos_say_what_became_of_them(tmp_path: Path, pointer: str, said: str):
    (finding,) = check([saved(tmp_path, put(document(pointer, []), FILE, ANY_TRAITS))], {}, nothing)
    assert (finding.path, said in finding.message) == (pointer, True)
