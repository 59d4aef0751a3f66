"""JSON documents that others publish and seldom change: a provider's metadata and keys. A few are kept in memory."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any

from vestibule.config.json_shapes import is_object
from vestibule.domain.json import Json
from vestibule.ports import Clock, Web

LIMIT = 512 * 1024
"""Bytes of a document."""

TIMEOUT = 5.0
"""Seconds for one."""

_KEPT = timedelta(minutes=15)
_MOST = 64
_AGAIN = timedelta(seconds=30)
"""How often whoever sends unknown key ids can make us look for new ones."""

_OK = 200


class DocumentUnusable(Exception):
    """The server answered, with something that is no such document. The text has no content of it."""


class WebDocuments:
    """Safe under threads. What cannot be fetched anew is not served stale: keys are withdrawn for a reason."""

    def __init__(self, web: Web, clock: Clock) -> None:
        self._web = web
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[datetime, Json]] = OrderedDict()

    def find(self, url: str, *, again: bool = False) -> Json:
        """The JSON object at the address; `again` when the one kept is not enough, which counts every 30 s.

        Raises WebUnreachable, WebTimeout, DocumentUnusable.
        """
        now = self._clock.now()
        with self._lock:
            kept = self._kept.get(url)
        if kept is not None and now - kept[0] < (_AGAIN if again else _KEPT):
            return kept[1]
        document = self._fetched(url)
        with self._lock:
            self._kept[url] = (now, document)
            self._kept.move_to_end(url)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return document

    def _fetched(self, url: str) -> Json:
        answer = self._web.request("GET", url, headers={"Accept": "application/json"}, timeout=TIMEOUT, limit=LIMIT)
        if answer.status != _OK:
            raise DocumentUnusable(f"the server answers {answer.status}")
        try:
            document: Any = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise DocumentUnusable("the answer is no JSON") from None
        if not is_object(document):
            raise DocumentUnusable("the answer is no JSON object")
        return document
