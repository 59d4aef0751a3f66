"""What the models refuse, as findings: one sentence for each kind of error, never the value."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from vestibule.config import tree
from vestibule.config.document import Document, dig, pointer
from vestibule.config.findings import Finding
from vestibule.config.model import Config
from vestibule.config.points import CAPABILITIES

Context = dict[str, Any]

_FORMER = {
    "/identity/default_schema_url": (
        "is an old key of Kratos: list it in /identity/schemas as {id: default, url: …} and set default_schema_id"
    ),
    "/selfservice/whitelisted_return_urls": "is an old key of Kratos: it is allowed_return_urls now",
    "/serve/public/domain_aliases": "is an old key of Kratos, which has none in its place",
}
"""Keys that configurations of some age have, to what became of them."""

_SENTENCES: dict[str, Callable[[Context], str]] = {
    "missing": lambda _: "is required",
    "literal_error": lambda c: f"is none of {c['expected']}",
    "string_type": lambda _: "is no text",
    "string_too_short": lambda c: f"is shorter than {c['min_length']} characters",
    "string_too_long": lambda c: f"is longer than {c['max_length']} characters",
    "string_pattern_mismatch": lambda c: f"does not match {c['pattern']}",
    "bool_type": lambda _: "is neither true nor false",
    "int_type": lambda _: "is no whole number",
    "greater_than_equal": lambda c: f"is less than {c['ge']}",
    "less_than_equal": lambda c: f"is more than {c['le']}",
    "tuple_type": lambda _: "is no list",
    "dict_type": lambda _: "is no mapping",
    "model_type": lambda _: "is no mapping",
    "model_attributes_type": lambda _: "is no mapping",
    "too_short": lambda c: f"has fewer than {c['min_length']} entries",
    "union_tag_not_found": lambda c: f"has no {_discriminator(c)}",
    "vestibule": lambda c: str(c["sentence"]),
}


def explained(error: ValidationError, document: Document) -> list[Finding]:
    """One finding for each error, at the path as it stands in the document."""
    return [
        _finding(path_in(document, details["loc"]), details["type"], details.get("ctx", {}), details["msg"])
        for details in error.errors(include_url=False, include_input=False)
    ]


def path_in(document: Document, location: Sequence[str | int]) -> tuple[str | int, ...]:
    """The error's location without the names of union members that pydantic puts into it."""
    path: list[str | int] = []
    at: Any = document
    for position, part in enumerate(location):
        known = tree.at(Config, (*path, part)) is not None
        if dig(at, part, default=_NOTHING) is not _NOTHING:
            at = dig(at, part)
        elif not known and position < len(location) - 1:
            continue  # a union's member
        path.append(part)
    return tuple(path)


_NOTHING = object()


def _finding(path: tuple[str | int, ...], kind: str, context: Context, fallback: str) -> Finding:
    at = pointer(path)
    if kind == "extra_forbidden":
        return Finding(at, _FORMER.get(at) or f"is no key here{_near(path)}")
    if kind == "union_tag_invalid":
        return Finding(f"{at}/{_discriminator(context)}", _unknown_tag(context))
    sentence = _SENTENCES.get(kind)
    return Finding(at, fallback if sentence is None else sentence(context))


def _discriminator(context: Context) -> str:
    return str(context["discriminator"]).strip("'")


def _unknown_tag(context: Context) -> str:
    if _discriminator(context) != "hook":
        return f"is none of {context['expected_tags']}"
    return f"there is no such hook{_suggestion(str(context['tag']), list(CAPABILITIES))}"


def _near(path: Sequence[str | int]) -> str:
    """A suggestion of the key that was meant."""
    found = [key for model in tree.sections(tree.at(Config, path[:-1])) for key in tree.keys(model)]
    return _suggestion(str(path[-1]), found)


def _suggestion(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
