"""AWS Secrets Manager, for what wiring and the authoriser read while a function starts. Importing this costs boto3."""

# boto3 has no types of its own; what leaves this module has.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import boto3


def read(arn: str) -> str:
    """The current text of the secret. Raises botocore's ClientError where the role may not or there is none."""
    client = boto3.client("secretsmanager")
    return str(client.get_secret_value(SecretId=arn)["SecretString"])
