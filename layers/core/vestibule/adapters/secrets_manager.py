"""AWS Secrets Manager, read while a function starts, by wiring and the authoriser."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

from vestibule.adapters.aws import AwsRefused, AwsService, AwsUnanswered

_PAUSES = (0.1, 0.4)
"""Seconds in front of the second and the third try: without the secret a function cannot answer anybody."""

_PASSES = frozenset({"ThrottlingException", "InternalServiceError", "InternalFailure", "500", "503"})


def read(arn: str, pause: Callable[[float], None] = time.sleep) -> str:
    """The current text of the secret. Raises AwsRefused where the role may not or there is none, AwsUnanswered."""
    with closing(AwsService("secretsmanager")) as service:
        for seconds in _PAUSES:
            try:
                return _text(service, arn)
            except AwsUnanswered:
                pause(seconds)
            except AwsRefused as refused:
                if refused.code not in _PASSES:
                    raise
                pause(seconds)
        return _text(service, arn)


def _text(service: AwsService, arn: str) -> str:
    return str(service.call("get_secret_value", SecretId=arn)["SecretString"])
