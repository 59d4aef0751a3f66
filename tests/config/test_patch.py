"""JSON Patch on a configuration: the standard, and what people expect beyond it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from vestibule.config.patch import MOST_OPERATIONS, PatchError, applied, difference, operations

DOCUMENT: dict[str, Any] = {"a": {"b": [1, 2]}, "c": "d"}


def patched(*patch: dict[str, Any]) -> Any:
    before = deepcopy(DOCUMENT)
    result = applied(DOCUMENT, operations(list(patch)))
    assert before == DOCUMENT
    return result


def add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (add("/x/y", 1), DOCUMENT | {"x": {"y": 1}}),
        (add("/x/hooks/0/hook", "session"), DOCUMENT | {"x": {"hooks": [{"hook": "session"}]}}),
        (add("/x/hooks/-", "session"), DOCUMENT | {"x": {"hooks": ["session"]}}),
        (add("/a/b/2/c", 1), DOCUMENT | {"a": {"b": [1, 2, {"c": 1}]}}),
        (add("/a/b/0", 0), DOCUMENT | {"a": {"b": [0, 1, 2]}}),
        (add("/a/b/-", 3), DOCUMENT | {"a": {"b": [1, 2, 3]}}),
        (add("/m~1n/~0", 1), DOCUMENT | {"m/n": {"~": 1}}),
        ({"op": "replace", "path": "/x/y", "value": 1}, DOCUMENT | {"x": {"y": 1}}),
        ({"op": "replace", "path": "/a/b/1", "value": 3}, DOCUMENT | {"a": {"b": [1, 3]}}),
        ({"op": "remove", "path": "/a/b/0"}, DOCUMENT | {"a": {"b": [2]}}),
        ({"op": "remove", "path": "/c"}, {"a": {"b": [1, 2]}}),
        ({"op": "move", "from": "/c", "path": "/x/y"}, {"a": {"b": [1, 2]}, "x": {"y": "d"}}),
        ({"op": "copy", "from": "/c", "path": "/x/0"}, DOCUMENT | {"x": ["d"]}),
        ({"op": "test", "path": "/c", "value": "d"}, DOCUMENT),
    ],
)
def test_an_operation_does_what_people_expect(operation: dict[str, Any], expected: Any):
    assert patched(operation) == expected


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        (add("/a/b/3", 1), "/a/b/3"),
        (add("/a/b/x", 1), "/a/b/x"),
        (add("/a/b/-/c", 1), "/a/b/-/c"),
        (add("/a/b/01", 1), "/a/b/01"),
        (add("/c/x", 1), "/c/x"),
        (add("/c/x/y", 1), "/c/x/y"),
        ({"op": "replace", "path": "/a/b/2", "value": 1}, "/a/b/2"),
        ({"op": "remove", "path": "/x"}, "/x"),
        ({"op": "remove", "path": "/a/b/2"}, "/a/b/2"),
        ({"op": "move", "from": "/a", "path": "/a/b"}, "/a/b"),
        ({"op": "copy", "from": "/x", "path": "/y"}, "/y"),
        ({"op": "test", "path": "/c", "value": "another"}, "/c"),
        ({"op": "test", "path": "/x", "value": 1}, "/x"),
        ({"op": "add", "path": "", "value": {}}, ""),
        ({"op": "add", "path": "/dsn", "value": "memory"}, "/dsn"),
        ({"op": "add", "path": "a", "value": 1}, "a"),
        ({"op": "add", "path": "/a"}, "/a"),
        ({"op": "copy", "from": "/secrets/cookie/0", "path": "/x"}, "/secrets/cookie/0"),
        ({"op": "merge", "path": "/a"}, "/a"),
    ],
)
def test_what_cannot_be_done_is_refused_at_its_place_and_repeats_no_value(operation: dict[str, Any], path: str):
    with pytest.raises(PatchError) as refused:
        patched(operation)
    assert refused.value.path == path
    assert "another" not in str(refused.value).replace("another value", "")


@pytest.mark.parametrize("sent", [{}, "text", [1], [{"op": 1, "path": "/a"}], [add("/a", 1)] * (MOST_OPERATIONS + 1)])
def test_what_is_no_patch_is_refused(sent: Any):
    with pytest.raises(PatchError):
        operations(sent)


def test_a_few_copies_cannot_make_a_document_of_any_size():
    patch = [add("/x", "y" * 1000), *({"op": "copy", "from": "/x", "path": f"/x{n}"} for n in range(400))]
    with pytest.raises(PatchError):
        patched(*patch)


@pytest.mark.parametrize(
    "after",
    [
        DOCUMENT,
        {},
        {"a": {"b": [2]}},
        {"a": {"b": {}}, "c": True},
        {"a": {"b": [1, 2], "e": {"f": [None]}}, "c": "d", "g/h": 1},
        {"a": [], "c": 0},
    ],
)
def test_the_difference_of_two_documents_leads_from_one_to_the_other(after: Any):
    assert applied(DOCUMENT, difference(DOCUMENT, after)) == after
    assert difference(after, after) == []
