"""Our signatures are botocore's."""

from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import get_current_datetime
from botocore.credentials import Credentials as BotoCredentials

from vestibule.adapters.signature_v4 import Credentials, Signer

AT = datetime(2026, 3, 1, 23, 59, 58, tzinfo=UTC)
NEXT_DAY = datetime(2026, 3, 2, 0, 0, 1, tzinfo=UTC)
HEADERS = {
    "content-type": "application/x-amz-json-1.0",
    "host": "dynamodb.eu-central-1.amazonaws.com",
    "x-amz-target": "DynamoDB_20120810.GetItem",
}


def by_botocore(at, body, token, monkeypatch):
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: at.replace(tzinfo=None))
    request = AWSRequest("POST", f"https://{HEADERS['host']}/", headers=dict(HEADERS), data=body)
    SigV4Auth(BotoCredentials("AKIDEXAMPLE", "secret", token), "dynamodb", "eu-central-1").add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@pytest.mark.parametrize("token", ["", "session-token"])
@pytest.mark.parametrize("body", [b"{}", '{"N": "ü"}'.encode(), b"x" * 100_000])
def test_a_signature_is_that_of_botocore(token, body, monkeypatch):
    signer = Signer(Credentials("AKIDEXAMPLE", "secret", token), "eu-central-1", "dynamodb")
    for at in (AT, NEXT_DAY, AT):  # the key is another each day
        assert signer.signed(HEADERS, body, at.timestamp()) == by_botocore(at, body, token or None, monkeypatch)


def test_what_signs_is_never_printed():
    assert "secret" not in repr(Credentials("AKIDEXAMPLE", "secret", "token"))


def test_botocore_still_takes_the_time_from_where_the_test_sets_it():
    assert get_current_datetime().year >= 2026
