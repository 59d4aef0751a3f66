"""The Table port on DynamoDB."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from itertools import islice

from vestibule.adapters.dynamodb_call import (
    CANCELLED,
    CONDITION_FAILED,
    RETRIES,
    THROTTLED,
    Call,
    Pause,
    Refused,
    back_off,
    retrying,
)
from vestibule.adapters.dynamodb_stream import Stream
from vestibule.adapters.dynamodb_values import MARK, Document, decode_item, decode_key, encode_key
from vestibule.adapters.dynamodb_writes import single_write, transaction
from vestibule.adapters.items import check_key, check_reads, check_transaction, check_write
from vestibule.ports import (
    Change,
    ConditionFailed,
    Index,
    IndexEntry,
    Item,
    Key,
    Put,
    StoreUnavailable,
    TransactionCancelled,
    TransactWrite,
    Write,
)

MARK_BYTES = 9
FRUITLESS_ROUNDS = 1 + RETRIES[THROTTLED]
"""How often in a row a batch read may bring nothing before the store counts as unavailable."""


class DynamoDbTable:
    """The table named `table`, of the shape that infra/data.yaml describes, through `call`.

    Retries what passes by itself; a write whose answer got lost is sent again without doubling (see dynamodb_writes).
    """

    def __init__(
        self, table: str, call: Call, *, pause: Pause = time.sleep, close: Callable[[], None] = lambda: None
    ) -> None:
        self.close = close
        self._table = table
        self._call = retrying(call, pause)
        self._pause = pause
        self._stream = Stream(table, self._call)

    def get(self, keys: Sequence[Key], *, consistent: bool = True) -> list[Item | None]:
        check_reads(keys)
        if len(keys) == 1:
            answer = self._call("GetItem", self._request(Key=encode_key(keys[0]), ConsistentRead=consistent))
            return [decode_item(answer["Item"]) if "Item" in answer else None]
        found = self._batch(list(dict.fromkeys(keys)), consistent)
        return [found.get(key) for key in keys]

    def write(self, write: Write) -> Item | None:
        check_write(write)
        mark = secrets.token_bytes(MARK_BYTES)
        try:
            answer = self._call(*single_write(self._table, write, mark))
        except Refused as error:
            return _outcome_of_refusal(error, mark)
        if isinstance(write, Put):
            return dict(write.item)
        return decode_item(answer["Attributes"]) if "Attributes" in answer else None

    def transact(self, writes: Sequence[TransactWrite]) -> None:
        check_transaction(writes)
        try:
            self._call(*transaction(self._table, writes, secrets.token_hex(16)))
        except Refused as error:
            if error.code != CANCELLED:
                raise
            raise TransactionCancelled(_failed(error)) from None

    def query(
        self,
        pk: str,
        prefix: str = "",
        *,
        after: str | None = None,
        limit: int | None = None,
        descending: bool = False,
        consistent: bool = True,
    ) -> list[Item]:
        check_key((pk, prefix or "#"))
        if after is not None and _is_behind_all(after, prefix, descending):
            return []
        request = self._query(("pk", pk), ("sk", prefix), descending, ConsistentRead=consistent)
        if after and after.startswith(prefix):
            request["ExclusiveStartKey"] = encode_key((pk, after))
        return [decode_item(document) for document in self._pages(request, limit)]

    def page(
        self,
        index: Index,
        partition: str,
        *,
        prefix: str = "",
        after: tuple[str, Key] | None = None,
        limit: int,
        descending: bool = False,
    ) -> list[IndexEntry]:
        hash_key, sort_key = ("g1pk", "g1sk") if index == "GSI1" else ("g2pk", "g2sk")
        if after is not None and _is_behind_all(after[0], prefix, descending):
            return []
        request = self._query((hash_key, partition), (sort_key, prefix), descending, IndexName=index)
        if after is not None and after[0] and after[0].startswith(prefix):
            start = {hash_key: {"S": partition}, sort_key: {"S": after[0]}}
            request["ExclusiveStartKey"] = start | encode_key(after[1])
        return [IndexEntry(decode_key(document), document[sort_key]["S"]) for document in self._pages(request, limit)]

    def changes(self, after: str | None, limit: int) -> list[Change]:
        return self._stream.read(after, limit)

    def _request(self, **fields: object) -> Document:
        return {"TableName": self._table, **fields}

    def _query(self, hash_key: Key, sort_key: Key, descending: bool, **fields: object) -> Document:
        """A request for the items whose hash key is, and whose sort key starts with, the value beside its name."""
        condition, values = f"{hash_key[0]} = :p", {":p": {"S": hash_key[1]}}
        if sort_key[1]:
            condition += f" AND begins_with({sort_key[0]}, :s)"
            values[":s"] = {"S": sort_key[1]}
        return self._request(
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ScanIndexForward=not descending,
            **fields,
        )

    def _pages(self, request: Document, limit: int | None) -> list[Document]:
        found: list[Document] = []
        while limit is None or len(found) < limit:
            if limit is not None:
                request["Limit"] = limit - len(found)
            answer = self._call("Query", request)
            found += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                break
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return list(islice(found, limit))

    def _batch(self, keys: list[Key], consistent: bool) -> dict[Key, Item]:
        """All that stand under the (different) keys; what DynamoDB leaves unprocessed is asked for again."""
        found: dict[Key, Item] = {}
        fruitless = 0
        asked: Document = {}
        if keys:
            asked[self._table] = {"Keys": [encode_key(key) for key in keys], "ConsistentRead": consistent}
        while asked:
            answer = self._call("BatchGetItem", {"RequestItems": asked})
            for document in answer.get("Responses", {}).get(self._table, []):
                found[decode_key(document)] = decode_item(document)
            left: Document = answer.get("UnprocessedKeys", {})
            if left and _size(left) == _size(asked):
                fruitless += 1
                if fruitless == FRUITLESS_ROUNDS:
                    raise StoreUnavailable("DynamoDB's BatchGetItem did not succeed: it throttles")
                back_off(fruitless, self._pause)
            asked = left
        return found


def _is_behind_all(after: str, prefix: str, descending: bool) -> bool:
    """Whether nothing that starts with the prefix lies behind; DynamoDB refuses to start outside of the prefix."""
    if not after:
        return descending
    return not after.startswith(prefix) and (after > prefix) is not descending


def _size(asked: Document) -> int:
    return sum(len(table["Keys"]) for table in asked.values())


def _outcome_of_refusal(error: Refused, mark: bytes) -> Item | None:
    """What a single write comes to whose condition failed: a success when it failed for our own, lost write."""
    if error.code == CANCELLED:  # a conditional delete, sent as a transaction
        raise ConditionFailed(_failed(error)[0]) from None
    if error.code != CONDITION_FAILED[0]:
        raise error
    stood = error.document.get("Item")
    if stood and stood.get(MARK, {}).get("B") == mark:
        return decode_item(stood)
    raise ConditionFailed(decode_item(stood) if stood else None) from None


def _failed(error: Refused) -> dict[int, Item | None]:
    return {
        position: decode_item(reason["Item"]) if reason.get("Item") else None
        for position, reason in enumerate(error.reasons)
        if reason.get("Code") == CONDITION_FAILED[1]
    }
