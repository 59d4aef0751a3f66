"""What each function's role allows: exact actions on this stack's own resources."""

from typing import Any

OWN = ({"Ref": "Secrets"}, {"Ref": "AdminKey"}, {"Ref": "HookSecretArns"}, {"Fn::GetAtt": "Data.Outputs.TableArn"})
MESSAGING = tuple(
    {"Fn::GetAtt": f"Messaging.Outputs.{name}"}
    for name in ("BusArn", "CourierArn", "FeedbackArn", "PublisherDeadArn", "WebhooksArn", "WebhooksDeadArn")
)
STREAM = ({"Fn::GetAtt": "Data.Outputs.TableStreamArn"},)
WIDER = {
    "dynamodb:ListStreams": "there is no narrower resource",
    "ses:SendEmail": "any identity of the account, held to one sender by a condition",
    "ses:SendRawEmail": "as above",
    "sms-voice:SendTextMessage": "phone numbers have no ARN; only where text messages are asked for",
    "sns:Publish": "as above",
}
"""Actions on more than this stack's own, with the reason."""
READING = ["ssm:GetParameter", "secretsmanager:GetSecretValue"]
CALLING = (
    "Login", "Registration", "Recovery", "Verification", "Settings", "OidcCallback", "Oauth2", "WorkersWebhooks",
    "AdminActions", "PublicWellKnown",
)  # fmt: skip
"""Functions that call hooks, try them, or publish what they sign with."""

INDEXES = tuple({"Fn::Sub": f"${{Data.Outputs.TableArn}}/index/{name}"} for name in ("GSI1", "GSI2"))


def test_no_role_allows_actions_by_wildcard(functions):
    for properties in functions.values():
        for statement in _statements(properties):
            assert statement["Effect"] == "Allow"
            assert not [action for action in statement["Action"] if "*" in action]


def test_roles_reach_only_this_stacks_table_and_secrets(functions):
    for properties in functions.values():
        for statement in _statements(properties):
            if not set(statement["Action"]) <= WIDER.keys():
                assert statement["Resource"] in (*OWN, *INDEXES, *MESSAGING, *STREAM)


def test_mails_leave_with_the_configured_sender_only(functions):
    (sending,) = [s for s in _statements(functions["WorkersCourier"]) if "ses:SendEmail" in s["Action"]]
    assert sending["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}}


def test_only_the_courier_sends(functions):
    for name, properties in functions.items():
        actions = {action for statement in _statements(properties) for action in statement["Action"]}
        assert name == "WorkersCourier" or not [a for a in actions if a.startswith(("ses:", "sns:", "sms-voice:"))]


def test_secrets_of_hooks_are_read_where_they_are_named_by_those_who_call(functions):
    for name, properties in functions.items():
        reading = [s for s in _statements(properties) if s["Resource"] == {"Ref": "HookSecretArns"}]
        calls = name.startswith(CALLING) and not name.endswith("Fetch")
        assert [statement["Action"] for statement in reading] == [READING] * calls, name


def test_indexes_are_only_read(functions):
    for properties in functions.values():
        for statement in _statements(properties):
            if statement["Resource"] in INDEXES:
                assert statement["Action"] == ["dynamodb:Query"]


def test_no_role_may_scan(functions):
    for properties in functions.values():
        assert not [s for s in _statements(properties) if "dynamodb:Scan" in s["Action"]]


def _statements(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """All of them, also those that a parameter of the template switches on."""
    statements = [statement for policy in properties.get("Policies", []) for statement in policy["Statement"]]
    return [statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in statements]
