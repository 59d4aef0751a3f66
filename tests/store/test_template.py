"""infra/data.yaml describes the table that AWS gets; emulators get the same shape."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from vestibule.adapters.dynamodb import DynamoDbTable
from vestibule.adapters.dynamodb_call import Call
from vestibule.adapters.dynamodb_table import DESCRIPTION, TIME_TO_LIVE, create_table_from_template
from vestibule.ports import Put, StoreUnavailable

TEMPLATE = Path(__file__).parents[2] / "infra" / "data.yaml"


class Loader(yaml.SafeLoader):
    """CloudFormation's short forms (`!Ref X`) as (tag, value)."""


Loader.add_multi_constructor("!", lambda loader, tag, node: (tag, loader.construct_scalar(node)))


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return yaml.load(TEMPLATE.read_text(), Loader)  # noqa: S506 a SafeLoader


@pytest.fixture(scope="module")
def properties(template: dict[str, Any]) -> dict[str, Any]:
    return template["Resources"]["Table"]["Properties"]


def test_emulators_get_the_shape_that_the_template_describes(properties: dict[str, Any]) -> None:
    shape = {name: properties[name] for name in DESCRIPTION}
    shape["StreamSpecification"] = {"StreamEnabled": True, **shape["StreamSpecification"]}  # implied on AWS
    assert shape == DESCRIPTION
    assert properties["TimeToLiveSpecification"] == TIME_TO_LIVE


def test_the_table_outlives_its_stack_and_is_backed_up_and_encrypted(template: dict[str, Any]) -> None:
    table = template["Resources"]["Table"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert template["Parameters"]["DeletionProtection"]["Default"] == "true"
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert "TableName" not in properties


def test_the_template_has_nothing_that_the_tests_do_not_know(properties: dict[str, Any]) -> None:
    for_aws = {"DeletionProtectionEnabled", "PointInTimeRecoverySpecification", "SSESpecification", "Tags"}
    assert set(properties) == set(DESCRIPTION) | for_aws | {"TimeToLiveSpecification"}


def test_a_table_is_made_once(dynamodb_local_call: Call, dynamodb_local_name: str) -> None:
    DynamoDbTable(dynamodb_local_name, dynamodb_local_call).write(Put({"pk": "a", "sk": "#"}))
    assert create_table_from_template(dynamodb_local_call, dynamodb_local_name) is False
    assert DynamoDbTable(dynamodb_local_name, dynamodb_local_call).query("a") == [{"pk": "a", "sk": "#"}]


def test_what_has_lapsed_leaves_a_table_by_itself(dynamodb_local_call: Call) -> None:
    name = f"test-{uuid.uuid4()}"
    create_table_from_template(dynamodb_local_call, name)
    description = dynamodb_local_call("DescribeTimeToLive", {"TableName": name})
    dynamodb_local_call("DeleteTable", {"TableName": name})
    assert description["TimeToLiveDescription"]["AttributeName"] == "ttl"


def test_a_table_is_waited_for_until_it_is_active() -> None:
    statuses = iter(["CREATING", "CREATING", "ACTIVE"])
    pauses: list[float] = []

    def call(operation: str, document: dict[str, Any]) -> dict[str, Any]:
        return {"Table": {"TableStatus": next(statuses)}} if operation == "DescribeTable" else {}

    assert create_table_from_template(call, "slow", pause=pauses.append) is True
    assert len(pauses) == 2


def test_a_table_that_never_becomes_active_is_unavailable() -> None:
    with pytest.raises(StoreUnavailable, match="does not become active"):
        create_table_from_template(lambda *_: {"Table": {"TableStatus": "CREATING"}}, "slow", pause=lambda _: None)
