"""Values from environment variables, by Kratos's names.

The name is the path in capitals with `_` between the parts: `SELFSERVICE_FLOWS_LOGIN_LIFESPAN`,
`IDENTITY_SCHEMAS_0_ID`. A list of scalars is JSON or separated by commas; a mapping or a list of mappings is JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, get_args, get_origin

from msgspec import Struct

from vestibule.config import tree
from vestibule.config.document import Document, pointer, put
from vestibule.config.findings import Finding
from vestibule.config.model import Config
from vestibule.config.values import Section

NOT_FROM_THE_ENVIRONMENT = frozenset({"config", "help", "version", "revision"})
"""Without effect on the product, and with names that other programs use."""

_POSITION = re.compile(r"([0-9]{1,3})(?:_|\Z)")
_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

Path = tuple[str | int, ...]


class Setting(Struct, frozen=True):
    """One environment variable that sets something."""

    name: str
    path: Path
    annotation: Any


def settings(environ: Mapping[str, str]) -> list[Setting]:
    """The variables that are ours, outer paths first. Others are no concern of ours, however near their names are."""
    roots = {capital(key) for key in tree.keys(Config) if key not in NOT_FROM_THE_ENVIRONMENT}
    found = [
        Setting(name, path, annotation)
        for name in environ
        if any(name == root or name.startswith(root + "_") for root in roots)
        for path, annotation in _first(_paths(Config, name))
    ]
    return sorted(found, key=lambda setting: (len(setting.path), setting.name))


def overlaid(document: Document, found: list[Setting], environ: Mapping[str, str]) -> tuple[Document, list[Finding]]:
    """The document with the variables' values set, and what is wrong with those that cannot be read."""
    findings: list[Finding] = []
    for setting in found:
        try:
            value = _value(setting.annotation, environ[setting.name])
        except ValueError:
            findings.append(Finding(pointer(setting.path), "the variable's value is no JSON", f"${setting.name}"))
            continue
        changed = put(document, setting.path, value)
        if changed is None:
            sentence = "the variable's position leaves a gap in the list"
            findings.append(Finding(pointer(setting.path), sentence, f"${setting.name}"))
        else:
            document = changed
    return document, findings


def capital(key: str) -> str:
    return key.upper().replace("-", "_")


def _first(paths: Iterator[tuple[Path, Any]]) -> list[tuple[Path, Any]]:
    return list(islice(paths, 1))


def _paths(annotation: Any, rest: str) -> Iterator[tuple[Path, Any]]:
    """Every path that the rest of a name can mean below a value of this annotation."""
    for variant in tree.variants(annotation):
        if isinstance(variant, type) and issubclass(variant, Section):
            for key, value in tree.keys(variant).items():
                yield from _step(key, capital(key), value, rest)
        elif get_origin(variant) is tuple and (match := _POSITION.match(rest)):
            yield from _step(int(match[1]), match[1], get_args(variant)[0], rest)


def _step(part: str | int, capital: str, annotation: Any, rest: str) -> Iterator[tuple[Path, Any]]:
    if rest == capital:
        yield (part,), annotation
    elif rest.startswith(capital + "_"):
        for path, found in _paths(annotation, rest[len(capital) + 1 :]):
            yield (part, *path), found


def _value(annotation: Any, text: str) -> Any:
    """The text as a value of the annotation; as it is where it does not look like one, for the model to refuse.

    Raises ValueError for what has to be JSON and is not.
    """
    variants = tree.variants(annotation)
    if any(get_origin(variant) is tuple for variant in variants):
        return _list(variants[0], text)
    if tree.sections(annotation) or any(get_origin(variant) is dict for variant in variants):
        return _json(text)
    if bool in variants:
        return _BOOLEANS.get(text.strip().lower(), text)
    if int in variants and _INTEGER.match(text.strip()):
        return int(text)
    return text


def _list(annotation: Any, text: str) -> Any:
    if text.lstrip().startswith(("[", "{")):
        return _json(text)
    if tree.sections(get_args(annotation)[0]):
        raise ValueError("a list of mappings is JSON")
    return [part.strip() for part in text.split(",") if part.strip()]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
