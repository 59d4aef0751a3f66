"""Calls with their retries, redirects and deadline. Contract 02 §4.3."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from msgspec.structs import replace

from vestibule.hooks.web_hook.request import Call
from vestibule.ports import WebResponse, WebTimeout, WebUnreachable
from vestibule.services import Services

ATTEMPT_SECONDS = 30.0
STEP_SECONDS = 25.0
"""What a step of a flow may take with all its hooks: API Gateway gives up after 30 s, and answers something else."""

_WAITS = (1.0, 2.0)
"""Seconds in front of the second and the third attempt."""

_REDIRECTS = 10
_AS_GET = frozenset({301, 302, 303})
_AS_IT_IS = frozenset({307, 308})
_NOT_IMPLEMENTED = 501
_TOO_MANY = 429
_LATER = frozenset({_TOO_MANY, 503})
_REQUEST_ID = "Ory-Webhook-Request-ID"
_TRIGGER_ID = "Ory-Webhook-Trigger-ID"


def call(wanted: Call, deadline: float, svc: Services, *, named: bool) -> WebResponse:
    """The answer of the last attempt. `deadline` is on `svc.pace`; `named`: tell the ids of trigger and attempts.

    Raises WebUnreachable, WebTimeout (also when the deadline is over before the first attempt).
    """
    trigger = {_TRIGGER_ID: svc.random.uuid4()} if named else {}
    for wait in (*_WAITS, None):
        ids = {_REQUEST_ID: svc.random.uuid4(), **trigger} if named else {}
        try:
            answer = _attempt(replace(wanted, headers={**wanted.headers, **ids}), deadline, svc)
        except WebTimeout:
            raise
        except WebUnreachable:
            if wait is None or not _waited(wait, deadline, svc):
                raise
            continue
        if wait is None or not is_failure(answer.status):
            return answer
        if not _waited(_asked_wait(answer, wait), deadline, svc):
            return answer
    raise AssertionError("the last attempt returns or raises")


def is_failure(status: int) -> bool:
    """Whether another attempt may help."""
    return status == _TOO_MANY or (status >= 500 and status != _NOT_IMPLEMENTED)


def _attempt(wanted: Call, deadline: float, svc: Services) -> WebResponse:
    """One attempt, with the redirects it leads to."""
    for _ in range(_REDIRECTS):
        answer = _request(wanted, deadline, svc)
        location = _header(answer.headers, "location")
        if not location or answer.status not in _AS_GET | _AS_IT_IS:
            return answer
        target = urljoin(wanted.url, location)
        if urlsplit(target).netloc != urlsplit(wanted.url).netloc:
            wanted = wanted.to_stranger()
        if answer.status in _AS_GET and wanted.method not in ("GET", "HEAD"):
            wanted = wanted.without_body()
        wanted = replace(wanted, url=target)
    raise WebUnreachable("too many redirects")


def _request(wanted: Call, deadline: float, svc: Services) -> WebResponse:
    left = deadline - svc.pace.now()
    if left <= 0:
        raise WebTimeout("the step has taken too long already")
    return svc.web.request(
        wanted.method, wanted.url, headers=wanted.headers, body=wanted.body, timeout=min(left, ATTEMPT_SECONDS)
    )


def _asked_wait(answer: WebResponse, wait: float) -> float:
    """As long as the target says, in seconds; a date or nonsense counts as nothing."""
    after = _header(answer.headers, "retry-after").strip()
    return float(after) if answer.status in _LATER and after.isascii() and after.isdigit() else wait


def _waited(seconds: float, deadline: float, svc: Services) -> bool:
    """Whether there was time for it."""
    if svc.pace.now() + seconds >= deadline:
        return False
    svc.pace.pause(seconds)
    return True


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")
