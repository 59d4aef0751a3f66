"""What the functions' roles allow, against what the functions were seen to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vestibule.local import template

ROOT = Path(__file__).resolve().parent.parent

_MANAGE = "POST /admin/sessions ends or deletes many; no recording does"
_PAGES = "the recordings configure pages of their own"

_COMPENSATE = "`on_error: compensate` takes a registration back; no recording does"
_BY_RECIPIENT = "the recordings ask for the messages of one recipient"

UNSEEN = {
    ("AdminCourier", "Query", "index/GSI1"): _BY_RECIPIENT,
    ("AdminSessions", "DeleteItem", "table"): _MANAGE,
    ("AdminSessions", "PutItem", "table"): _MANAGE,
    ("AdminSessions", "Query", "table"): _MANAGE,
    ("OidcCallback", "Query", "table"): "`revoke_active_sessions` after a sign-in at a provider; no recording does",
    ("PublicPages", "BatchGetItem", "table"): _PAGES,
    ("PublicPages", "Query", "table"): _PAGES,
    ("RecoverySubmit", "DeleteItem", "table"): "a right code after many wrong ones; no recording guesses as often",
    ("RegistrationSubmit", "DeleteItem", "table"): _COMPENSATE,
    ("RegistrationSubmit", "Query", "table"): _COMPENSATE,
}
"""(function, action, target) that a role allows although the recordings do not lead there, with the reason."""

OURS = ("Workers", "AdminActions", "AdminConfig", "Oauth2TokenHook")
"""What no request of a recording leads to: the reference has no such addresses, or they are another server's."""

FOLLOWING = ("GetItem", "table")
"""How every function follows the configuration: beside its requests, so that recordings need not lead there."""

_TABLE = "Data.Outputs.TableArn"

Call = tuple[str, str, str]
"""(function, action, target), e.g. ("LoginFetch", "GetItem", "table") or ("AdminSessions", "Query", "index/GSI1")."""


def allowed(file: Path = ROOT / "template.yaml") -> set[Call]:
    """What the roles of all functions allow on the table."""
    found: set[Call] = set()
    for name, resource in template.read(file)["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            for policy in resource["Properties"].get("Policies", []):
                for given in policy["Statement"]:
                    statement = given["Fn::If"][1] if "Fn::If" in given else given
                    found |= {(name, *granted) for granted in _granted(statement)}
    return found


def differences(seen: set[Call]) -> list[str]:
    """A line for each call that a role lacks, or allows and nobody makes, and for each reason that holds no more.

    None when the roles are right.
    """
    granted = allowed()
    lacking = [
        f"{function} makes {action} on {target}, its role forbids it" for function, action, target in seen - granted
    ]
    idle = [
        f"{function} never makes {action} on {target}, its role allows it"
        for function, action, target in granted - seen - UNSEEN.keys()
        if not function.startswith(OURS) and (action, target) != FOLLOWING
    ]
    stale = [
        f"{function}: {action} on {target} is seen, or not allowed: no reason is needed"
        for function, action, target in UNSEEN.keys() - (granted - seen)
    ]
    return sorted(lacking) + sorted(idle) + sorted(stale)


def _granted(statement: dict[str, Any]) -> set[tuple[str, str]]:
    resource = statement["Resource"]
    if resource == {"Fn::GetAtt": _TABLE}:
        target = "table"
    elif "Fn::Sub" in resource and _TABLE in resource["Fn::Sub"]:
        target = resource["Fn::Sub"].removeprefix("${" + _TABLE + "}/")
    else:
        return set()
    return {(action.removeprefix("dynamodb:"), target) for action in statement["Action"]}
