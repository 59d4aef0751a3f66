"""Broken preconditions, as exceptions: one class a wire error. Contract 04 §4 and §5.

FlowError
├── BadRequest 400              ├── Unauthorized 401           ├── Forbidden 403
│   ├── SessionAlreadyAvailable │   ├── NoSession (no id)      │   ├── CsrfViolation
│   ├── ReturnToForbidden       │   ├── SessionInactive        │   ├── IdentityMismatch
│   └── FlowDisabled            │   └── Aal1Required           │   ├── Aal2Required
                                                               │   └── RefreshRequired
│                               │                              │   ├── AddressNotVerified
                                                               │   └── FlowRefused
├── NotFound 404                ├── Conflict 409               ├── Gone 410 ── FlowExpired, FlowReplaced
├── UnsupportedMediaType 415    ├── TooManyRequests 429        ├── InternalError 500 ── Misconfigured, HookUnusable
                                                               └── BadGateway 502 ── UpstreamFailed / GatewayTimeout 504
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, ClassVar

from vestibule.domain.json import Json
from vestibule.domain.outcome import UNCHANGED, CookieChanges

_MESSAGES: Mapping[int, str] = {
    400: "The request is malformed or holds a value that cannot be used",
    401: "The request comes without a valid session or credential",
    403: "The request is understood, but not allowed",
    404: "What was asked for does not exist",
    409: "The change contradicts what is stored",
    410: "What was asked for is no longer available",
    413: "The request is too large",
    415: "The request's content type is not supported here",
    422: "The request has to be continued in a browser",
    429: "Too many attempts; try again later",
    500: "Something went wrong on our side",
    502: "Another service did not answer as it should",
    503: "The service cannot answer right now; try again soon",
    504: "Another service did not answer in time",
}


class FlowError(Exception):
    """Base of every error that has an answer on the wire.

    `details` go into the error object, `beside` next to it (`redirect_browser_to`, `use_flow_id` …). Browsers are
    sent to the error page, or to `browser_location` where one is given, with `browser_status`.
    """

    status: ClassVar[int] = 500
    id: ClassVar[str | None] = None

    def __init__(
        self,
        reason: str | None = None,
        *,
        details: Mapping[str, Any] | None = None,
        beside: Mapping[str, Any] | None = None,
        browser_location: str | None = None,
        browser_status: int = 303,
        cookies: CookieChanges = UNCHANGED,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reason or _MESSAGES[self.status])
        self.reason = reason
        self.details = dict(details or {})
        self.beside = dict(beside or {})
        self.browser_location = browser_location
        self.browser_status = browser_status
        self.cookies = cookies
        self.headers = dict(headers or {})

    def to_wire(self) -> Json:
        """The error object itself, as the error page stores it too."""
        wire: Json = {
            "code": self.status,
            "status": HTTPStatus(self.status).phrase,
            "message": _MESSAGES[self.status],
        }
        if self.id:
            wire["id"] = self.id
        if self.reason:
            wire["reason"] = self.reason
        if self.details:
            wire["details"] = self.details
        return wire


class BadRequest(FlowError):
    status = 400


class SessionAlreadyAvailable(BadRequest):
    """Somebody is signed in where nobody may be."""

    id = "session_already_available"


class ReturnToForbidden(BadRequest):
    id = "self_service_flow_return_to_forbidden"


class FlowDisabled(BadRequest):
    id = "self_service_flow_disabled"


class Unauthorized(FlowError):
    status = 401


class NoSession(Unauthorized):
    """whoami's refusal: it has no id."""


class SessionInactive(Unauthorized):
    id = "session_inactive"


class Aal1Required(Unauthorized):
    """A second factor was asked for before the first."""

    id = "session_aal1_required"


class Forbidden(FlowError):
    status = 403


class CsrfViolation(Forbidden):
    id = "security_csrf_violation"


class IdentityMismatch(Forbidden):
    id = "security_identity_mismatch"


class Aal2Required(Forbidden):
    id = "session_aal2_required"


class RefreshRequired(Forbidden):
    """The session is too old for what was asked: sign in once more."""

    id = "session_refresh_required"


class AddressNotVerified(Forbidden):
    """No session before an address is verified. The wire's error object has another code than the answer (✔run)."""

    id = "session_verified_address_required"

    def to_wire(self) -> Json:
        return super().to_wire() | {"code": 400, "status": HTTPStatus(400).phrase, "message": _MESSAGES[400]}


class NotFound(FlowError):
    status = 404


class FlowRefused(Forbidden):
    """A hook that runs before the flow does not let it begin; `details.messages` say why."""

    id = "self_service_flow_refused"


class Conflict(FlowError):
    status = 409


class Gone(FlowError):
    status = 410


class FlowExpired(Gone):
    id = "self_service_flow_expired"


class FlowReplaced(Gone):
    """The flow cannot go on; another one was opened in its place."""

    id = "self_service_flow_replaced"


class LocationChangeRequired(FlowError):
    """Only a browser can go on, at `redirect_browser_to`."""

    status = 422
    id = "browser_location_change_required"

    def to_wire(self) -> Json:
        # The phrase of the contract: Python 3.13 has another one for this status.
        return super().to_wire() | {"status": "Unprocessable Entity"}


class TooLarge(FlowError):
    status = 413


class UnsupportedMediaType(FlowError):
    status = 415


class TooManyRequests(FlowError):
    """`retry_after` becomes the Retry-After header, in whole seconds."""

    status = 429

    def __init__(self, reason: str, *, retry_after: timedelta) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class InternalError(FlowError):
    status = 500


class Misconfigured(InternalError):
    """The configuration asks for what cannot be done for this identity."""

    id = "invalid_configuration"


class HookUnusable(InternalError):
    """A hook cannot run as it is configured. No reason on the wire: whoever asks can do nothing about it."""


class HookUnusableAtSubmit(HookUnusable):
    """The same where a form was submitted: the answer's status is another one than the error object's (✔run)."""

    status = 400

    def to_wire(self) -> Json:
        return super().to_wire() | {"code": 500, "status": HTTPStatus(500).phrase, "message": _MESSAGES[500]}


class BadGateway(FlowError):
    status = 502


class UpstreamFailed(BadGateway):
    """A provider that people sign in at did not do its part: it is down, slow, or answers nonsense."""

    id = "upstream_error"


class ServiceUnavailable(FlowError):
    status = 503


class GatewayTimeout(FlowError):
    status = 504
