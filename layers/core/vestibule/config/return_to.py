"""Where a browser may be sent after a flow. Contract 07 §1.

Browsers read addresses more generously than parsers do: a backslash is a slash to them, control characters vanish,
`user@host` names another host. So everything that could be read in two ways is refused before it is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urljoin, urlsplit

from msgspec import Struct

_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_WEB = {"http", "https"}
_SCRIPT = {"javascript", "data", "vbscript", "file", "blob", "about"}
_ENCODED_DOTS = re.compile(r"(?i)(^|/)(\.|%2e){2}(/|$|%2f|%5c)")


class ReturnUrls(Struct, frozen=True):
    """`default` is the last resort; `allowed` the configured list. Both are absolute or relative to `default`."""

    default: str
    allowed: tuple[str, ...]

    def accepted(self, url: str) -> str | None:
        """The absolute URL when it is on the list; None when a browser must not be sent there."""
        if _UNSAFE.search(url):
            return None
        try:
            absolute = urljoin(self.default, url)
            parts = urlsplit(absolute)
            _ = parts.port
        except ValueError:
            return None
        if not _well_formed(parts):
            return None
        return absolute if any(_matches(parts, allowed) for allowed in self._list()) else None

    def _list(self) -> Iterable[SplitResult]:
        for allowed in self.allowed:
            yield urlsplit(urljoin(self.default, allowed))


def _well_formed(parts: SplitResult) -> bool:
    scheme = parts.scheme.lower()
    if scheme in _SCRIPT or "@" in parts.netloc or _ENCODED_DOTS.search(parts.path):
        return False
    return bool(parts.hostname) if scheme in _WEB else bool(scheme)


def _matches(url: SplitResult, allowed: SplitResult) -> bool:
    return (
        url.scheme.lower() == allowed.scheme.lower()
        and _host_matches(url.netloc.lower(), allowed.netloc.lower())
        and _path_within(url.path or "/", allowed.path)
    )


def _path_within(path: str, allowed: str) -> bool:
    """By whole segments: `/app` allows `/app/settings`, not `/app-of-somebody-else`."""
    return path == allowed or path.startswith(f"{allowed.rstrip('/')}/")


def _host_matches(host: str, allowed: str) -> bool:
    if not allowed.startswith("*"):
        return host == allowed
    suffix = allowed[1:]
    return bounded(allowed) and host.endswith(suffix) and len(host) > len(suffix)


def bounded(pattern: str) -> bool:
    """Whether a `*` pattern leaves a registrable domain fixed: `*.example.com`, not `*`, `*.com` or `*foo.com`."""
    if "*" not in pattern:
        return True
    rest = pattern.removeprefix("*.")
    return pattern.startswith("*.") and "*" not in rest and rest.count(".") >= 1 and all(rest.split("."))
