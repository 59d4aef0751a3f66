"""Calls with their signatures, retries, redirects and deadline. Contract 02 §4.3."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from vestibule.domain.record import Unprinted
from vestibule.hooks.web_hook.request import Call, CannotCall
from vestibule.ports import WebResponse, WebTimeout, WebUnreachable
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.hooks import WebHookConfig
    from vestibule.config.methods import MigrateHookConfig

ATTEMPT_SECONDS = 30.0
ANSWER_LIMIT = 5 * 1024 * 1024
STEP_SECONDS = 25.0
"""What a step of a flow may take with all its hooks: API Gateway gives up after 30 s, and answers something else."""

_REDIRECTS = 10
_AS_GET = frozenset({301, 302, 303})
_AS_IT_IS = frozenset({307, 308})
_NOT_IMPLEMENTED = 501
_TOO_MANY = 429
_LATER = frozenset({_TOO_MANY, 503})
_REQUEST_ID = "Ory-Webhook-Request-ID"
_TRIGGER_ID = "Ory-Webhook-Trigger-ID"


class Policy(Struct, frozen=True):
    """Seconds, and how many attempts there are at most. Each wait is twice the one before, up to `longest_wait`.

    `limit`: bytes of an answer.
    """

    timeout: float = ATTEMPT_SECONDS
    attempts: int = 3
    wait: float = 1.0
    longest_wait: float = 30.0
    limit: int = ANSWER_LIMIT


AS_KRATOS = Policy()


def policy(config: WebHookConfig | MigrateHookConfig, *, limit: int = ANSWER_LIMIT) -> Policy:
    retry = config.retry
    return Policy(config.timeout.total_seconds(), retry.attempts, retry.wait.total_seconds(), limit=limit)


class Attempt(Unprinted, frozen=True):
    """One attempt as it went. `answer` is None where there was none; `error` says why in a word."""

    at: datetime
    seconds: float
    call: Call
    answer: WebResponse | None
    error: str = ""


def call(
    wanted: Call,
    deadline: float,
    svc: Services,
    *,
    named: bool,
    event_id: str = "",
    policy: Policy = AS_KRATOS,
    attempts: list[Attempt] | None = None,
) -> WebResponse:
    """The answer of the last attempt. `deadline` is on `svc.pace`; `named`: tell Kratos's ids of trigger and attempts.

    `event_id` is what receivers tell repeats by, an own one where there is none. Each attempt is added to `attempts`.
    Raises WebUnreachable, WebTimeout (also when the deadline is over before the first attempt), and where nothing can
    be signed CannotCall, SecretUnavailable.
    """
    signed = replace(wanted, event_id=event_id or f"evt_{svc.random.bytes(16).hex()}")
    trigger = {_TRIGGER_ID: svc.random.uuid4()} if named else {}
    for number in range(1, policy.attempts + 1):
        ids = {_REQUEST_ID: svc.random.uuid4(), **trigger} if named else {}
        trying = replace(signed, headers={**wanted.headers, **ids})
        wait = min(policy.wait * 2 ** (number - 1), policy.longest_wait) if number < policy.attempts else None
        try:
            end = min(deadline, svc.pace.now() + policy.timeout)
            answer = _noted(trying, end, policy.limit, svc, attempts)
        except WebTimeout:
            raise
        except WebUnreachable:
            if wait is None or not _waited(wait, deadline, svc):
                raise
            continue
        if wait is None or not is_failure(answer.status):
            return answer
        if not _waited(asked_wait(answer, wait, svc), deadline, svc):
            return answer
    raise AssertionError("the last attempt returns or raises")


def _noted(wanted: Call, end: float, limit: int, svc: Services, attempts: list[Attempt] | None) -> WebResponse:
    at, started = svc.clock.now(), svc.pace.now()
    answer, error = None, ""
    try:
        answer = _attempt(wanted, end, limit, svc)
    except WebTimeout:
        error = "timeout"
        raise
    except WebUnreachable:
        error = "unreachable"
        raise
    else:
        return answer
    finally:
        if attempts is not None:
            attempts.append(Attempt(at, svc.pace.now() - started, wanted, answer, error))


def is_failure(status: int) -> bool:
    """Whether another attempt may help."""
    return status == _TOO_MANY or (status >= 500 and status != _NOT_IMPLEMENTED)


def _attempt(wanted: Call, end: float, limit: int, svc: Services) -> WebResponse:
    """One attempt, with the redirects it leads to."""
    for _ in range(_REDIRECTS):
        answer = _request(wanted, end, limit, svc)
        location = _header(answer.headers, "location")
        if not location or answer.status not in _AS_GET | _AS_IT_IS:
            return answer
        try:
            target = urljoin(wanted.url, location)
            elsewhere = _origin(target) != _origin(wanted.url)
        except ValueError:
            raise WebUnreachable("it leads to what is no address") from None
        if elsewhere:
            wanted = wanted.to_stranger()
        if answer.status in _AS_GET and wanted.method not in ("GET", "HEAD"):
            wanted = wanted.without_body()
        wanted = replace(wanted, url=target)
    raise WebUnreachable("too many redirects")


def _request(wanted: Call, end: float, limit: int, svc: Services) -> WebResponse:
    left = end - svc.pace.now()
    if left <= 0:
        raise WebTimeout("the step has taken too long already")
    try:
        proof = svc.signer.headers(wanted.event_id, wanted.url, wanted.body or b"", svc.clock.now())
    except ValueError as wrong:  # a secret that stands elsewhere is none
        raise CannotCall(str(wrong)) from None
    headers = {name: value for name, value in wanted.headers.items() if name.lower() not in proof} | proof
    return svc.web.request(wanted.method, wanted.url, headers=headers, body=wanted.body, timeout=left, limit=limit)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def asked_wait(answer: WebResponse, wait: float, svc: Services) -> float:
    """As long as the target says, in seconds or by a date; nonsense counts as nothing."""
    after = _header(answer.headers, "retry-after").strip()
    if answer.status not in _LATER or not after:
        return wait
    if after.isascii() and after.isdigit():
        return float(after[:9])
    try:
        date = parsedate_to_datetime(after)
    except ValueError:
        return wait
    return max((date.replace(tzinfo=date.tzinfo or UTC) - svc.clock.now()).total_seconds(), 0.0)


def _waited(seconds: float, deadline: float, svc: Services) -> bool:
    """Whether there was time for it."""
    if svc.pace.now() + seconds >= deadline:
        return False
    svc.pace.pause(seconds)
    return True


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")
