"""What each function's role allows: exact actions on this stack's own resources."""

from typing import Any

OWN = ({"Ref": "Secrets"}, {"Ref": "AdminKey"}, {"Fn::GetAtt": "Data.Outputs.TableArn"})
INDEXES = tuple({"Fn::Sub": f"${{Data.Outputs.TableArn}}/index/{name}"} for name in ("GSI1", "GSI2"))


def test_no_role_allows_actions_by_wildcard(functions):
    for properties in functions.values():
        for statement in _statements(properties):
            assert statement["Effect"] == "Allow"
            assert not [action for action in statement["Action"] if "*" in action]


def test_roles_reach_only_this_stacks_table_and_secrets(functions):
    for properties in functions.values():
        for statement in _statements(properties):
            assert statement["Resource"] in (*OWN, *INDEXES)


def test_indexes_are_only_read(functions):
    for properties in functions.values():
        for statement in _statements(properties):
            if statement["Resource"] in INDEXES:
                assert statement["Action"] == ["dynamodb:Query"]


def test_no_role_may_scan(functions):
    for properties in functions.values():
        assert not [s for s in _statements(properties) if "dynamodb:Scan" in s["Action"]]


def _statements(properties: dict[str, Any]) -> list[dict[str, Any]]:
    return [statement for policy in properties.get("Policies", []) for statement in policy["Statement"]]
