"""What DynamoDB does on bad days: throttle, leave keys unprocessed, cancel for a conflict, refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from tests.store.seams import Recording, Refusing

from vestibule.adapters.dynamodb import FRUITLESS_ROUNDS, DynamoDbTable
from vestibule.adapters.dynamodb_boto import BotoCall
from vestibule.adapters.dynamodb_call import LONGEST_PAUSE_SECONDS, RETRIES, Refused
from vestibule.ports import Absent, Item, ItemTooLarge, Put, StoreUnavailable, TransactionCancelled, Update

ITEMS: list[Item] = [{"pk": f"I#{number}", "sk": "#"} for number in range(5)]
KEYS = [(item["pk"], item["sk"]) for item in ITEMS]


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture(params=["moto", "dynamodb_local"])
def raw(request: pytest.FixtureRequest) -> tuple[str, BotoCall]:
    """A table's name and the Call to its store."""
    if request.param == "moto":
        return "test", request.getfixturevalue("moto_call")
    return request.getfixturevalue("dynamodb_local_name"), request.getfixturevalue("dynamodb_local_boto_call")


# --- unprocessed keys -----------------------------------------------------------------------------------


def serving(call: BotoCall, count: int) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """A Call that processes only so many keys of a batch at a time."""

    def partial(operation: str, document: dict[str, Any]) -> dict[str, Any]:
        if operation != "BatchGetItem":
            return call(operation, document)
        ((table, asked),) = document["RequestItems"].items()
        left = asked["Keys"][count:]
        served = {table: asked | {"Keys": asked["Keys"][:count]}}
        answer = call(operation, {"RequestItems": served}) if count else {"Responses": {}}
        return answer | {"UnprocessedKeys": {table: asked | {"Keys": left}} if left else {}}

    return partial


@pytest.mark.parametrize("count", [1, 2, 4, 5])
def test_unprocessed_keys_are_asked_for_again(raw: tuple[str, BotoCall], count: int, pauses: list[float]) -> None:
    name, call = raw
    recording = Recording(serving(call, count))
    table = DynamoDbTable(name, recording, pause=pauses.append)
    for item in ITEMS:
        table.write(Put(item))
    assert table.get([*KEYS[::-1], ("missing", "#"), KEYS[0]]) == [*ITEMS[::-1], None, ITEMS[0]]
    assert recording.operations.count("BatchGetItem") == -(-6 // count)
    assert pauses == []  # it got on


def test_keys_that_are_never_processed_make_the_store_unavailable(
    raw: tuple[str, BotoCall], pauses: list[float]
) -> None:
    name, call = raw
    with pytest.raises(StoreUnavailable, match="throttles"):
        DynamoDbTable(name, serving(call, 0), pause=pauses.append).get(KEYS)
    assert len(pauses) == FRUITLESS_ROUNDS - 1


# --- throttling -----------------------------------------------------------------------------------------


class Throttle:
    """Answers the first requests of a boto3 client in DynamoDB's place, by an event of botocore."""

    def __init__(self, call: BotoCall, times: int, code: str, status: int = 400) -> None:
        self.events = call.client().meta.events
        self.times, self.code, self.status, self.seen = times, code, status, 0

    def __enter__(self) -> Throttle:
        self.events.register("before-call.dynamodb.*", self.answer)
        return self

    def __exit__(self, *_: object) -> None:
        self.events.unregister("before-call.dynamodb.*", self.answer)

    def answer(self, **_: object) -> tuple[AWSResponse, dict[str, Any]] | None:
        self.seen += 1
        if self.seen > self.times:
            return None
        parsed = {"Error": {"Code": self.code, "Message": "slow down"}, "ResponseMetadata": {}}
        return AWSResponse("", self.status, {}, None), parsed


TROUBLES = [
    ("ProvisionedThroughputExceededException", 400, "throttled"),
    ("ThrottlingException", 400, "throttled"),
    ("RequestLimitExceeded", 400, "throttled"),
    ("InternalServerError", 500, "broken"),
    ("ServiceUnavailable", 503, "broken"),
    ("TransactionConflictException", 400, "conflict"),
    ("TransactionInProgressException", 400, "conflict"),
]


@pytest.mark.attack("flt-01")
@pytest.mark.parametrize(("code", "status", "kind"), TROUBLES)
def test_what_passes_by_itself_is_waited_for(
    raw: tuple[str, BotoCall], code: str, status: int, kind: str, pauses: list[float]
) -> None:
    name, call = raw
    table = DynamoDbTable(name, call, pause=pauses.append)
    with Throttle(call, RETRIES[kind], code, status) as throttle:
        assert table.write(Update(("I#1", "#"), add={"n": 1})) == {"pk": "I#1", "sk": "#", "n": 1}
    assert throttle.seen == 1 + RETRIES[kind]
    assert len(pauses) == RETRIES[kind]
    assert all(0 <= pause <= LONGEST_PAUSE_SECONDS for pause in pauses)


@pytest.mark.attack("flt-01")
@pytest.mark.parametrize(("code", "status", "kind"), TROUBLES)
def test_what_does_not_pass_makes_the_store_unavailable(
    raw: tuple[str, BotoCall], code: str, status: int, kind: str, pauses: list[float]
) -> None:
    name, call = raw
    table = DynamoDbTable(name, call, pause=pauses.append)
    with Throttle(call, 99, code, status) as throttle, pytest.raises(StoreUnavailable, match="did not succeed"):
        table.write(Put(ITEMS[0]))
    assert throttle.seen == 1 + RETRIES[kind]
    assert table.get([KEYS[0]]) == [None]


# --- cancelled transactions -----------------------------------------------------------------------------


def cancelled(*codes: str, message: str = "") -> Refused:
    reasons = [{"Code": code, "Message": message} for code in codes]
    return Refused("TransactionCanceledException", "cancelled", {"CancellationReasons": reasons})


TWO = [Put(ITEMS[0], (Absent(),)), Put(ITEMS[1], (Absent(),))]


@pytest.mark.attack("flt-04")
@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_transaction_cancelled_for_a_passing_reason_is_sent_again(
    raw: tuple[str, BotoCall], code: str, pauses: list[float]
) -> None:
    name, call = raw
    refusing = Refusing(call, [cancelled("None", code)] * 2)
    table = DynamoDbTable(name, refusing, pause=pauses.append)
    table.transact(TWO)
    assert table.get(KEYS[:2]) == ITEMS[:2]
    assert len(pauses) == 2


@pytest.mark.attack("flt-04")
def test_a_transaction_that_always_conflicts_makes_the_store_unavailable(
    raw: tuple[str, BotoCall], pauses: list[float]
) -> None:
    name, call = raw
    refusing = Refusing(call, [cancelled("TransactionConflict", "None")] * 99)
    with pytest.raises(StoreUnavailable, match="other writers"):
        DynamoDbTable(name, refusing, pause=pauses.append).transact(TWO)
    assert refusing.refused == 1 + RETRIES["conflict"]


@pytest.mark.attack("flt-04")
def test_a_failed_condition_beside_a_conflict_is_final(raw: tuple[str, BotoCall]) -> None:
    name, call = raw
    refusing = Refusing(call, [cancelled("TransactionConflict", "ConditionalCheckFailed")])
    with pytest.raises(TransactionCancelled) as cancellation:
        DynamoDbTable(name, refusing).transact(TWO)
    assert cancellation.value.failed == {1: None}


def test_an_invalid_write_in_a_transaction_is_final(raw: tuple[str, BotoCall]) -> None:
    name, call = raw
    too_large = cancelled(
        "ValidationError", "None", message="Item size to update has exceeded the maximum allowed size"
    )
    with pytest.raises(ItemTooLarge):
        DynamoDbTable(name, Refusing(call, [too_large])).transact(TWO)
    wrong = cancelled("None", "ValidationError", message="Type mismatch for attribute to update")
    with pytest.raises(ValueError, match="Type mismatch"):
        DynamoDbTable(name, Refusing(call, [wrong])).transact(TWO)


# --- refusals -------------------------------------------------------------------------------------------


def test_a_table_that_is_not_there_is_unavailable(raw: tuple[str, BotoCall]) -> None:
    table = DynamoDbTable("another", raw[1])
    for attempt in (lambda: table.get(KEYS), lambda: table.write(Put(ITEMS[0])), lambda: table.transact(TWO)):
        with pytest.raises(StoreUnavailable, match="the DynamoDB table does not exist: check its name"):
            attempt()


def test_a_refusal_names_the_operation_and_the_code_and_nothing_of_the_item(raw: tuple[str, BotoCall]) -> None:
    name, call = raw
    denied = Refused("AccessDeniedException", "User x is not allowed to PutItem of I#0", {})
    with pytest.raises(StoreUnavailable) as unavailable:
        DynamoDbTable(name, Refusing(call, [denied])).write(Put(ITEMS[0]))
    assert str(unavailable.value) == "DynamoDB refuses PutItem: AccessDeniedException"
