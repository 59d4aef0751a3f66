"""The feed of changes from a table's stream: for the local bus and for tests; on AWS the stream calls the publisher."""

from __future__ import annotations

import json

from vestibule.adapters.dynamodb_call import Call, Refused
from vestibule.adapters.dynamodb_values import Document, decode_item, decode_key
from vestibule.ports import Change, StoreUnavailable

RECORDS_PER_CALL = 1000

Position = dict[str, str]
"""Shard → the sequence number read last in it. A Change's `sequence` is one of these as JSON text."""


class Stream:
    """Reads the shards one after the other, parents first, so that the changes of an item come in their order.

    Changes of different items may come in another order than they were made when the stream has several open shards.
    """

    def __init__(self, table: str, call: Call) -> None:
        self._table = table
        self._call = call
        self._arn: str | None = None
        self._at: str | None = None
        self._ahead: dict[str, str] = {}
        """Open shard → iterator behind `_at`, so that who goes on there asks for nothing but records. May be empty."""

    def read(self, after: str | None, limit: int) -> list[Change]:
        position: Position = json.loads(after) if after else {}
        ahead, self._ahead = (self._ahead if after == self._at else {}), {}
        changes: list[Change] = []
        try:
            self._ahead = self._read(ahead, frozenset(), position, changes, limit)
        except Refused:  # an iterator is too old
            ahead = {}
        if not ahead and not changes:
            closed, ahead = self._iterators(position)
            self._ahead = self._read(ahead, closed, position, changes, limit)
        self._at = changes[-1].sequence if changes else after
        return changes

    def _read(
        self, ahead: dict[str, str], closed: frozenset[str], position: Position, changes: list[Change], limit: int
    ) -> dict[str, str]:
        """The iterators to go on with; none where that is not all of it: the limit is reached, or a shard ended."""
        following: dict[str, str] = {}
        for shard, start in ahead.items():
            iterator: str | None = start
            while iterator:
                if len(changes) >= limit:
                    return {}
                count = min(limit - len(changes), RECORDS_PER_CALL)
                answer = self._call("GetRecords", {"ShardIterator": iterator, "Limit": count})
                for record in answer["Records"]:
                    position[shard] = record["dynamodb"]["SequenceNumber"]
                    changes.append(_change(record["dynamodb"], json.dumps(position)))
                iterator = answer.get("NextShardIterator")
                if len(answer["Records"]) < count and shard not in closed:
                    break  # an open shard goes on for ever
            if iterator:
                following[shard] = iterator
            elif shard not in closed:
                return {}
        return following

    def _iterators(self, position: Position) -> tuple[frozenset[str], dict[str, str]]:
        """(the closed shards, where to begin in each). Forgets the positions in shards that are gone."""
        arn = self._arn = self._arn or self._find()
        shards = self._shards(arn)
        for shard in position.keys() - shards.keys():
            del position[shard]
        starts = {shard: self._iterator(arn, shard, position.get(shard)) for shard in shards}
        return frozenset(shard for shard, is_closed in shards.items() if is_closed), starts

    def _find(self) -> str:
        description = self._call("DescribeTable", {"TableName": self._table})["Table"]
        if "LatestStreamArn" not in description:
            raise StoreUnavailable(f"the DynamoDB table {self._table} has no stream")
        return description["LatestStreamArn"]

    def _shards(self, arn: str) -> dict[str, bool]:
        """Shard → whether it is closed; parents before children."""
        shards: list[Document] = []
        request: Document = {"StreamArn": arn}
        while True:
            description = self._call("DescribeStream", request)["StreamDescription"]
            shards += description["Shards"]
            if "LastEvaluatedShardId" not in description:
                break
            request["ExclusiveStartShardId"] = description["LastEvaluatedShardId"]
        parents = {shard["ShardId"]: shard.get("ParentShardId") for shard in shards}

        def generation(shard: Document) -> int:
            count, parent = 0, shard.get("ParentShardId")
            while parent in parents:
                count, parent = count + 1, parents[parent]
            return count

        shards.sort(key=lambda shard: (generation(shard), shard["ShardId"]))
        return {shard["ShardId"]: "EndingSequenceNumber" in shard["SequenceNumberRange"] for shard in shards}

    def _iterator(self, arn: str, shard: str, sequence: str | None) -> str:
        start = {"StreamArn": arn, "ShardId": shard}
        if sequence is not None:
            try:
                behind = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": sequence}
                return self._call("GetShardIterator", start | behind)["ShardIterator"]
            except Refused:
                pass  # trimmed: the record is older than the stream keeps
        return self._call("GetShardIterator", start | {"ShardIteratorType": "TRIM_HORIZON"})["ShardIterator"]


def _change(record: Document, sequence: str) -> Change:
    old, new = record.get("OldImage"), record.get("NewImage")
    return Change(
        sequence,
        decode_key(record["Keys"]),
        decode_item(old) if old else None,
        decode_item(new) if new else None,
    )
