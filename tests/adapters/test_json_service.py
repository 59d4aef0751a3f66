"""AWS services without botocore: what is sent, what an answer is, and how connections are kept."""

from __future__ import annotations

import json
import socket
import threading
import zlib
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.starting import free_port

from vestibule.adapters import secrets_manager
from vestibule.adapters.aws import AwsRefused, AwsService, AwsUnanswered
from vestibule.adapters.dsn import transport
from vestibule.adapters.dynamodb_boto import BotoCall
from vestibule.adapters.dynamodb_call import Refused, Unanswered
from vestibule.adapters.dynamodb_http import HttpCall
from vestibule.adapters.json_service import LEFT_TO_BOTOCORE, reachable

LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "LoginStart",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
}


class Service(ThreadingHTTPServer):
    """Answers what it is told, for every request the same, and keeps what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.body, self.headers = 200, b"{}", dict[str, str]()
        self.hang_up = False
        self.asked: list[tuple[dict[str, str], Any]] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append(({name.lower(): value for name, value in self.headers.items()}, json.loads(body)))
        self.send_response(self.server.status)
        for name, value in ({"content-length": str(len(self.server.body))} | self.server.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)
        self.close_connection = self.server.hang_up

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def call(service: Service) -> Iterator[HttpCall]:
    call = HttpCall("eu-central-1", service.url)
    yield call
    call.close()


def test_a_call_is_a_signed_post_that_names_the_operation(service: Service, call: HttpCall) -> None:
    service.body = b'{"Item": {"pk": {"S": "a"}}}'
    assert call("GetItem", {"TableName": "t", "Key": {"pk": {"B": b"\0\xff"}}}) == {"Item": {"pk": {"S": "a"}}}
    ((headers, document),) = service.asked
    assert document == {"TableName": "t", "Key": {"pk": {"B": "AP8="}}}
    assert headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=")
    assert "/eu-central-1/dynamodb/aws4_request" in headers["authorization"]


def test_binary_values_come_as_bytes_and_an_attribute_named_b_as_it_is(service: Service, call: HttpCall) -> None:
    item = {"~": {"B": b64encode(b"\0\xff").decode()}, "B": {"S": "text"}}
    service.body = json.dumps({"Item": item}).encode().replace(b'": ', b'":')
    assert call("GetItem", {}) == {"Item": {"~": {"B": b"\0\xff"}, "B": {"S": "text"}}}


def test_a_refusal_has_its_code_its_message_and_its_fields(service: Service, call: HttpCall) -> None:
    reasons = [{"Code": "ConditionalCheckFailed"}, {"Code": "None"}]
    told = {"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "CancellationReasons": reasons}
    service.status, service.body = 400, json.dumps(told | {"Message": "cancelled"}).encode()
    with pytest.raises(Refused) as refused:
        call("TransactWriteItems", {})
    assert (refused.value.code, refused.value.message) == ("TransactionCanceledException", "cancelled")
    assert refused.value.reasons == reasons


@pytest.mark.attack("flt-01")
@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, b"<html>", {}),
        (200, b"[]", {}),
        (502, b"bad gateway", {}),
        (200, b'{"Item": {}}', {"x-amz-crc32": str(zlib.crc32(b'{"Item": {} }'))}),
        (200, b"{}", {"content-length": "10", "connection": "close"}),
    ],
)
def test_what_is_no_answer_of_the_service_is_none(
    service: Service, call: HttpCall, status: int, body: bytes, headers: dict[str, str]
) -> None:
    service.status, service.body, service.headers = status, body, headers
    service.hang_up = "connection" in headers
    with pytest.raises(Unanswered):
        call("GetItem", {})


def test_an_error_without_a_name_is_called_by_its_status(service: Service, call: HttpCall) -> None:
    service.status = 503
    with pytest.raises(Refused, match="503"):
        call("GetItem", {})


def test_a_checksum_that_fits_is_taken(service: Service, call: HttpCall) -> None:
    service.headers = {"x-amz-crc32": str(zlib.crc32(b"{}"))}
    assert call("GetItem", {}) == {}


def test_connections_are_kept_and_each_thread_has_one(service: Service, call: HttpCall) -> None:
    for _ in range(5):
        call("GetItem", {})
    assert service.connections == 1
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: call("GetItem", {}), range(100))) == [{}] * 100
    assert service.connections <= 8
    assert len(service.asked) == 105


def test_a_connection_that_the_service_closed_is_not_used_again(service: Service, call: HttpCall) -> None:
    service.hang_up = True  # without saying so, as a service does that was idle for long
    for _ in range(3):
        assert call("GetItem", {}) == {}
        _until_closed(call)
    assert service.connections == 3


def _until_closed(call: HttpCall) -> None:
    """Returns when the end of the connection has arrived here."""
    (connection,) = call._table._idle  # nothing else tells when
    connection.sock.recv(1, socket.MSG_PEEK)


def test_connections_that_ended_together_cost_one_call(
    service: Service, call: HttpCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of a function that was frozen: more of them than a call is tried again."""
    waiting = [call._table._connection() for _ in range(4)]
    for connection in waiting:
        connection.sock.shutdown(socket.SHUT_RDWR)
    call._table._idle += waiting
    monkeypatch.setattr("vestibule.adapters.json_service._is_dropped", lambda _: False)  # word of it is on its way
    with pytest.raises(Unanswered):
        call("GetItem", {})
    assert call("GetItem", {}) == {}


@pytest.mark.attack("flt-01")
def test_nobody_listening_is_no_answer() -> None:
    with pytest.raises(Unanswered, match="ConnectionRefusedError"):
        HttpCall("eu-central-1", f"http://127.0.0.1:{free_port()}")("GetItem", {})


@pytest.mark.attack("flt-01")
def test_a_service_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vestibule.adapters.dynamodb_http.EMULATOR_SECONDS", (1, 0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unanswered, match="TimeoutError"):
        HttpCall("eu-central-1", f"http://127.0.0.1:{silent.getsockname()[1]}")("GetItem", {})


# --- which transport --------------------------------------------------------------------------------------------


def on_lambda(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    for name in LEFT_TO_BOTOCORE:
        monkeypatch.delenv(name, raising=False)
    for name, value in (LAMBDA | changed).items():
        monkeypatch.setenv(name, value)


def test_functions_and_emulators_need_no_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(transport("eu-central-1", "http://127.0.0.1:8000"), HttpCall)
    assert isinstance(transport("eu-central-1", None), BotoCall)  # profiles and their like are its business
    on_lambda(monkeypatch)
    assert isinstance(transport(None, None), HttpCall)


@pytest.mark.parametrize(
    "changed",
    [
        {"AWS_REGION": "us-iso-east-1"},
        {"AWS_REGION": "eusc-de-east-1"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
        {"HTTPS_PROXY": "http://proxy.example.org:3128"},
        {"AWS_CA_BUNDLE": "/etc/ca.pem"},
    ],
)
def test_what_needs_more_than_a_plain_address_is_left_to_botocore(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str]
) -> None:
    on_lambda(monkeypatch, **changed)
    assert not reachable()


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "dynamodb.eu-central-1.amazonaws.com"),
        ("cn-north-1", "dynamodb.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "dynamodb.us-gov-west-1.amazonaws.com"),
    ],
)
def test_a_service_is_called_by_tls_at_the_host_that_botocore_names(
    monkeypatch: pytest.MonkeyPatch, region: str, host: str
) -> None:
    on_lambda(monkeypatch, AWS_REGION=region)
    call = HttpCall()
    assert call._table._url.geturl() == f"https://{host}"  # nobody can be called there from here
    boto = BotoCall(region)
    assert boto.client().meta.endpoint_url == f"https://{host}"
    boto.close()


# --- other services ---------------------------------------------------------------------------------------------


def test_functions_publish_and_read_secrets_that_way(monkeypatch: pytest.MonkeyPatch, service: Service) -> None:
    on_lambda(monkeypatch, AWS_ENDPOINT_URL=service.url)
    for name, operation in [("events", "put_events"), ("sqs", "change_message_visibility"), ("ssm", "get_parameter")]:
        with closing(AwsService(name)) as aws:
            assert aws.call(operation, Name="n") == {}
    targets = [headers["x-amz-target"] for headers, _ in service.asked]
    assert targets == ["AWSEvents.PutEvents", "AmazonSQS.ChangeMessageVisibility", "AmazonSSM.GetParameter"]
    assert [headers["x-amz-security-token"] for headers, _ in service.asked] == ["token"] * 3


def test_their_errors_have_names_too(monkeypatch: pytest.MonkeyPatch, service: Service) -> None:
    on_lambda(monkeypatch, AWS_ENDPOINT_URL_SECRETS_MANAGER=service.url)
    service.status, service.body = 400, b'{"__type":"ResourceNotFoundException","Message":"no such secret"}'
    with pytest.raises(AwsRefused, match="ResourceNotFoundException"):
        secrets_manager.read("s")
    service.status, service.body = 200, b'{"SecretString": "text"}'
    assert secrets_manager.read("s") == "text"
    assert [asked for _, asked in service.asked] == [{"SecretId": "s"}] * 2


@pytest.mark.parametrize("trouble", [(200, b"<html>"), (400, b'{"__type":"ThrottlingException"}'), (503, b"{}")])
def test_a_secret_is_asked_for_again_where_trouble_passes(
    monkeypatch: pytest.MonkeyPatch, service: Service, trouble: tuple[int, bytes]
) -> None:
    on_lambda(monkeypatch, AWS_ENDPOINT_URL_SECRETS_MANAGER=service.url)
    service.status, service.body = trouble
    pauses: list[float] = []
    with pytest.raises((AwsRefused, AwsUnanswered)):
        secrets_manager.read("s", pauses.append)
    assert len(service.asked) == 3
    assert len(pauses) == 2

    def mended(_: float) -> None:
        service.status, service.body = 200, b'{"SecretString": "text"}'

    assert secrets_manager.read("s", mended) == "text"
