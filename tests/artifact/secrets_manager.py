"""A Secrets Manager that knows the two secrets of the template."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import Any

from tests.aws_stub import AwsStub, running

ADMIN_KEY = "local-admin-key"

_VALUES = {"Secrets": json.dumps({"generated": "0123456789abcdef" * 4}), "AdminKey": ADMIN_KEY}


def running_secrets_manager() -> AbstractContextManager[str]:
    """Its address; it ends with the block."""
    return running(_SecretsManager)


class _SecretsManager(AwsStub):
    def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        return {"Name": asked["SecretId"], "SecretString": _VALUES[asked["SecretId"]]}
