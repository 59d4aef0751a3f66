"""Where the parts of a merged document come from."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from vestibule.config.document import depth, parts
from vestibule.config.environment import Setting
from vestibule.config.files import File
from vestibule.config.findings import Finding


class Origins(Struct, frozen=True):
    files: tuple[File, ...]
    settings: tuple[Setting, ...]
    overrides: tuple[tuple[str, ...], ...] = ()
    """Paths of what the command line says."""

    def names(self) -> tuple[str, ...]:
        return (*(str(file.path) for file in self.files), *(f"${setting.name}" for setting in self.settings))

    def placed(self, finding: Finding, *, lines: bool = True) -> Finding:
        """The finding with the file and line, or the variable, that its path comes from."""
        if finding.file is not None:
            return finding
        path = parts(finding.path)
        if any(path[: len(named)] == named for named in self.overrides):
            return finding
        for setting in reversed(self.settings):
            named = tuple(str(part) for part in setting.path)
            if path[: len(named)] == named:
                return replace(finding, file=f"${setting.name}")
        deepest = max(reversed(self.files), key=lambda file: depth(file.document, path), default=None)
        if deepest is None:
            return finding
        return replace(finding, file=str(deepest.path), line=_line(deepest, path) if lines else None)


def _line(file: File, path: Sequence[str]) -> int | None:
    if file.path.suffix.lower() == ".toml":
        return None
    # Imported here: only when there is something to say, so that functions do not pay for it.
    from vestibule.config import yaml  # noqa: PLC0415

    return yaml.line(file.text, path)
