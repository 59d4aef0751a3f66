"""The one seam to DynamoDB, and its retries: the same whatever transport stands behind it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from vestibule.adapters.dynamodb_values import Document
from vestibule.ports import ItemTooLarge, StoreUnavailable

Call = Callable[[str, Document], Document]
"""call(operation, document) → document, one attempt: `call("GetItem", {"TableName": …, "Key": …})`.

Operations of DynamoDB and of DynamoDB Streams. Safe under threads. Raises Refused, Unanswered.
"""

STREAM_OPERATIONS = frozenset({"DescribeStream", "GetShardIterator", "GetRecords"})

SECONDS, EMULATOR_SECONDS = (1, 4), (5, 30)
"""Until it is connected, and until it answers. An emulator shares a machine with its callers: it is slow, not away."""

Pause = Callable[[float], None]
"""Waits so many seconds."""


class Refused(Exception):
    """DynamoDB answered with an error. `document` has its fields, e.g. `CancellationReasons` or `Item`."""

    def __init__(self, code: str, message: str, document: Document) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.document = document

    @property
    def reasons(self) -> list[Document]:
        """Why a transaction was cancelled, one a write: `Code`, `Item`, `Message`."""
        return self.document.get("CancellationReasons") or []


class Unanswered(Exception):
    """No answer came: refused connection, time-out, lost connection. The call may have been applied."""


def is_emulator(endpoint: str | None) -> bool:
    return endpoint is not None and endpoint.startswith("http:")


CONFLICT, THROTTLED, BROKEN, LOST = "conflict", "throttled", "broken", "lost"

RETRIES = {CONFLICT: 10, THROTTLED: 2, BROKEN: 2, LOST: 2}
"""What passes by itself → how often it is tried again: seldom where the store has too much to do already."""

SENTENCES = {
    CONFLICT: "other writers keep hold of the item",
    THROTTLED: "it throttles",
    BROKEN: "it answers with errors of its own",
    LOST: "no answer came",
}

TROUBLES = {
    "TransactionConflictException": CONFLICT,
    "TransactionInProgressException": CONFLICT,
    "ReplicatedWriteConflictException": CONFLICT,
    "TransactionConflict": CONFLICT,
    "ProvisionedThroughputExceededException": THROTTLED,
    "ProvisionedThroughputExceeded": THROTTLED,
    "ThrottlingException": THROTTLED,
    "ThrottlingError": THROTTLED,
    "RequestLimitExceeded": THROTTLED,
    "InternalServerError": BROKEN,
    "InternalFailure": BROKEN,
    "ServiceUnavailable": BROKEN,
    "ServiceUnavailableException": BROKEN,
}
"""Error codes, and codes of cancellation reasons."""

CONDITION_FAILED = ("ConditionalCheckFailedException", "ConditionalCheckFailed")
CANCELLED = "TransactionCanceledException"
ANSWERS = (
    *(CONDITION_FAILED[0], CANCELLED, "ResourceInUseException"),
    *("ExpiredIteratorException", "TrimmedDataAccessException"),
)
"""Errors that say something to the caller, who gets them as Refused."""

PAUSE_SECONDS = 0.025
LONGEST_PAUSE_SECONDS = 1.0


def back_off(attempt: int, pause: Pause) -> None:
    """Wait before attempt number `attempt` (from 1): at random up to a doubling limit ("full jitter")."""
    pause(random.uniform(0, min(LONGEST_PAUSE_SECONDS, PAUSE_SECONDS * 2**attempt)))  # noqa: S311 no secret


def retrying(call: Call, pause: Pause = time.sleep) -> Call:
    """A Call that sends the same document again while the trouble may pass.

    Raises StoreUnavailable when it does not, ItemTooLarge, ValueError for a request that DynamoDB calls invalid, and
    Refused only with one of ANSWERS.
    """

    def retried(operation: str, document: Document) -> Document:
        attempts = dict.fromkeys(RETRIES, 0)
        while True:
            try:
                return call(operation, document)
            except Unanswered as error:
                trouble, cause = LOST, error
            except Refused as error:
                trouble, cause = _trouble(error), error
                if trouble is None:
                    raise _final(operation, error) from error
            if attempts[trouble] == RETRIES[trouble]:
                raise StoreUnavailable(f"DynamoDB's {operation} did not succeed: {SENTENCES[trouble]}") from cause
            attempts[trouble] += 1
            back_off(attempts[trouble], pause)

    return retried


def _trouble(error: Refused) -> str | None:
    """What passes by itself; a cancelled transaction does unless a condition failed or a write was invalid."""
    if error.code != CANCELLED:
        return TROUBLES.get(error.code)
    codes = {reason.get("Code", "None") for reason in error.reasons} - {"None"}
    troubles = {TROUBLES.get(code) for code in codes}
    return None if None in troubles else next(iter(troubles), None)


def _final(operation: str, error: Refused) -> Exception:
    invalid = [reason.get("Message", "") for reason in error.reasons if reason.get("Code") == "ValidationError"]
    if error.code == "ValidationException":
        invalid = [error.message]
    if invalid:
        return _invalid(invalid[0])
    if error.code in ANSWERS:
        return error
    if error.code == "ResourceNotFoundException":
        return StoreUnavailable("the DynamoDB table does not exist: check its name, the region and the endpoint")
    return StoreUnavailable(f"DynamoDB refuses {operation}: {error.code}")


def _invalid(message: str) -> Exception:
    words = message.lower()
    if "size" in words and ("exceed" in words or "maximum" in words):
        return ItemTooLarge(message)
    return ValueError(message)
