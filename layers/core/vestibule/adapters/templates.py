"""Port Templates: Jsonnet from the addresses of the configuration, read once an hour."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from vestibule.config.fetch import FetchError
from vestibule.ports import TemplateCancelled, TemplateFailed

if TYPE_CHECKING:
    from vestibule.adapters.jsonnet import Jsonnet

_KEPT = 3600.0
"""Seconds."""

_CANCEL = "RUNTIME ERROR: cancel"
_PLACE = re.compile(r"template:(\d+):(\d+)")

_WORD = re.compile(
    r"""//[^\n]*|\#[^\n]*|/\*.*?\*/"""
    r"""|@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
    r"""|\|\|\|-?[ \t]*\n(?:[ \t]*\n)*(?P<indent>[ \t]+).*?\n(?!(?P=indent))[ \t]*\|\|\|"""
    r"""|(?P<word>[A-Za-z_]\w*)""",
    re.DOTALL,
)
"""Comments, texts and text blocks of Jsonnet, which are passed over, and words."""

_IMPORTS = frozenset({"import", "importstr", "importbin"})

_NEVER_TAKEN = "if true then null else ("
"""In front of a template it is parsed and its names are looked up, and nothing of it runs."""


class FetchedTemplates:
    def __init__(self, fetch: Callable[[str], bytes]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._read: dict[str, tuple[float, str]] = {}

    def __call__(
        self,
        source: str,
        ctx: Mapping[str, Any] | None = None,
        *,
        secrets: Mapping[str, str] | None = None,
        ext: Mapping[str, Any] | None = None,
    ) -> Any:
        from vestibule.adapters.jsonnet import JsonnetError  # noqa: PLC0415 (most functions evaluate none: cold start)

        text = self._source(source)
        given = {"ctx": ctx, "secrets": secrets}
        tla = {name: value for name, value in given.items() if value is not None}
        try:
            return self._engine.evaluate(text, tla=tla, ext=ext)
        except JsonnetError as error:
            said = str(error)
            if said.startswith(_CANCEL):
                raise TemplateCancelled("the template cancels") from None
            raise TemplateFailed(_placed(said)) from None

    def check(self, source: str) -> None:
        from vestibule.adapters.jsonnet import JsonnetError  # noqa: PLC0415 (as above)

        try:
            self._engine.evaluate(f"{_NEVER_TAKEN}{self._source(source)}\n)")
        except JsonnetError as error:
            raise TemplateFailed(_placed(str(error), behind=len(_NEVER_TAKEN))) from None
        if line := _importing(self._source(source)):
            raise TemplateFailed(f"the template imports at line {line}, and imports are off")

    def close(self) -> None:
        """End the engine's process; another template starts it again."""
        if engine := self.__dict__.pop("_engine", None):
            engine.close()

    def _source(self, address: str) -> str:
        read_at, text = self._read.get(address, (0.0, None))
        if text is not None and time.monotonic() - read_at < _KEPT:
            return text
        with self._lock:
            try:
                text = self._fetch(address).decode()
            except FetchError as error:
                raise TemplateFailed(f"the template {error}") from None
            except UnicodeDecodeError:
                raise TemplateFailed("the template is no text") from None
            self._read[address] = (time.monotonic(), text)
            return text

    @cached_property
    def _engine(self) -> Jsonnet:
        from vestibule.adapters.jsonnet import Jsonnet  # noqa: PLC0415 (as above)

        return Jsonnet()


def _importing(text: str) -> int:
    """The line of the first import, 0 without one. The engine looks for what is imported only when it runs."""
    found = next((each for each in _WORD.finditer(text) if each["word"] in _IMPORTS), None)
    return 0 if found is None else text.count("\n", 0, found.start()) + 1


def _placed(said: str, behind: int = 0) -> str:
    """Where it failed, `behind` characters before it. What it said is left out: it may quote what it was given."""
    place = _PLACE.search(said)
    if place is None:
        return "the template fails"
    line, column = int(place[1]), int(place[2])
    return f"the template fails at line {line}, column {max(column - behind, 1) if line == 1 else column}"
