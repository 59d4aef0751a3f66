"""docs/moving.md: configurations as people have them for Kratos, and what they are told of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from tests.world import SCHEMA

from vestibule.cli import config_check, settings
from vestibule.cli.settings import Options
from vestibule.config.findings import ConfigError

QUICKSTART = """
version: v1.3.0
dsn: memory
serve:
  public: {base_url: "http://127.0.0.1:4433/", cors: {enabled: true}}
  admin: {base_url: "http://kratos:4434/"}
selfservice:
  default_browser_return_url: http://127.0.0.1:4455/
  allowed_return_urls: ["http://127.0.0.1:4455", "http://localhost:19006/Callback", "exp://localhost:8081/--/Callback"]
  methods:
    password: {enabled: true}
    totp: {enabled: true, config: {issuer: Kratos}}
    lookup_secret: {enabled: true}
    link: {enabled: true}
    code: {enabled: true}
  flows:
    error: {ui_url: "http://127.0.0.1:4455/error"}
    settings:
      ui_url: http://127.0.0.1:4455/settings
      privileged_session_max_age: 15m
      required_aal: highest_available
    recovery: {enabled: true, ui_url: "http://127.0.0.1:4455/recovery", use: code}
    verification:
      enabled: true
      ui_url: http://127.0.0.1:4455/verification
      use: code
      after: {default_browser_return_url: "http://127.0.0.1:4455/"}
    logout: {after: {default_browser_return_url: "http://127.0.0.1:4455/login"}}
    login: {ui_url: "http://127.0.0.1:4455/login", lifespan: 10m}
    registration:
      lifespan: 10m
      ui_url: http://127.0.0.1:4455/registration
      after: {password: {hooks: [{hook: session}, {hook: show_verification_ui}]}}
log: {level: debug, format: text, leak_sensitive_values: true}
secrets: {cookie: [a-secret-that-nobody-has-changed], cipher: [0123456789-of-a-cipher-secret-32]}
ciphers: {algorithm: xchacha20-poly1305}
hashers: {algorithm: bcrypt, bcrypt: {cost: 8}}
identity:
  default_schema_id: default
  schemas: [{id: default, url: "file:///etc/config/kratos/identity.schema.json"}]
courier: {smtp: {connection_uri: "smtps://test:test@mailslurper:1025/?skip_ssl_verify=true"}}
feature_flags: {use_continue_with_transitions: true}
"""

PRODUCTION = """
version: v1.3.1
dsn: postgres://kratos:geheim@db.internal:5432/kratos?sslmode=require&max_conns=20
serve:
  public:
    base_url: https://id.example.com/
    cors: {enabled: true, allowed_origins: ["https://app.example.com"], allowed_methods: [POST, GET]}
    request_log: {disable_for_health: true}
  admin: {base_url: "http://kratos-admin.internal:4434/", host: 127.0.0.1, port: 4434}
tracing: {provider: otel, providers: {otlp: {server_url: "otel:4318", insecure: true}}}
cookies: {domain: example.com, path: /, same_site: Lax}
session:
  lifespan: 720h
  earliest_possible_extend: 24h
  cookie: {name: ory_kratos_session, domain: example.com, persistent: true, same_site: Lax}
  whoami:
    required_aal: highest_available
    tokenizer:
      templates: {app: {jwks_url: "file:///etc/config/kratos/jwks.json", ttl: 10m}}
selfservice:
  default_browser_return_url: https://app.example.com/
  allowed_return_urls: ["https://app.example.com", "https://*.example.com"]
  methods:
    password: {enabled: true, config: {max_breaches: 0, min_password_length: 10}}
    code: {enabled: true, passwordless_enabled: true}
    webauthn: {enabled: true, config: {rp: {display_name: Example, id: example.com}}}
    oidc:
      enabled: true
      config:
        base_redirect_uri: https://id.example.com
        providers:
          - id: google
            provider: google
            client_id: 1234.apps.example.com
            client_secret: geheim
            mapper_url: file:///etc/config/kratos/oidc.google.jsonnet
            scope: [email, profile]
            requested_claims: {id_token: {email: {essential: true}}}
  flows:
    login: {ui_url: "https://app.example.com/login", after: {password: {hooks: [{hook: require_verified_address}]}}}
    verification: {enabled: true, ui_url: "https://app.example.com/verification", use: code}
    registration:
      ui_url: https://app.example.com/registration
      after:
        password:
          hooks:
            - hook: web_hook
              config:
                url: http://crm.internal/people
                method: POST
                body: file:///etc/config/kratos/crm.jsonnet
                auth: {type: api_key, config: {name: X-Key, value: geheim, in: header}}
                can_interrupt: true
            - hook: session
log: {level: info, format: json}
secrets: {cookie: [a-cookie-secret-of-some-length], cipher: [0123456789-of-a-cipher-secret-32]}
hashers:
  algorithm: argon2
  argon2: {memory: 128MB, iterations: 2, parallelism: 1, expected_duration: 500ms, dedicated_memory: 1GB}
identity:
  default_schema_id: customer
  schemas: [{id: customer, url: "file:///etc/config/kratos/identity.schema.json"}]
courier:
  template_override_path: /etc/config/kratos/mails
  smtp: {connection_uri: "smtps://user:geheim@relay.example.com:465/", from_address: no-reply@example.com}
"""

OLD = """
version: v0.8.0-alpha.3
dsn: mysql://root:geheim@tcp(mysql:3306)/mysql
serve:
  public:
    base_url: http://127.0.0.1:4433/
    domain_aliases: [{match_domain: www.example.com, base_path: /.ory/kratos/public/, scheme: https}]
selfservice:
  default_browser_return_url: http://127.0.0.1:4455/
  whitelisted_return_urls: ["http://127.0.0.1:4455"]
  methods: {password: {enabled: true}}
  flows: {registration: {after: {password: {hooks: [{hook: session}]}}}}
hashers: {argon2: {memory: 131072}}
secrets: {cookie: [short]}
identity: {default_schema_url: "file:///etc/config/kratos/identity.schema.json"}
"""

FILES = {
    "identity.schema.json": json.dumps(SCHEMA),
    "jwks.json": '{"keys": []}',
    "oidc.google.jsonnet": "{identity: {traits: {}}}",
    "crm.jsonnet": "function(ctx) ctx",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As the container has it at /etc/config/kratos."""
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "mails").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    """Exit status, and the sentence of each error by its path."""
    (folder / "kratos.yml").write_text(text)
    status = config_check.run([Path("kratos.yml")])
    said = capsys.readouterr().out
    assert "geheim" not in said
    lines = [line.split(": ", 3) for line in said.splitlines() if ": error: " in line]
    assert all(place.rpartition(":")[2].isdigit() for place, *_ in lines)
    return status, {path: sentence for _, _, path, sentence in lines}


def test_the_quickstart_runs_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert checked(folder, QUICKSTART, capsys) == (0, {})
    config = settings.loaded(Options(files=(Path("kratos.yml"),)), {}).config
    assert config.identity.schemas[0].url == f"file://{folder / 'identity.schema.json'}"


def test_of_a_configuration_in_production_only_the_database_is_in_the_way(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    status, errors = checked(folder, PRODUCTION, capsys)
    assert (status, list(errors)) == (1, ["/dsn"])
    assert errors["/dsn"].startswith("is PostgreSQL's, and people are kept in DynamoDB or SQLite here: leave dsn out")
    options = Options(files=(Path("kratos.yml"),))
    with pytest.raises(ConfigError, match=r"kratos\.yml:\d+: error: /dsn: is PostgreSQL's"):
        settings.loaded(options, {})
    loaded = settings.loaded(Options(files=(Path("kratos.yml"),), dsn="sqlite://people.sqlite"), {})
    assert [finding for finding in loaded.findings if finding.severity == "error"] == []
    assert loaded.config.courier.template_override_path == str(folder / "mails")
    without = {key: value for key, value in yaml.safe_load(PRODUCTION).items() if key != "dsn"}
    assert checked(folder, yaml.safe_dump(without), capsys) == (0, {})


def test_an_old_one_is_told_everything_at_once(folder: Path, capsys: pytest.CaptureFixture[str]):
    status, errors = checked(folder, OLD, capsys)
    assert (status, set(errors)) == (
        1,
        {
            "/dsn",
            "/serve/public/domain_aliases",
            "/selfservice/whitelisted_return_urls",
            "/hashers/argon2/memory",
            "/secrets/cookie/0",
            "/identity/schemas",
            "/identity/default_schema_url",
        },
    )
    assert errors["/dsn"].startswith("is MySQL's")
    assert errors["/selfservice/whitelisted_return_urls"].endswith("it is allowed_return_urls now")
