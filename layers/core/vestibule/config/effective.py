"""A configuration as a document again, with its defaults, and what differs between two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from vestibule.config.document import Document, dig, merged, pointer, put
from vestibule.config.json_shapes import is_list, is_object
from vestibule.config.masking import Masks
from vestibule.config.patch import START_ONLY

if TYPE_CHECKING:
    from vestibule.config.loaded import Loaded

_SIZES = (("hashers", "argon2", "memory"), ("hashers", "argon2", "dedicated_memory"))
_UNITS = ((3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1_000, "ms"), (1, "us"))


class Difference(Struct, frozen=True):
    """What stands at a key before and after; None where nothing does. Secrets are masked."""

    path: str
    before: Any
    after: Any


def complete(loaded: Loaded) -> Document:
    """What is set, as it was written, and the defaults of everything else; without what is read at the start only."""
    defaults = _plain(loaded.config.model_dump(mode="python", by_alias=True, exclude=set(START_ONLY)))
    for path in _SIZES:
        if isinstance(size := dig(defaults, *path), int):
            defaults = put(defaults, path, f"{size // 1024**2}MB")
    given = {key: value for key, value in loaded.document.items() if key not in START_ONLY}
    return merged(defaults, given)


def differences(before: Document, after: Document, masks: Masks) -> list[Difference]:
    """Every key and entry whose value is another. A container that is filled or emptied is told by what is in it."""
    old, new = dict(_leaves(masks.masked(before), ())), dict(_leaves(masks.masked(after), ()))
    paths = [*old, *(path for path in new if path not in old)]
    return [
        Difference(path, old.get(path), new.get(path))
        for path in paths
        if old.get(path) != new.get(path) and not (_holds(old, path) or _holds(new, path))
    ]


def _holds(leaves: Mapping[str, Any], path: str) -> bool:
    """Whether something stands below the path, at which an empty container stands on the other side."""
    return path not in leaves and any(each.startswith(f"{path}/") for each in leaves)


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str, Any]]:
    entries = value.items() if is_object(value) else enumerate(value) if is_list(value) else ()
    found = False
    for key, below in entries:
        found = True
        yield from _leaves(below, (*path, key))
    if not found:
        yield pointer(path), value


def _plain(value: Any) -> Any:
    """As JSON and YAML have it: durations in their notation, nothing for what is not set."""
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in cast("tuple[Any, ...]", value)]
    if is_list(value):
        return [_plain(each) for each in value]
    if is_object(value):
        return {key: _plain(below) for key, below in value.items() if below is not None}
    return value


def duration_text(value: timedelta) -> str:
    """`1h30m`; the inverse of `values.parse_duration`."""
    left = value // timedelta(microseconds=1)
    text = ""
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"
