"""What the command line needs of AWS to call the admin API of a deployed stack: its address, and signatures."""

# botocore ships no types:
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session


class CannotCall(Exception):
    """No credentials, no region, no such stack. The text says which."""


def signed(
    method: str, url: str, content: bytes | None, headers: Mapping[str, str], region: str | None
) -> dict[str, str]:
    """The headers with those of Signature Version 4 for API Gateway, by the credentials of the environment.

    Raises CannotCall.
    """
    session = get_session()
    try:
        credentials = session.get_credentials()
        if credentials is None:
            raise CannotCall("there are no AWS credentials to sign requests with")
        region = region or _region(session)
        request = AWSRequest(method=method, url=url, data=content, headers=dict(headers))
        SigV4Auth(credentials.get_frozen_credentials(), "execute-api", region).add_auth(request)
    except BotoCoreError as error:
        raise CannotCall(str(error)) from None
    return {str(name): str(value) for name, value in request.headers.items()}


def _region(session: Any) -> str:
    """Raises CannotCall. AWS's command reads the first of the two, boto the second only."""
    region = os.environ.get("AWS_REGION") or session.get_config_variable("region")
    if not region:
        raise CannotCall("the region is not known; give --region, or set AWS_REGION")
    return str(region)


def output_of(stack: str, name: str, region: str | None) -> str:
    """An output of a CloudFormation stack. Raises CannotCall."""
    session = get_session()
    try:
        client: Any = session.create_client("cloudformation", region_name=region or _region(session))
        described = client.describe_stacks(StackName=stack)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        raise CannotCall(f"the stack {stack} cannot be looked up: {error}") from None
    for output in described.get("Outputs", []):
        if output["OutputKey"] == name:
            return str(output["OutputValue"])
    raise CannotCall(f"the stack {stack} has no output {name}; is it one of Vestibule's?")
