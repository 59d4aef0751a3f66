"""`vestibule actions …` on files: what it prints, and with which status it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.config.documents import MINIMAL, saved
from tests.world import SCHEMA

from vestibule.cli.main import cli
from vestibule.config.document import merged


class Invitations(BaseHTTPRequestHandler):
    """A target that knows one code."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = body["code"] == "spring"
        refusal = {"messages": [{"instance_ptr": "#/traits/email", "messages": [{"id": 1, "text": "Not invited."}]}]}
        answer = {"identity": {"metadata_public": {"invited": True}}} if known else refusal
        content = json.dumps(answer).encode()
        self.send_response(200 if known else 400)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Says nothing."""


@pytest.fixture
def target() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Invitations) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/invitations"
        server.shutdown()
        thread.join()


def hook(url: str, **config: Any) -> dict[str, Any]:
    return {"hook": "web_hook", "config": {"url": url, "method": "POST", "body": "file://invite.jsonnet", **config}}


def files(folder: Path, flows: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(folder)
    (folder / "person.schema.json").write_text(json.dumps(SCHEMA))
    (folder / "invite.jsonnet").write_text("function(ctx) {code: std.get(ctx.flow.transient_payload, 'code')}")
    return str(saved(folder, merged(MINIMAL, {"selfservice": {"flows": flows}})))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["actions", *arguments])


@pytest.fixture
def documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    of_password = {"hooks": [hook("https://c.example.org/", id="hook_3")]}
    after = {"hooks": [hook("https://b.example.org/", id="hook_2")], "password": of_password}
    login = {"before": {"hooks": [hook("https://a.example.org/", id="hook_1")]}, "after": after}
    return files(tmp_path, {"login": login}, monkeypatch)


def test_a_chain_is_printed_with_its_reasons(documented: str):
    done = run("explain", "login.password", "-c", documented)
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert [line.split(" · ")[0].strip() for line in lines if "hook_" in line] == [
        "1. web_hook hook_1",
        "1. web_hook hook_3",
        "web_hook hook_2",
    ]
    (_, why, place, *_) = lines[lines.index("Shadowed") + 1 :]
    assert "take the place of the default ones" in why
    assert place.strip() == "/selfservice/flows/login/after/hooks/0"


def test_a_chain_is_printed_as_json_too(documented: str):
    done = run("explain", "login.oidc", "-c", documented, "--format", "json")
    (_, after) = json.loads(done.output)["points"]
    assert [each["id"] for each in after["hooks"]] == ["hook_2"]


def test_a_place_that_is_none_is_said_in_one_line(documented: str):
    done = run("explain", "logout", "-c", documented)
    assert done.exit_code == 2
    assert done.output.count("\n") == 1
    assert "there are login" in done.output


def test_lint_ends_with_a_status(documented: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    done = run("lint", "-c", documented)
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "0 errors")
    assert "warning: /selfservice/flows/login/after/hooks: never run: every method that is enabled" in done.output
    wrong = files(tmp_path, {"login": {"after": {"hooks": [{"hook": "session"}]}}}, monkeypatch)
    done = run("lint", "-c", wrong)
    assert done.exit_code == 1
    assert "/selfservice/flows/login/after/hooks/0: session never runs here, but after registration" in done.output


def test_lint_reads_templates(documented: str, tmp_path: Path):
    (tmp_path / "invite.jsonnet").write_text("function(ctx) {\n  code: ctx.,\n}")
    done = run("lint", "-c", documented)
    assert (done.exit_code, done.output.count("the template fails at line 2")) == (1, 3)


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path):
    done = run("explain", "login", "-c", str(tmp_path / "none.yml"))
    assert (done.exit_code, "none.yml" in done.output) == (2, True)


def registration(url: str, **config: Any) -> dict[str, Any]:
    hooks = [hook(url, id="invite", response={"parse": True}, **config)]
    return {"registration": {"after": {"password": {"hooks": hooks}}}}


def test_a_hook_is_tried_against_its_target(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = files(tmp_path, registration(target), monkeypatch)
    known = run("test", "invite", "--flow", "registration", "-c", config, "--transient-payload", '{"code": "spring"}')
    assert known.exit_code == 0, known.output
    assert "passed" in known.output
    assert '/metadata_public: null becomes {"invited": true}' in known.output
    other = run("test", "invite", "--flow", "registration", "-c", config, "--transient-payload", '{"code": "x"}')
    assert (other.exit_code, "traits.email: Not invited." in other.output) == (0, True)


def test_a_target_that_is_not_there_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = files(tmp_path, registration("http://127.0.0.1:1/"), monkeypatch)
    done = run("test", "invite", "--flow", "registration", "-c", config)
    assert (done.exit_code, "failed: the target could not be reached" in done.output) == (1, True)


@pytest.mark.parametrize(
    "options", [["--traits", "{"], ["--transient-payload", "x"], ["--header", "nothing"], ["--flow", "logout"]]
)
def test_what_is_asked_wrong_is_said(options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = files(tmp_path, registration("http://127.0.0.1:1/"), monkeypatch)
    done = run("test", "invite", "--flow", "registration", "-c", config, *options)
    assert done.exit_code == 2
