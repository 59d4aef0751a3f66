"""MiniStack: an AWS on this machine, without Docker, that takes the built stack from `sam deploy`.

What it lacks, and what is done about it here: the routes of an HTTP API that stand in its body are added one by one,
alarms of metric math are left out, layers are on the path but not at /opt, cookies do not reach an event.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from ruamel.yaml import YAML
from tests.artifact.lambda_runtime import ARCHITECTURE, REGION, ROOT, built, find_runtime, make
from tests.starting import free_port, wait_until_listening

from vestibule.local import routes

STACK = "vestibule"
SENDER = "accounts@example.org"
READY_SECONDS = 60
ANSWER_SECONDS = 60
ARRIVAL_SECONDS = 90


@dataclass(frozen=True)
class Stack:
    """The deployed stack; `call` is answered by API Gateway."""

    endpoint: str
    apis: Mapping[str, str]

    def call(self, api: routes.Api, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of the answer, as apps ask for it. A header's `_` stands for `-`."""
        connection = http.client.HTTPConnection("127.0.0.1", _port(self.endpoint), timeout=ANSWER_SECONDS)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        host = {"Host": f"{self.apis[api]}.execute-api.localhost:{_port(self.endpoint)}", "Accept": "application/json"}
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, {**host, "Content-Type": "application/json", **named})
        try:
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or "null")
        finally:
            connection.close()

    def client(self, service: str) -> Any:
        """boto3's, of this AWS."""
        return _client(service, self.endpoint)

    def mails_to(self, address: str) -> list[dict[str, Any]]:
        """What SES took for the address, oldest first: `Subject`, `BodyText`, `BodyHtml`, `Source` …"""
        connection = http.client.HTTPConnection("127.0.0.1", _port(self.endpoint), timeout=ANSWER_SECONDS)
        connection.request("GET", "/_ministack/ses/messages")
        try:
            taken = json.loads(connection.getresponse().read())["messages"].values()
        finally:
            connection.close()
        return [mail for mails in taken for mail in mails if address in mail["To"]]


def eventually(asked: Callable[[], Any]) -> Any:
    """The first answer that is one: what is waited for travels through queues of another process."""
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while (found := asked()) is None:
        assert time.monotonic() < deadline, f"nothing came within {ARRIVAL_SECONDS} seconds"
        time.sleep(0.2)
    return found


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Its address, for a block. `folder` takes its log and its files. Raises Missing."""
    find_runtime()
    make(".venv-ministack/.ministack")
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "S3_DATA_DIR": str(folder / "s3"),
        "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "MINISTACK_REGION": REGION,
        "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0",
    }  # fmt: skip
    with (folder / "ministack.log").open("w") as log:
        command = [ROOT / ".venv-ministack" / "bin" / "ministack"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        wait_until_listening(process, port, READY_SECONDS)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def deploy(endpoint: str, folder: Path, config: Mapping[str, Any]) -> Stack:
    """The stack as `sam deploy` makes it of what was built for this machine, with that configuration."""
    artifacts = built()
    (folder / "kratos.json").write_text(json.dumps(config))
    changed = artifacts / "deployed.yaml"
    changed.write_text(_deployable((artifacts / "template.yaml"), folder / "kratos.json", folder / "changed.yaml"))
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "AWS_ENDPOINT_URL": endpoint, "SAM_CLI_TELEMETRY": "0",
        "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": REGION,
    }  # fmt: skip
    command = [
        ROOT / ".venv-sam" / "bin" / "sam", "deploy", "--template", changed, "--stack-name", STACK, "--resolve-s3",
        "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-confirm-changeset",
        "--parameter-overrides", f"Architecture={ARCHITECTURE}", f"MailFrom={SENDER}",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    _client("ses", endpoint).verify_domain_identity(Domain=SENDER.partition("@")[2])
    return Stack(endpoint, _routed(endpoint))


def _deployable(template: Path, config: Path, scratch: Path) -> str:
    yaml = YAML()
    document = yaml.load(template.read_text())
    del document["Resources"]["Observability"]
    document["Globals"]["Function"]["Environment"]["Variables"]["VESTIBULE_CONFIG"] = str(config)
    with scratch.open("w") as file:
        yaml.dump(document, file)
    return scratch.read_text()


def _routed(endpoint: str) -> dict[str, str]:
    """Give both APIs the routes of the template. Their ids, by the names of `Api`."""
    gateway, functions = _client("apigatewayv2", endpoint), _client("lambda", endpoint)
    pages = functions.get_paginator("list_functions").paginate()
    arns = {each["FunctionName"]: each["FunctionArn"] for page in pages for each in page["Functions"]}
    ids = {side: _id_of(gateway, name) for name, side in routes.APIS.items()}
    integrations: dict[tuple[str, str], str] = {}
    for route in routes.read(ROOT / "template.yaml"):
        key = (route.api, route.function.name)
        if key not in integrations:
            integrations[key] = gateway.create_integration(
                ApiId=ids[route.api],
                IntegrationType="AWS_PROXY",
                IntegrationUri=arns[f"{STACK}-{route.function.name}"],
                PayloadFormatVersion="2.0",
            )["IntegrationId"]
        named = route.path if route.path == routes.DEFAULT else f"{route.method} {route.path}"
        gateway.create_route(ApiId=ids[route.api], RouteKey=named, Target=f"integrations/{integrations[key]}")
    return dict(ids)


def _id_of(gateway: Any, name: str) -> str:
    return next(api["ApiId"] for api in gateway.get_apis()["Items"] if api["Name"].startswith(f"{STACK}-{name}"))


def _client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def _port(endpoint: str) -> int:
    return int(endpoint.rpartition(":")[2])
