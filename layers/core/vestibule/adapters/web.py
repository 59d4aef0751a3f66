"""The Web port. What it stands on is imported with the first request: most functions never make one (cold start)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from vestibule.ports import WebResponse

if TYPE_CHECKING:
    from vestibule.adapters.web_pool import Pool

Allow = Callable[[str], bool]
"""Whether a connection to this IP address (its text) may be opened."""

Exempt = Callable[[str], bool]
"""Whether this URL may be at any address."""


class HttpWeb:
    """Port Web: HTTP/1.1 with kept connections, no redirects followed, no proxy, nothing decoded, nothing logged.

    `allow` is asked for every address that a name stands for, right before it is connected to, so that a name which
    changes its mind (DNS rebinding) gains nothing. None: every address. What `exempt` lets go anywhere has connections
    of its own, or one that is kept open would serve others too.
    """

    def __init__(self, *, allow: Allow | None = None, exempt: Exempt | None = None) -> None:
        self._allow = allow
        self._exempt = exempt

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
        limit: int = 5 * 1024 * 1024,
    ) -> WebResponse:
        """See the port. `timeout` holds from the look-up of the name to the last byte, however slowly they come."""
        pool = self._free if self._exempt is not None and self._exempt(url) else self._pool
        return pool.request(method, url, headers=headers or {}, body=body, timeout=timeout, limit=limit)

    def close(self) -> None:
        """End the kept connections."""
        for name in ("_pool", "_free"):
            if pool := self.__dict__.pop(name, None):
                pool.close()

    @cached_property
    def _pool(self) -> Pool:
        from vestibule.adapters.web_pool import Pool  # noqa: PLC0415 # as the module says

        return Pool(self._allow)

    @cached_property
    def _free(self) -> Pool:
        from vestibule.adapters.web_pool import Pool  # noqa: PLC0415 # as the module says

        return Pool(None)


def guarded(*, disallow_private: bool, exceptions: Sequence[str]) -> HttpWeb:
    """As `clients.http` says. Contract 02 §4.3."""
    if not disallow_private:
        return HttpWeb()
    from vestibule.adapters.web_guard import Exceptions, is_public  # noqa: PLC0415 # off unless it is asked for

    return HttpWeb(allow=is_public, exempt=Exceptions(exceptions) if exceptions else None)
