"""Logs and metrics: one JSON line and one count a request, with no secret and no name in either.

Powertools is imported on Lambda only: elsewhere nobody reads EMF, and it costs every start 65 ms.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vestibule.crypto.sealing import SecretRemoved
from vestibule.domain.errors import FlowError
from vestibule.domain.outcome import FlowInvalid, Outcome, SignedIn, SignedUp
from vestibule.domain.request import Request

_FUNCTION = "AWS_LAMBDA_FUNCTION_NAME"
_ON_LAMBDA = _FUNCTION in os.environ

_log = logging.getLogger("vestibule")


@contextmanager
def request(event: Mapping[str, Any], context: Any) -> Generator[None]:
    """Around one request: its id is in every line, its metrics are written when it is answered."""
    if not _ON_LAMBDA:
        yield
        return
    from vestibule.edge import powertools  # noqa: PLC0415 (costs 65 ms, see above)

    with powertools.request(event, context):
        yield


def count(outcome: Outcome) -> None:
    """One count per outcome, by method. Nothing about who it was."""
    match outcome:
        case SignedIn(method=method):
            _count("LoginSucceeded", method)
        case SignedUp(method=method):
            _count("RegistrationSucceeded", method)
        case FlowInvalid(flow=flow, method=method, refused=True):
            _count(f"{flow.kind.capitalize()}Failed", method)
        case _:
            return


def refused(error: FlowError, request: Request) -> None:
    """A broken precondition: which one, and where; never with what."""
    _count("RequestRefused", error.id or type(error).__name__)
    _log.info("refused", extra={"error": error.id or type(error).__name__, "status": error.status, "at": request.path})


def failed(failure: Exception) -> None:
    """Something that should not happen. Its message may hold what people sent, so only type and place are logged.

    But for a removed secret: only who runs this can mend that, and the text says how.
    """
    frames = traceback.extract_tb(failure.__traceback__)[-8:]
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    _count("RequestFailed", type(failure).__name__)
    if isinstance(failure, SecretRemoved):
        _log.error("%s", failure)
        return
    _log.error("failed", extra={"error": type(failure).__name__, "places": places})


def alarming(name: str) -> None:
    """One count of this function alone, so that its stack's alarm can watch it."""
    _count(name, os.environ.get(_FUNCTION, ""), of="function")


def _count(name: str, value: str, *, of: str = "method") -> None:
    if not _ON_LAMBDA:
        return
    from vestibule.edge import powertools  # noqa: PLC0415 (costs 65 ms, see above)

    powertools.count(name, value, of=of)
