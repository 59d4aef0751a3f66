"""Port ReadSecret: AWS Systems Manager and Secrets Manager; on a machine of one's own the environment or a file.

| reference | on AWS | elsewhere, `$VESTIBULE_SECRET_…` or in the file |
|---|---|---|
| `secret://ssm/crm` | the parameter `crm` | `SSM_CRM`, `ssm/crm` |
| `secret://ssm/hooks/crm` | the parameter `/hooks/crm` | `SSM_HOOKS_CRM`, `ssm/hooks/crm` |
| `secret://secretsmanager/crm#key` | `key` of the JSON in the secret `crm` | `SECRETSMANAGER_CRM_KEY`, … |

The file is JSON, at `$VESTIBULE_SECRETS_FILE`. Values are kept for a minute, and used on for a quarter of an hour when
they cannot be read again.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vestibule.config.json_shapes import is_object
from vestibule.ports import SecretUnavailable

if TYPE_CHECKING:
    from vestibule.adapters.aws import AwsService

KEPT = 60.0
USED_ON = 15 * 60.0
"""Seconds."""

FILE = "VESTIBULE_SECRETS_FILE"
_PREFIX = "secret://"
_STORES = ("ssm", "secretsmanager")
_NO_NAME = re.compile(r"[^A-Z0-9]+")

Source = Callable[[str, str], str]
"""(store, name) to value. Raises SecretUnavailable."""


class KeptSecrets:
    """Safe under threads. Each value is read by one of them at a time."""

    def __init__(self, source: Source, *, now: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._now = now
        self._lock = threading.Lock()
        self._values: dict[str, tuple[float, str]] = {}

    def __call__(self, reference: str) -> str:
        if (kept := self._kept(reference, KEPT)) is not None:
            return kept
        with self._lock:
            if (kept := self._kept(reference, KEPT)) is not None:
                return kept
            try:
                value = self._source(*_parsed(reference)).rstrip("\r\n")  # files and editors add those
            except SecretUnavailable:
                if (kept := self._kept(reference, USED_ON)) is not None:
                    return kept
                raise
            self._values[reference] = (self._now(), value)
            return value

    def _kept(self, reference: str, seconds: float) -> str | None:
        read_at, value = self._values.get(reference, (float("-inf"), ""))
        return value if self._now() - read_at < seconds else None


def secrets(environ: Mapping[str, str], *, local: bool) -> KeptSecrets:
    return KeptSecrets(LocalSource(environ) if local else AwsSource())


class LocalSource:
    """The environment first, then the file."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __call__(self, store: str, name: str) -> str:
        variable = f"VESTIBULE_SECRET_{store.upper()}_{_NO_NAME.sub('_', name.upper()).strip('_')}"
        if variable in self._environ:
            return self._environ[variable]
        value = self._file().get(f"{store}/{name}")
        if not isinstance(value, str):
            raise SecretUnavailable(f"neither {variable} is set nor has the file of {FILE} such a secret")
        return value

    def _file(self) -> Mapping[str, Any]:
        path = self._environ.get(FILE)
        if not path:
            return {}
        try:
            document: Any = json.loads(Path(path).read_bytes())
        except (OSError, ValueError):
            raise SecretUnavailable(f"the file of {FILE} cannot be read") from None
        return document if is_object(document) else {}


class AwsSource:
    """Clients are made with the first call: most functions read no secret of a hook (cold start)."""

    def __call__(self, store: str, name: str) -> str:
        from vestibule.adapters.aws import AwsRefused, AwsUnanswered  # noqa: PLC0415 (as above)

        try:
            return self._parameter(name) if store == "ssm" else self._secret(name)
        except AwsRefused as refused:
            raise SecretUnavailable(f"{store} refuses to tell the secret ({refused.code})") from None
        except AwsUnanswered:
            raise SecretUnavailable(f"{store} did not answer") from None

    def _parameter(self, name: str) -> str:
        path = f"/{name}" if "/" in name and not name.startswith("/") else name
        answer = self._ssm.call("get_parameter", Name=path, WithDecryption=True)
        return str(answer["Parameter"]["Value"])

    def _secret(self, name: str) -> str:
        secret_id, _, key = name.partition("#")
        text = str(self._manager.call("get_secret_value", SecretId=secret_id).get("SecretString", ""))
        if not key:
            return text
        try:
            document: Any = json.loads(text)
        except ValueError:
            document = None
        if not is_object(document) or not isinstance(document.get(key), str):
            raise SecretUnavailable("secretsmanager has no such key in the secret")
        return document[key]

    @cached_property
    def _ssm(self) -> AwsService:
        return _service("ssm")

    @cached_property
    def _manager(self) -> AwsService:
        return _service("secretsmanager")


def _service(name: str) -> AwsService:
    from vestibule.adapters.aws import AwsService  # noqa: PLC0415 (as above)

    return AwsService(name)


def _parsed(reference: str) -> tuple[str, str]:
    store, _, name = reference.removeprefix(_PREFIX).partition("/")
    if not reference.startswith(_PREFIX) or store not in _STORES or not name:
        raise SecretUnavailable("a reference is secret://ssm/NAME or secret://secretsmanager/NAME")
    return store, name
