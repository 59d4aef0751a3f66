"""The Web port. What it stands on is imported with the first request: most functions never make one (cold start)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from vestibule.ports import WebResponse

if TYPE_CHECKING:
    from vestibule.adapters.web_pool import Pool

Allow = Callable[[str], bool]
"""Whether a connection to this IP address (its text) may be opened."""


class HttpWeb:
    """Port Web: HTTP/1.1 with kept connections, no redirects followed, no proxy, nothing decoded, nothing logged.

    `allow` is asked for every address that a name stands for, right before it is connected to, so that a name which
    changes its mind (DNS rebinding) gains nothing. None: every address.
    """

    def __init__(self, *, allow: Allow | None = None) -> None:
        self._allow = allow

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
        return self._pool.request(method, url, headers=headers or {}, body=body, timeout=timeout, limit=limit)

    def close(self) -> None:
        """End the kept connections."""
        if pool := self.__dict__.pop("_pool", None):
            pool.close()

    @cached_property
    def _pool(self) -> Pool:
        from vestibule.adapters.web_pool import Pool  # noqa: PLC0415 # as the module says

        return Pool(self._allow)
