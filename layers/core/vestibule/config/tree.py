"""The models as a tree of keys: what kind of value stands at a path."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from vestibule.config.values import Section


def keys(model: type[Section]) -> dict[str, Any]:
    """Key, as written in the file, to the annotation of its value."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def below(annotation: Any, part: str | int) -> Any:
    """The annotation of what stands at a key or position of a value of this annotation; None where nothing can.

    Where several members of a union have the key, a union of what they have there.
    """
    found = [inner for candidate in variants(annotation) for inner in _below(candidate, part)]
    return Union[tuple(found)] if found else None  # noqa: UP007 - a union of a computed list


def _below(candidate: Any, part: str | int) -> list[Any]:
    if candidate is Any:
        return [Any]
    if isinstance(candidate, type) and issubclass(candidate, Section):
        return [value for key, value in keys(candidate).items() if key == part]
    if get_origin(candidate) is tuple and isinstance(part, int):
        return [get_args(candidate)[0]]
    return [get_args(candidate)[1]] if get_origin(candidate) is dict else []


def variants(annotation: Any) -> list[Any]:
    """The members of a union, without Annotated and without None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return variants(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [variant for member in get_args(annotation) for variant in variants(member)]
    return [] if annotation is type(None) else [annotation]


def sections(annotation: Any) -> list[type[Section]]:
    return [variant for variant in variants(annotation) if isinstance(variant, type) and issubclass(variant, Section)]


def at(root: type[Section], path: Sequence[str | int]) -> Any:
    """The annotation of what stands at the path; None where nothing can."""
    annotation: Any = root
    for part in path:
        annotation = below(annotation, part)
    return annotation
