"""`multipart/form-data` (RFC 7578), as much of it as forms without files need."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vestibule.ui.strict_json import BadBody

MOST_PARTS = 1000

LONGEST_HEAD = 8192
"""Bytes of a field's own headers."""

_BOUNDARY = re.compile(r'boundary="?([0-9A-Za-z\'()+_,./:=? -]{1,70})"?\s*(?:;|$)', re.IGNORECASE)
_NAME = re.compile(
    rb'^content-disposition:\s*form-data;(?:[^\r\n]*;)?\s*name="([^"\r\n]*)"', re.IGNORECASE | re.MULTILINE
)
_FILE = re.compile(rb"^content-disposition:[^\r\n]*;\s*filename\*?=", re.IGNORECASE | re.MULTILINE)


def pairs(body: bytes, content_type: str) -> Iterator[tuple[str, str]]:
    """The names and values of the form's fields, in order; files are left out. Raises BadBody."""
    boundary = _BOUNDARY.search(content_type)
    if not boundary:
        raise BadBody("The content type names no boundary between the fields.")
    mark = b"--" + boundary[1].rstrip().encode()
    # The first boundary may stand at the very start, every other one behind a line break.
    parts = (b"\r\n" + body).split(b"\r\n" + mark, MOST_PARTS + 1)
    if len(parts) > MOST_PARTS + 1 or len(parts) < 2:
        raise BadBody(f"The form has no fields, or more than {MOST_PARTS}.")
    for part in parts[1:]:
        if part.startswith(b"--"):
            return
        head, blank, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head[:LONGEST_HEAD])
        if not blank or not name:
            raise BadBody("A field of the form cannot be read.")
        if not _FILE.search(head[:LONGEST_HEAD]):
            yield _text(name[1]), _text(value)
    raise BadBody("The form is cut off.")


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise BadBody("The form is not written in UTF-8.") from None
