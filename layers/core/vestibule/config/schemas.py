"""The identity schemas that the configuration names, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NoReturn, cast

from vestibule.config.fetch import FetchError
from vestibule.config.findings import ConfigError, Finding
from vestibule.domain.json import Json

if TYPE_CHECKING:
    from vestibule.config.model import Config, IdentitySchema


def load_schemas(config: Config, fetch: Callable[[str], bytes]) -> Mapping[str, Json]:
    """Schema id to schema, in the order of the file.

    Raises ConfigError with a finding for each schema that cannot be read or is no JSON object.
    """
    schemas: dict[str, Json] = {}
    findings: list[Finding] = []
    for position, schema in enumerate(config.identity.schemas):
        try:
            schemas[schema.id] = _read(schema, fetch)
        except (FetchError, ValueError) as error:
            sentence = f"the identity schema {schema.id!r} {error}"
            findings.append(Finding(f"/identity/schemas/{position}/url", sentence))
    if findings:
        raise ConfigError(findings)
    return schemas


def _read(schema: IdentitySchema, fetch: Callable[[str], bytes]) -> Json:
    try:
        document: object = json.loads(fetch(schema.url), parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"is no JSON: {error.msg} in line {error.lineno}") from None
    except UnicodeDecodeError:
        raise ValueError("is no UTF-8 text") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    if not isinstance(document, dict):
        raise FetchError("is no JSON object")
    return cast("Json", document)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"contains {name}, which is no JSON")
