import json
import sys
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
from tests.config.documents import MINIMAL, document, saved

from vestibule.config.findings import ConfigError, Finding
from vestibule.config.load import load

YAML = """\
dsn: memory
dev: true
identity:
  default_schema_id: person
  schemas:
    - id: person
      url: file://person.schema.json
selfservice:
  default_browser_return_url: https://example.org/
  flows:
    login: &flow
      lifespan: 10m
    registration: *flow
"""

TOML = """\
dsn = "memory"

[identity]
default_schema_id = "person"

[[identity.schemas]]
id = "person"
url = "file://person.schema.json"

[selfservice]
default_browser_return_url = "https://example.org/"

[selfservice.flows]
login.lifespan = "10m"
registration.lifespan = "10m"
"""


def errors(paths: list[Path], environ: dict[str, str] | None = None) -> list[Finding]:
    with pytest.raises(ConfigError) as raised:
        load(paths, environ or {})
    return [finding for finding in raised.value.findings if finding.severity == "error"]


@pytest.mark.parametrize(("name", "text"), [("kratos.yml", YAML), ("kratos.YAML", YAML), ("kratos.toml", TOML)])
def test_the_ending_tells_the_format(tmp_path: Path, name: str, text: str):
    path = tmp_path / name
    path.write_text(text)
    flows = load([path], {}).config.selfservice.flows
    assert [flows.login.lifespan.seconds, flows.registration.lifespan.seconds] == [600, 600]


def test_json_is_read_without_the_yaml_library(tmp_path: Path):
    path = saved(tmp_path, {**MINIMAL, "courier": {"message_retries": 3}})
    script = (
        "import sys; from pathlib import Path; from vestibule.config.load import load; "
        f"load([Path({str(path)!r})], {{}}, lines=False); print('ruamel.yaml' in sys.modules)"
    )
    done = run([sys.executable, "-c", script], capture_output=True, text=True, env={"PYTHONPATH": ":".join(sys.path)})
    assert (done.stdout.strip(), done.stderr) == ("False", "")


def test_later_files_win_key_by_key_and_replace_lists(tmp_path: Path):
    first = document("/selfservice/flows/login", {"lifespan": "10m", "style": "identifier_first"})
    first["selfservice"]["allowed_return_urls"] = ["https://a.example.org/", "https://b.example.org/"]
    second = {
        "selfservice": {"flows": {"login": {"lifespan": "20m"}}, "allowed_return_urls": ["https://c.example.org/"]}
    }
    found = load([saved(tmp_path, first, "a.json"), saved(tmp_path, second, "b.json")], {})
    login = found.config.selfservice.flows.login
    assert (login.lifespan.seconds, login.style) == (1200, "identifier_first")
    assert found.config.selfservice.allowed_return_urls == ("https://c.example.org/",)
    assert found.sources == (str(tmp_path / "a.json"), str(tmp_path / "b.json"))


def test_the_environment_wins_over_files_and_the_command_line_over_both(tmp_path: Path):
    path = saved(tmp_path, document("/serve/public/port", 1))
    environ = {"SERVE_PUBLIC_PORT": "2", "SERVE_ADMIN_PORT": "3"}
    serve = load([path], environ, overrides={"serve.public.port": 4}).config.serve
    assert (serve.public.port, serve.admin.port) == (4, 3)


def test_the_document_is_kept_without_defaults_and_with_references(tmp_path: Path):
    content = document("/secrets/cookie", ["env://COOKIE_SECRET"])
    found = load([saved(tmp_path, content)], {"COOKIE_SECRET": "s" * 16})
    assert found.document == content
    assert found.config.secrets.cookie == ("s" * 16,)


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path):
    path = tmp_path / "kratos.yml"
    path.write_text(
        YAML.replace("lifespan: 10m", "lifespan: soon\n      lifespn: 10m").replace("dsn: memory", "dsn: postgres://db")
        + "      after: {hooks: [{hook: sesion}]}\n".replace("      after", "    settings:\n      after")
    )
    said = {finding.path: (finding.line, finding.message) for finding in errors([path], {"LOG_LEVEL": "loud"})}
    assert said["/dsn"][0] == 1
    assert said["/selfservice/flows/login/lifespan"] == (
        12,
        "a duration is whole numbers with units, such as 1h30m, 45s or 500ms",
    )
    assert said["/selfservice/flows/login/lifespn"] == (13, "is no key here; did you mean lifespan?")
    assert said["/selfservice/flows/settings/after/hooks/0/hook"] == (
        16,
        "there is no such hook; did you mean session?",
    )
    assert said["/log/level"][0] is None


def test_a_finding_names_file_line_severity_and_path(tmp_path: Path):
    path = tmp_path / "kratos.yml"
    path.write_text(YAML + "  methods:\n    pasword: {}\n")
    (error,) = errors([path])
    assert str(error) == f"{path}:15: error: /selfservice/methods/pasword: is no key here; did you mean password?"


def test_a_finding_names_the_file_that_said_it(tmp_path: Path):
    wrong = saved(tmp_path, {"selfservice": {"flows": {"login": {"style": "fancy"}}}}, "b.json")
    (error,) = errors([saved(tmp_path, MINIMAL, "a.json"), wrong])
    assert (error.file, error.line) == (str(wrong), 1)


def test_a_finding_names_the_variable_that_said_it(tmp_path: Path):
    environ = {"SELFSERVICE_FLOWS_LOGIN_STYLE": "fancy"}
    (error,) = errors([saved(tmp_path, MINIMAL)], environ)
    assert error.file == "$SELFSERVICE_FLOWS_LOGIN_STYLE"


def test_what_the_command_line_says_is_not_blamed_on_the_file(tmp_path: Path):
    with pytest.raises(ConfigError) as raised:
        load([saved(tmp_path, document())], {}, overrides={"dsn": "postgres://db"})
    assert [(error.path, error.file, error.line) for error in raised.value.findings] == [("/dsn", None, None)]


def test_toml_has_no_lines(tmp_path: Path):
    path = tmp_path / "kratos.toml"
    path.write_text(TOML.replace("10m", "10"))
    assert {(error.file, error.line) for error in errors([path])} == {(str(path), None)}


@pytest.mark.parametrize(
    ("name", "content", "sentence", "line"),
    [
        ("a.yml", b"dsn: [\n", "is no YAML", 2),
        ("a.yml", b"dsn: a\ndsn: b\n", "is no YAML: found duplicate key", 2),
        ("a.yml", b"- dsn\n", "the document is no mapping", 1),
        ("a.yml", b"dsn: !!python/object:os.system x\n", "is no YAML", 1),
        ("a.yml", b"\xff\xfe\xfa", "is no UTF-8 text", None),
        ("a.json", b'{"dsn":\n}', "is no JSON", 2),
        ("a.json", b'{"dsn": NaN}', "NaN is no JSON", None),
        ("a.json", b'{"a":' * 100_000, "is nested too deeply", None),
        ("a.yml", b"[" * 100_000, "is nested too deeply", None),
        ("a.toml", b"dsn = ", "cannot be parsed", None),
        ("a.ini", b"", "ends in none of .yml, .yaml, .json, .toml", None),
        ("a.json", b" " * (4 * 1024 * 1024 + 1), "is larger than 4 MB", None),
    ],
)
def test_a_file_that_cannot_be_parsed_is_one_error(
    tmp_path: Path, name: str, content: bytes, sentence: str, line: int | None
):
    path = tmp_path / name
    path.write_bytes(content)
    first = errors([path])[0]
    assert sentence in first.message
    assert (first.file, first.line) == (str(path), line)


def test_a_missing_file_is_an_error_beside_the_others(tmp_path: Path):
    wrong = saved(tmp_path, document("/dsn", 5))
    assert [error.message for error in errors([tmp_path / "none.yml", wrong])] == [
        "cannot be read: No such file or directory",
        "is no text",
    ]


def test_an_empty_file_lacks_what_is_required(tmp_path: Path):
    path = tmp_path / "kratos.yml"
    path.write_text("# nothing yet\n")
    assert [error.path for error in errors([path])] == ["/dsn", "/identity", "/selfservice"]


def test_octal_modes_are_read_as_kratos_reads_them(tmp_path: Path):
    path = tmp_path / "kratos.yml"
    path.write_text(YAML + "serve: {public: {socket: {mode: 0700}}, admin: {socket: {mode: 0o600}}}\n")
    serve = load([path], {}).config.serve
    assert (serve.public.socket.mode, serve.admin.socket.mode) == (0o700, 0o600)


def test_errors_never_show_the_value(tmp_path: Path):
    secret = "hunter2"
    content: dict[str, Any] = document("/secrets/cookie", [secret])
    content["dsn"] = f"postgres://user:{secret}@db/"
    content["selfservice"]["methods"] = {"oidc": {"config": {"providers": [{"client_secret": 5, "id": secret}]}}}
    with pytest.raises(ConfigError) as raised:
        load([saved(tmp_path, content)], {"VESTIBULE_ADMIN_KEYS": f"[{secret}"})
    assert secret not in str(raised.value)
    assert secret not in json.dumps([str(finding) for finding in raised.value.findings])


def test_secrets_are_not_in_the_text_of_a_configuration(tmp_path: Path):
    content = document("/secrets", {"cookie": ["c" * 16], "cipher": ["d" * 32]})
    content["vestibule"] = {"admin_keys": ["e" * 16]}
    loaded = load([saved(tmp_path, content)], {})
    assert not [secret for secret in ("c" * 16, "d" * 32, "e" * 16) if secret in repr(loaded) + repr(loaded.config)]


def test_a_file_may_lie_beside_the_configuration_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    deployed, elsewhere = tmp_path / "deployed", tmp_path / "elsewhere"
    for folder in (deployed, elsewhere):
        folder.mkdir()
    (deployed / "person.schema.json").write_text("{}")
    path = saved(deployed, MINIMAL | {"identity": identity("file://person.schema.json")})
    monkeypatch.chdir(elsewhere)
    assert schema_urls(path) == [f"file://{deployed / 'person.schema.json'}"]
    (elsewhere / "person.schema.json").write_text("{}")
    assert schema_urls(path) == ["file://person.schema.json"]  # from the working directory, as in Kratos


def test_what_lies_in_kratoss_container_is_looked_for_beside_the_configuration(tmp_path: Path):
    """`/etc/config/kratos` is where Kratos's image has the folder of its configuration."""
    (tmp_path / "deep").mkdir()
    for name in ("person.schema.json", "deep/person.schema.json"):
        (tmp_path / name).write_text("{}")
    path = saved(tmp_path, MINIMAL | {"identity": identity("file:///etc/config/kratos/person.schema.json")})
    assert schema_urls(path) == [f"file://{tmp_path / 'person.schema.json'}"]
    saved(tmp_path, MINIMAL | {"identity": identity("file:///etc/config/kratos/deep/person.schema.json")})
    assert schema_urls(path) == [f"file://{tmp_path / 'deep' / 'person.schema.json'}"]
    there = f"file://{tmp_path / 'deep' / 'person.schema.json'}"
    saved(tmp_path, MINIMAL | {"identity": identity(there)})
    assert schema_urls(path) == [there]
    saved(tmp_path, MINIMAL | {"identity": identity("file:///etc/config/kratos/other.json")})
    assert schema_urls(path) == ["file:///etc/config/kratos/other.json"]


def test_a_folder_of_message_templates_may_lie_beside_the_configuration(tmp_path: Path):
    (tmp_path / "mails").mkdir()
    for name in ("mails", "/etc/config/kratos/mails"):
        path = saved(tmp_path, document("/courier/template_override_path", name))
        assert load([path], {}).config.courier.template_override_path == str(tmp_path / "mails")


def identity(url: str) -> dict[str, Any]:
    return {"default_schema_id": "person", "schemas": [{"id": "person", "url": url}]}


def schema_urls(path: Path) -> list[str]:
    return [schema.url for schema in load([path], {}).config.identity.schemas]
