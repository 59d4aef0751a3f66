"""The table that infra/data.yaml describes, made on an emulator: DynamoDB Local or another endpoint on this machine."""

from __future__ import annotations

import time

from vestibule.adapters.dynamodb_call import Call, Pause, Refused, retrying
from vestibule.adapters.dynamodb_values import Document
from vestibule.ports import StoreUnavailable

DESCRIPTION: Document = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "g1pk", "g1sk", "g2pk", "g2sk")
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": index,
            "KeySchema": [
                {"AttributeName": f"{prefix}pk", "KeyType": "HASH"},
                {"AttributeName": f"{prefix}sk", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
        for index, prefix in (("GSI1", "g1"), ("GSI2", "g2"))
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}
"""What infra/data.yaml says of the table's shape (a test compares); its backups, keys and protection are for AWS."""

TIME_TO_LIVE: Document = {"AttributeName": "ttl", "Enabled": True}

POLLS = 200
POLL_SECONDS = 0.1


def create_table_from_template(call: Call, table: str, *, pause: Pause = time.sleep) -> bool:
    """Make the table unless it stands; True when it was made. Raises StoreUnavailable."""
    send = retrying(call, pause)
    try:
        send("CreateTable", {"TableName": table, **DESCRIPTION})
    except Refused as error:
        if error.code != "ResourceInUseException":
            raise
        return False
    for _ in range(POLLS):
        if send("DescribeTable", {"TableName": table})["Table"]["TableStatus"] == "ACTIVE":
            send("UpdateTimeToLive", {"TableName": table, "TimeToLiveSpecification": TIME_TO_LIVE})
            return True
        pause(POLL_SECONDS)
    raise StoreUnavailable(f"the DynamoDB table {table} does not become active")
