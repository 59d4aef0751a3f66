"""AWS Secrets Manager, read while a function starts, by wiring and the authoriser. Importing this costs botocore."""

# botocore has no types of its own; what leaves this module has.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from vestibule.adapters.aws_client import client


def read(arn: str) -> str:
    """The current text of the secret. Raises botocore's ClientError where the role may not or there is none."""
    return str(client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
