"""`vestibule serve` as a process, with the functions that ship."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

SCHEMA = {
    "type": "object",
    "properties": {
        "traits": {
            "type": "object",
            "properties": {
                "email": {
                    "type": "string",
                    "format": "email",
                    "ory.sh/kratos": {"credentials": {"password": {"identifier": True}}},
                }
            },
            "required": ["email"],
        }
    },
}
SECRETS = {"cookie": ["a-cookie-secret-of-these-tests"], "cipher": ["0123456789abcdef0123456789abcdef"]}
START_SECONDS = 30
"""Far more than it takes: the machine may be busy."""


@pytest.fixture
def command(tmp_path):
    """`command(**keys of kratos.yml)`: the arguments that serve this configuration from its own folder."""

    def written(**document):
        (tmp_path / "person.schema.json").write_text(json.dumps(SCHEMA))
        whole = {
            "dsn": "memory",
            "secrets": SECRETS,
            "identity": {
                "default_schema_id": "person",
                "schemas": [{"id": "person", "url": "file://person.schema.json"}],
            },
            "selfservice": {"default_browser_return_url": "https://example.org/"},
            **document,
        }
        (tmp_path / "kratos.yml").write_text(yaml.safe_dump(whole))
        ports = [f"--{side}-port={free_port()}" for side in ("public", "admin")]
        return [sys.executable, "-m", "vestibule.cli.main", "serve", "-c", "kratos.yml", *ports]

    return written


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as opened:
        return opened.getsockname()[1]


@contextmanager
def started(arguments, folder):
    """The process and its first lines, once it is ready."""
    environment = {**os.environ, "PYTHONPATH": str(Path("layers/core").resolve()), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        arguments, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Stop it with" in line:
                break
        else:
            pytest.fail("".join(lines))
        yield process, "".join(lines)
    finally:
        process.kill()
        process.communicate()


def refused(arguments, folder):
    """What it says on stderr when it cannot start."""
    environment = {**os.environ, "PYTHONPATH": str(Path("layers/core").resolve())}
    ended = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=START_SECONDS
    )
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def test_it_says_where_it_is_and_stops_cleanly(command, tmp_path):
    with started([*command(), "--dev"], tmp_path) as (process, said):
        public = re.search(r"Public API +(\S+)", said)[1]
        admin = re.search(r"Admin API +(\S+)", said)[1]
        assert httpx.get(f"{admin}health/ready").json() == {"status": "ok"}
        assert httpx.get(f"{public}health/alive").json() == {"status": "ok"}
        assert re.search(r"Sign up +(\S+)", said)[1] == f"{public}self-service/registration/browser"
        assert "in memory" in said
        assert "kratos.yml" in said
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=10)
        assert process.returncode == 0
        assert re.findall(r"(\w+) GET (\S+) 200", rest) == [("admin", "/health/ready"), ("public", "/health/alive")]


def test_what_is_stored_survives_a_restart(command, tmp_path):
    arguments = [*command(dsn="sqlite://.vestibule/people.sqlite"), "--dev"]
    with started(arguments, tmp_path) as (process, said):
        admin = re.search(r"Admin API +(\S+)", said)[1]
        made = httpx.post(
            f"{admin}admin/identities", json={"schema_id": "person", "traits": {"email": "a@example.org"}}
        )
        assert made.status_code == 201
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    with started(arguments, tmp_path):
        assert httpx.get(f"{admin}admin/identities/{made.json()['id']}").status_code == 200


def test_a_cipher_secret_that_the_store_needs_is_one_line(command, tmp_path):
    dsn = "sqlite://.vestibule/people.sqlite"
    with started(command(dsn=dsn), tmp_path):
        pass
    other = SECRETS | {"cipher": ["another-cipher-secret-for-tests-"]}
    said = refused(command(dsn=dsn, secrets=other), tmp_path)
    assert said.startswith("vestibule: no secret of secrets.cipher opens the stored index key; put the former")
    with started(command(dsn=dsn, secrets=other | {"cipher": [*other["cipher"], *SECRETS["cipher"]]}), tmp_path):
        pass


@pytest.fixture
def door(tmp_path):
    """A function of our own that takes every admin request, for `--template=template.yaml`."""
    path = tmp_path / "functions" / "app.py"
    path.parent.mkdir()
    event = {"Type": "HttpApi", "Properties": {"ApiId": {"Ref": "AdminApi"}}}
    function = {"CodeUri": "functions", "Handler": "app.handler", "Events": {"Any": event}}
    resources = {"Door": {"Type": "AWS::Serverless::Function", "Properties": function}}
    (tmp_path / "template.yaml").write_text(yaml.safe_dump({"Resources": resources}))
    return path


def test_changed_code_restarts_it(command, tmp_path, door):
    door.write_text("handler = lambda event, context: 'before'")
    with started([*command(), "--reload", "--template=template.yaml"], tmp_path) as (process, said):
        admin = re.search(r"Admin API +(\S+)", said)[1]
        assert httpx.get(admin).text == "before"
        door.write_text("handler = lambda event, context: 'after'")
        assert any("Vestibule is ready" in line for line in process.stdout)
        assert httpx.get(admin).text == "after"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_function_that_hangs_does_not_keep_it_from_stopping(command, tmp_path, door):
    door.write_text("import time\ndef handler(event, context):\n    print('here', flush=True)\n    time.sleep(60)")
    with started([*command(), "--template=template.yaml"], tmp_path) as (process, said):
        port = int(re.search(r"Admin API +http://127.0.0.1:(\d+)/", said)[1])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert any("here" in line for line in process.stdout)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


def test_a_port_in_use_is_one_line(command, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused([*command(), f"--admin-port={port}"], tmp_path)
    assert said == f"vestibule: port {port} is in use; stop what listens there or choose another with --admin-port\n"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"nonsense": 1}, "kratos.yml"),
        ({"dsn": "postgres://user:pa55word@db/kratos"}, "memory, sqlite://FILE"),
        ({"dsn": "sqlite://kratos.yml"}, "is no SQLite database"),
        ({"dsn": "dynamodb://people?endpoint=http://127.0.0.1:1"}, "table people at http://127.0.0.1:1); mend it"),
        ({"dsn": "sqlite://missing/folder/db.sqlite"}, "cannot make the store's folder"),
    ],
)
def test_what_cannot_be_used_is_one_line(keys, says, command, tmp_path):
    said = refused(command(**keys), tmp_path)
    assert says in said
    assert "pa55word" not in said


def test_a_missing_file_is_one_line(command, tmp_path):
    assert "nowhere.yml does not exist" in refused([*command(), "-c", "nowhere.yml"], tmp_path)


def test_a_missing_template_is_one_line(command, tmp_path):
    assert "cannot read the template" in refused([*command(), "--template", "nowhere.yaml"], tmp_path)
    alone = [sys.executable, "-m", "vestibule.cli.main", "serve", "--template", "nowhere.yaml"]
    assert "cannot read the template" in refused(alone, tmp_path)
