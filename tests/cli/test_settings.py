"""What `serve` runs with when files, environment and command line each say a part."""

import json
import os
from pathlib import Path

import pytest
import yaml

from vestibule.cli import settings
from vestibule.cli.settings import Options
from vestibule.config.findings import ConfigError
from vestibule.local.server import StartError

SCHEMA = "base64://" + "e30="
SECRETS = {"cookie": ["a-cookie-secret-of-the-file"], "cipher": ["0123456789abcdef0123456789abcdef"]}


@pytest.fixture
def serve_with(tmp_path, monkeypatch):
    """`serve_with({config}, {environment}, option=…)`: the Config that would be served from an empty folder."""
    monkeypatch.chdir(tmp_path)

    def load(document, environ=None, **options):
        whole = {
            "identity": {"schemas": [{"id": "default", "url": SCHEMA}]},
            "selfservice": {"default_browser_return_url": "https://example.org/"},
            **document,
        }
        Path("kratos.yml").write_text(yaml.safe_dump(whole))
        return settings.loaded(Options(files=(Path("kratos.yml"),), **options), environ or {}).config

    return load


def test_without_a_dsn_the_store_is_a_file_below_this_folder(serve_with):
    assert serve_with({}).dsn == "sqlite://.vestibule/vestibule.sqlite"


def test_the_command_line_goes_over_environment_and_file(serve_with):
    assert serve_with({"dsn": "memory"}).dsn == "memory"
    assert serve_with({"dsn": "memory"}, {"DSN": "sqlite://env"}).dsn == "sqlite://env"
    assert serve_with({"dsn": "memory"}, {"DSN": "sqlite://env"}, dsn="sqlite://option").dsn == "sqlite://option"


def test_other_machines_are_let_in_only_on_request(serve_with):
    assert serve_with({}).serve.admin.host == "127.0.0.1"
    assert serve_with({"serve": {"admin": {"host": "192.0.2.1"}}}).serve.admin.host == "192.0.2.1"
    assert serve_with({"serve": {"admin": {"host": "192.0.2.1"}}}, host="0.0.0.0").serve.admin.host == "0.0.0.0"  # noqa: S104 - what is tested


def test_a_port_without_a_base_url_makes_one(serve_with):
    serve = serve_with({}, public_port=5001, admin_port=5002).serve
    assert (serve.public.port, serve.public.base_url) == (5001, "http://127.0.0.1:5001/")
    assert (serve.admin.port, serve.admin.base_url) == (5002, "http://127.0.0.1:5002/")


@pytest.mark.parametrize(
    ("configured", "served"),
    [
        ("http://127.0.0.1:4433/", "http://127.0.0.1:5001/"),
        ("http://localhost:4433/sub/", "http://localhost:5001/sub/"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/"),
        ("https://id.example.org/", "https://id.example.org/"),
    ],
)
def test_only_urls_of_this_machine_at_the_configured_port_move_with_it(serve_with, configured, served):
    document = {"serve": {"public": {"base_url": configured}}}
    document["selfservice"] = {"default_browser_return_url": configured + "welcome"}
    config = serve_with(document, public_port=5001)
    assert config.serve.public.base_url == served
    assert config.selfservice.default_browser_return_url == served + "welcome"


def test_dev_serves_plain_http_and_trusts_forwarded_headers(serve_with):
    document = {"vestibule": {"trusted_proxy": False}}
    config = serve_with(document, dev=True)
    assert (config.dev, config.cookies.secure, config.vestibule.trusted_proxy) == (True, False, True)
    config = serve_with(document)
    assert (config.dev, config.cookies.secure, config.vestibule.trusted_proxy) == (False, True, False)


def test_missing_secrets_are_made_once_for_the_owner_alone(serve_with):
    first = serve_with({}).secrets
    assert serve_with({}).secrets == first
    assert len(first.cipher[0]) == 32
    path = Path(".vestibule/secrets.json")
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["cookie"] == list(first.cookie)


def test_configured_secrets_are_used_and_none_is_made(serve_with):
    assert serve_with({"secrets": SECRETS}).secrets.cookie == ("a-cookie-secret-of-the-file",)
    assert not Path(".vestibule").exists()


def test_a_default_secret_stands_for_the_cookie_secret(serve_with):
    made = serve_with({"secrets": {"default": ["a-default-secret-of-the-file"]}}).secrets
    assert made.cookie == ("a-default-secret-of-the-file",)
    assert len(made.cipher[0]) == 32


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"cookie": 1, "cipher": ["x"]}'])
def test_damaged_secrets_are_not_replaced(serve_with, content):
    Path(".vestibule").mkdir()
    Path(".vestibule/secrets.json").write_text(content)
    with pytest.raises(StartError, match=r"secrets\.json is damaged"):
        serve_with({})
    assert Path(".vestibule/secrets.json").read_text() == content


def test_a_folder_that_cannot_hold_secrets_is_one_line(serve_with):
    Path(".vestibule").write_text("a file where the folder should be")
    with pytest.raises(StartError, match=r"cannot keep generated secrets .* secrets\.cookie") as caught:
        serve_with({})
    assert os.linesep not in str(caught.value)


def test_a_broken_configuration_is_an_error_and_makes_no_secrets(serve_with):
    with pytest.raises(ConfigError):
        serve_with({"dsn": 7, "secrets": SECRETS})
    assert not Path(".vestibule").exists()


def test_a_missing_file_is_one_line():
    with pytest.raises(StartError, match=r"^the configuration nowhere\.yml does not exist; check -c$"):
        settings.loaded(Options(files=(Path("nowhere.yml"),)), {})


def test_files_that_are_missing_are_said_with_their_lines(serve_with):
    body = {"url": "https://example.org/", "method": "POST", "body": "file:///etc/config/kratos/crm.jsonnet"}
    hooks = {"login": {"after": {"hooks": [{"hook": "web_hook", "config": body}]}}}
    serve_with({"secrets": SECRETS, "selfservice": {"default_browser_return_url": "https://a.org/", "flows": hooks}})
    (warning,) = settings.loaded(Options(files=(Path("kratos.yml"),)), {}).findings
    assert (warning.severity, warning.file) == ("warning", "kratos.yml")
    assert warning.message == "there is no file /etc/config/kratos/crm.jsonnet, nor is it beside the configuration"
    with pytest.raises(ConfigError, match=r"kratos\.yml:\d+: error: /identity/schemas/0/url: there is no file"):
        serve_with({"secrets": SECRETS, "identity": {"schemas": [{"id": "default", "url": "file://none.json"}]}})
