"""What a document breaks of its schema, in this package's terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from vestibule.config.document import pointer
from vestibule.config.json_shapes import is_list, is_object

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError


class Violation(Struct, frozen=True):
    """One rule that one value breaks.

    `pointer` is `#/traits/email`; for `required` it is the pointer of the missing property. `keyword` is JSON Schema's,
    or `address` for text that the extension needs as an address. `params` are the numbers and words of the rule, by the
    names that contract 04 gives them. `text` is for people, and never repeats a value.
    """

    pointer: str
    keyword: str
    text: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])


def violations_of(error: ValidationError) -> Iterator[Violation]:
    """The violations behind one error of the validator: of alternatives, those of every branch."""
    keyword, rule = error.kind.name, error.kind.as_dict()
    if is_list(branches := rule.get("context")) and any(branches):
        for branch in branches:
            for cause in branch:
                yield from violations_of(cause)
    elif keyword == "propertyNames":
        yield _violation(error, keyword, rule)
    else:
        at = [*error.instance_path, rule["property"]] if keyword == "required" else error.instance_path
        yield _violation(error, keyword, rule, at)


def _violation(error: ValidationError, keyword: str, rule: Mapping[str, Any], at: Any = None) -> Violation:
    say = _TEXTS.get(keyword)
    return Violation(
        "#" + pointer(error.instance_path if at is None else at),
        keyword,
        say(rule) if say else f"This does not keep the rule “{keyword}”.",
        _PARAMS.get(keyword, _nothing)(rule, error.instance),
    )


def json_type(value: object) -> str:
    """The JSON Schema type of a decoded value."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    if isinstance(value, str):
        return "string"
    if is_object(value):
        return "object"
    if is_list(value):
        return "array"
    return "integer" if isinstance(value, int) else "number"


_Params = Callable[[Mapping[str, Any], Any], Mapping[str, Any]]


def _nothing(_rule: Mapping[str, Any], _value: Any) -> Mapping[str, Any]:
    return {}


def _limit(name: str, actual: str, measure: Callable[[Any], Any]) -> _Params:
    return lambda rule, value: {name: rule["limit"], actual: measure(value)}


def _same(value: Any) -> Any:
    return value


def _twins(_rule: Mapping[str, Any], value: Any) -> Mapping[str, Any]:
    """The first entry that repeats an earlier one. True and 1 are not the same in JSON."""
    entries: list[Any] = list(value)
    for later, entry in enumerate(entries):
        for earlier in range(later):
            if entries[earlier] == entry and json_type(entries[earlier]) == json_type(entry):
                return {"index_a": earlier, "index_b": later}
    return {"index_a": 0, "index_b": 0}


_PARAMS: dict[str, _Params] = {
    "required": lambda rule, _: {"property": rule["property"]},
    "minLength": _limit("min_length", "actual_length", len),
    "maxLength": _limit("max_length", "actual_length", len),
    "pattern": lambda rule, _: {"pattern": rule["pattern"]},
    "minimum": _limit("minimum", "actual", _same),
    "exclusiveMinimum": _limit("minimum", "actual", _same),
    "maximum": _limit("maximum", "actual", _same),
    "exclusiveMaximum": _limit("maximum", "actual", _same),
    "multipleOf": lambda rule, value: {"base": rule["multiple_of"], "actual": value},
    "maxItems": _limit("max_items", "actual_items", len),
    "minItems": _limit("min_items", "actual_items", len),
    "uniqueItems": _twins,
    "type": lambda rule, value: {"allowed_types": rule["types"], "actual_type": json_type(value)},
    "const": lambda rule, _: {"expected": rule["expected_value"]},
    "format": lambda rule, value: {"format": rule["format"], "value": value},
}

_TEXTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "additionalProperties": lambda rule: f"Not known here: {', '.join(map(str, rule['unexpected']))}.",
    "enum": lambda rule: f"Choose one of these: {', '.join(map(str, rule['options']))}.",
    "format": lambda rule: f"This does not have the form of “{rule['format']}”.",
    "required": lambda rule: f"“{rule['property']}” is missing.",
    "not": lambda _: "This is not allowed here.",
    "falseSchema": lambda _: "Something stands here that may not.",
}
