"""AWS Secrets Manager, read while a function starts, by wiring and the authoriser."""

from __future__ import annotations

from contextlib import closing

from vestibule.adapters.aws import AwsService


def read(arn: str) -> str:
    """The current text of the secret. Raises AwsRefused where the role may not or there is none, AwsUnanswered."""
    with closing(AwsService("secretsmanager")) as service:
        return str(service.call("get_secret_value", SecretId=arn)["SecretString"])
