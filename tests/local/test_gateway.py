"""The gateway as an ASGI application: which handler is called, what is refused, what is logged."""

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from vestibule.local import doors, gateway
from vestibule.local.gateway import Gateway
from vestibule.local.routes import Function, Route, Router

PUBLIC, ADMIN = 4433, 4434


def echo(event, context):
    return {"event": event, "context": {"function": context.function_name, "request": context.aws_request_id}}


def crash(event, context):
    raise ValueError("a secret of the caller")


def cookies(event, context):
    return {"statusCode": 204, "cookies": ["a=1; Path=/", "b=2"], "headers": {"x-one": "1"}}


def binary(event, context):
    return {"statusCode": 200, "headers": {"content-type": "image/gif"}, "body": "AP8=", "isBase64Encoded": True}


def malformed(event, context):
    return {"statusCode": "?"}


HANDLERS = {"Echo": echo, "Crash": crash, "Cookies": cookies, "Binary": binary, "Malformed": malformed}
ROUTES = [
    ("public", "ANY", "/echo/{id}", "Echo"),
    ("admin", "GET", "/echo/{id}", "Echo"),
    ("public", "GET", "/crash", "Crash"),
    ("public", "GET", "/cookies", "Cookies"),
    ("public", "GET", "/binary", "Binary"),
    ("public", "GET", "/malformed", "Malformed"),
]


@pytest.fixture
def ask():
    """Send one request: `ask("GET", "/path", port=…, dev=…, **httpx arguments)`."""

    def send(method, path, *, port=PUBLIC, dev=False, handlers=HANDLERS, **more):
        listed = [
            Route(api, verb, pattern, Function(name, code=None, handler="app.handler", environment={}))
            for api, verb, pattern, name in ROUTES
        ]
        app = Gateway(Router(listed), handlers, {PUBLIC: "public", ADMIN: "admin"}, dev=dev)

        async def run():
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://id.test:{port}") as client:
                return await client.request(method, path, **more)

        try:
            with ThreadPoolExecutor(1) as thread:  # a loop of its own: the browser tests keep one in this thread
                return thread.submit(lambda: asyncio.run(run())).result()
        finally:
            app.close()

    return send


def test_the_handler_gets_the_request_as_an_event(ask):
    answer = ask("POST", "/echo/a%2Fb?x=1&x=2", json={"a": "ä"}, headers={"X-Thing": "1", "Cookie": "c=1; d=2"})
    seen = answer.json()
    event = seen["event"]
    assert answer.status_code == 200
    assert (event["routeKey"], event["pathParameters"]) == ("ANY /echo/{id}", {"id": "a/b"})
    assert event["rawQueryString"] == "x=1&x=2"
    assert json.loads(event["body"]) == {"a": "ä"}
    assert event["cookies"] == ["c=1", "d=2"]
    assert event["headers"]["x-thing"] == "1"
    assert event["requestContext"]["apiId"] == "public"
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert seen["context"] == {"function": "Echo", "request": answer.headers["apigw-requestid"]}
    assert event["requestContext"]["requestId"] == answer.headers["apigw-requestid"]


def test_the_port_decides_which_api_is_asked(ask):
    assert ask("GET", "/echo/1", port=ADMIN).json()["event"]["requestContext"]["apiId"] == "admin"
    assert ask("GET", "/crash", port=ADMIN).status_code == 404


def test_an_unknown_route_is_answered_as_api_gateway_does(ask):
    answer = ask("GET", "/nowhere")
    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})


def test_each_cookie_has_its_own_header_and_an_empty_answer_no_length(ask):
    answer = ask("GET", "/cookies")
    assert answer.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2"]
    assert answer.status_code == 204
    assert "content-length" not in answer.headers
    assert "content-type" not in answer.headers


def test_a_binary_answer_is_decoded(ask):
    assert ask("GET", "/binary").content == b"\x00\xff"


@pytest.mark.parametrize("path", ["/crash", "/malformed"])
def test_a_crash_is_a_500_that_says_nothing(ask, path):
    answer = ask("GET", path)
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})


def test_a_crash_is_logged_with_the_request_id_and_without_the_error_text(ask, caplog):
    caplog.set_level(logging.INFO, "vestibule.local")
    request_id = ask("GET", "/crash").headers["apigw-requestid"]
    assert caplog.records[0].getMessage() == f"Crash crashed: ValueError {request_id}"
    assert "secret" not in caplog.text


def test_a_crash_shows_its_traceback_to_developers(ask, caplog):
    ask("GET", "/crash", dev=True)
    assert "a secret of the caller" in caplog.text


def test_a_request_is_one_log_line_without_query_and_body(ask, caplog):
    caplog.set_level(logging.INFO, "vestibule.local")
    answer = ask("POST", "/echo/a%0Ab?code=123456&token=t0k3n", json={"password": "pa55"})
    (record,) = caplog.records
    line = record.getMessage()
    assert line.startswith("public POST /echo/a%0Ab 200 ")
    assert line.endswith(f"ms {answer.headers['apigw-requestid']}")
    assert not any(word in line for word in ("123456", "t0k3n", "pa55", "code", "?"))


def test_a_body_up_to_the_limit_is_taken_and_one_above_refused(ask):
    handlers = {**HANDLERS, "Echo": lambda event, context: {"size": len(event["body"])}}
    text = {"content-type": "text/plain"}
    full = ask("POST", "/echo/1", handlers=handlers, content=b"x" * gateway.BODY_LIMIT, headers=text)
    assert full.json() == {"size": gateway.BODY_LIMIT}
    over = ask("POST", "/echo/1", handlers=handlers, content=b"x" * (gateway.BODY_LIMIT + 1), headers=text)
    assert (over.status_code, over.json()) == (413, {"message": "Request Entity Too Large"})


def test_headers_above_the_limit_are_refused(ask):
    answer = ask("GET", "/echo/1", headers={"x-long": "x" * gateway.HEADER_LIMIT})
    assert answer.status_code == 431


def test_a_handler_that_takes_too_long_is_a_503(ask, monkeypatch):
    monkeypatch.setattr(gateway, "LIMIT_SECONDS", 0)
    answer = ask("GET", "/echo/1")
    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})


def test_doors_of_the_same_file_name_are_modules_of_their_own(tmp_path):
    functions = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").write_text(f"NAME = {name!r}\ndef handler(event, context): return NAME\n")
        functions.append(Function(name.title(), tmp_path / name, "app.handler", {}))
    loaded = doors.load([*functions, functions[0]])
    assert {name: handler({}, None) for name, handler in loaded.items()} == {"One": "one", "Two": "two"}


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (None, "is missing"),
        ("1/0", "ZeroDivisionError"),
        ("import gone", "gone"),
        ("", "no function"),
    ],
)
def test_a_door_that_does_not_load_is_named(tmp_path, code, says):
    if code is not None:
        (tmp_path / "app.py").write_text(code)
    with pytest.raises(doors.DoorError, match=rf"^Broken: .*app\.py.*{says}"):
        doors.load([Function("Broken", tmp_path, "app.handler", {})])


def test_the_context_counts_down():
    context = doors.Context("F", "id")
    assert 0 < context.get_remaining_time_in_millis() <= doors.LIMIT_SECONDS * 1000
    assert doors.Context("F", "id", deadline=0.0).get_remaining_time_in_millis() == 0
    assert context.invoked_function_arn.endswith(":function:F")
