"""The parsed document: finding in it, merging."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

Document = dict[str, Any]


def dig(document: object, *path: str | int, default: Any = None) -> Any:
    """What stands at the path, the default where nothing or something of another shape stands."""
    for key in path:
        if isinstance(document, Mapping) and key in document:
            document = cast("Mapping[Any, Any]", document)[key]
        elif isinstance(document, list) and isinstance(key, int) and key < len(cast("list[Any]", document)):
            document = cast("list[Any]", document)[key]
        else:
            return default
    return document


def merged(base: Any, overlay: Any) -> Any:
    """Mappings merge key by key; anything else in the overlay replaces what stood there, lists as a whole."""
    if not isinstance(base, dict) or not isinstance(overlay, dict):
        return overlay
    result = dict(cast("Document", base))
    for key, value in cast("Document", overlay).items():
        result[key] = merged(result[key], value) if key in result else value
    return result


def pointer(path: Sequence[str | int]) -> str:
    """RFC 6901."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def put(document: Any, path: Sequence[str | int], value: Any) -> Any:
    """A copy with the value at the path, merged into a mapping that stands there. Missing containers are made.

    None when a position lies behind the end of its list (the end itself appends).
    """
    if not path:
        return merged(document, value)
    part = path[0]
    if isinstance(part, int):
        entries: list[Any] = list(cast("list[Any]", document)) if isinstance(document, list) else []
        if part > len(entries):
            return None
        changed = put(entries[part] if part < len(entries) else None, path[1:], value)
        return None if changed is None else [*entries[:part], changed, *entries[part + 1 :]]
    mapping: Document = dict(cast("Document", document)) if isinstance(document, dict) else {}
    changed = put(mapping.get(part), path[1:], value)
    return None if changed is None else {**mapping, part: changed}


def parts(text: str) -> tuple[str, ...]:
    """The parts of an RFC 6901 pointer."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def depth(document: Any, path: Sequence[str]) -> int:
    """How many parts of the path stand in the document."""
    for count, part in enumerate(path):
        if isinstance(document, dict) and part in document:
            document = cast("Document", document)[part]
        elif isinstance(document, list) and part.isdigit() and int(part) < len(cast("list[Any]", document)):
            document = cast("list[Any]", document)[int(part)]
        else:
            return count
    return len(path)


def matching(document: Any, pattern: str) -> list[tuple[str, Any]]:
    """Pointer and value of everything that stands at the pointer, in which `*` is any key or position."""
    found: list[tuple[str, Any]] = [("", document)]
    for part in parts(pattern):
        found = [(f"{at}{pointer((key,))}", below) for at, value in found for key, below in _entries(value, part)]
    return found


def _entries(value: Any, part: str) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        mapping = cast("Document", value)
        return list(mapping.items()) if part == "*" else [(part, mapping[part])] if part in mapping else []
    if isinstance(value, list) and part == "*":
        return list(enumerate(cast("list[Any]", value)))
    return []


def texts(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Pointer and value of every text."""
    if isinstance(value, str):
        yield at, value
    for key, below in _entries(value, "*"):
        yield from texts(below, f"{at}{pointer((key,))}")
