"""Events as API Gateway shapes them (payload format 2.0), and answers as it reads them."""

import base64
from datetime import UTC, datetime

import pytest

from vestibule.local import event
from vestibule.local.event import BadResult, HttpRequest
from vestibule.local.routes import Function, Match, Route

FUNCTION = Function("Any", code=None, handler="app.handler", environment={})


def request(**changes):
    values = {
        "api": "public",
        "method": "POST",
        "path": "/my/path",
        "query": "parameter1=value1&parameter1=value2&parameter2=value",
        "headers": (
            ("host", "id.example.com"),
            ("header1", "value1"),
            ("header2", "value1"),
            ("header2", "value2"),
            ("cookie", "cookie1=a; cookie2=b"),
            ("cookie", "cookie3=c"),
            ("user-agent", "agent"),
        ),
        "body": b"Hello from Lambda",
        "source_ip": "192.0.2.1",
        "protocol": "HTTP/1.1",
        "request_id": "id",
        "at": datetime(2020, 3, 12, 19, 3, 58, 390_000, tzinfo=UTC),
    }
    return HttpRequest(**{**values, **changes})


def match(path="$default", **parameters):
    return Match(Route("public", "POST", path, FUNCTION), parameters)


def test_the_event_has_the_documented_members():
    assert event.from_request(request(), match("/my/{parameter1}", parameter1="path")) == {
        "version": "2.0",
        "routeKey": "POST /my/{parameter1}",
        "rawPath": "/my/path",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
        "cookies": ["cookie1=a", "cookie2=b", "cookie3=c"],
        "headers": {
            "host": "id.example.com",
            "header1": "value1",
            "header2": "value1,value2",
            "user-agent": "agent",
        },
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "public",
            "domainName": "id.example.com",
            "domainPrefix": "id",
            "http": {
                "method": "POST",
                "path": "/my/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "agent",
            },
            "requestId": "id",
            "routeKey": "POST /my/{parameter1}",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1584039838390,
        },
        "body": "Hello from Lambda",
        "pathParameters": {"parameter1": "path"},
        "isBase64Encoded": False,
    }


def test_what_a_request_does_not_have_is_left_out():
    made = event.from_request(request(query="", headers=(), body=b""), match())
    assert not {"cookies", "queryStringParameters", "pathParameters", "body", "stageVariables"} & made.keys()
    assert made["routeKey"] == "$default"


def test_the_path_is_decoded_and_the_query_is_not():
    made = event.from_request(request(path="/a%2Fb%20c", query="q=a%26b&empty=&flag"), match())
    assert made["rawPath"] == "/a/b c"
    assert made["rawQueryString"] == "q=a%26b&empty=&flag"
    assert made["queryStringParameters"] == {"q": "a&b", "empty": "", "flag": ""}


@pytest.mark.parametrize(
    ("kind", "body", "encoded"),
    [
        ("application/json", b'{"a": "\xc3\xa4"}', False),
        ("Application/JSON; charset=utf-8", b"{}", False),
        ("text/plain", b"text", False),
        ("", b"text", False),
        ("application/x-www-form-urlencoded", b"a=b", True),
        ("application/octet-stream", b"\x00\xff", True),
        ("application/json", b'"\xff"', True),
    ],
)
def test_a_body_that_is_no_text_is_base64(kind, body, encoded):
    made = event.from_request(request(headers=(("content-type", kind),), body=body), match())
    assert made["isBase64Encoded"] is encoded
    sent = base64.b64decode(made["body"]) if encoded else made["body"].encode()
    assert sent == body


def test_a_full_answer_is_passed_on():
    answer = event.to_response(
        {
            "statusCode": 303,
            "headers": {"Location": "/x", "Content-Length": "99", "X-Count": 3},
            "multiValueHeaders": {"x-ignored": ["1"]},
            "cookies": ["a=1; HttpOnly", "b=2"],
            "body": "",
        }
    )
    assert answer.status == 303
    assert answer.headers == (
        ("location", "/x"),
        ("x-count", "3"),
        ("set-cookie", "a=1; HttpOnly"),
        ("set-cookie", "b=2"),
    )
    assert answer.body == b""


def test_a_base64_body_is_decoded():
    body = base64.b64encode(b"\x00\xff").decode()
    headers = {"content-type": "image/png"}
    answer = event.to_response({"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": True})
    assert (answer.body, answer.headers) == (b"\x00\xff", (("content-type", "image/png"),))


def test_a_body_without_a_type_is_text():
    answer = event.to_response({"statusCode": 200, "body": "hé"})
    assert (answer.body, answer.headers) == ("hé".encode(), (("content-type", "text/plain;charset=UTF-8"),))


@pytest.mark.parametrize(
    ("result", "body"),
    [({"message": "hi"}, b'{"message": "hi"}'), ("hi", b"hi"), ([1], b"[1]"), (None, b"null")],
)
def test_a_result_without_a_status_is_the_json_body_of_a_200(result, body):
    answer = event.to_response(result)
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers == (("content-type", "application/json"),)


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "ok"},
        {"statusCode": 999},
        {"statusCode": None},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "?", "isBase64Encoded": True},
        {"statusCode": 200, "headers": {"a": "b\r\nc: d"}},
        {"statusCode": 200, "headers": {"a": ["b"]}},
        {"statusCode": 200, "cookies": ["a=b\n"]},
        object(),
    ],
)
def test_an_answer_that_api_gateway_would_not_take_is_refused(result):
    with pytest.raises(BadResult):
        event.to_response(result)
