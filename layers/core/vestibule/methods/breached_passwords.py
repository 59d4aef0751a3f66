"""How often a password was seen in leaks, asked of Have I Been Pwned or a mirror of it by k-anonymity.

Only the first five hex digits of the password's SHA-1 leave this process; the answer lists some hundred suffixes, and
padding hides from its length which ones. Answers are kept for an hour.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec import Struct, field

from vestibule.ports import Web, WebUnreachable
from vestibule.services import Services

if TYPE_CHECKING:
    from vestibule.config.methods import PasswordConfig

_ATTEMPTS, _ATTEMPT_SECONDS = 3, 1.0
_LIMIT = 1024 * 1024
"""Bytes of an answer; real ones have about 40 KB."""

_KEPT, _KEPT_ANSWERS = timedelta(hours=1), 64
_LINE = re.compile(rb"([0-9A-Fa-f]{35}):([0-9]{1,12})")


class PolicyUnavailable(Exception):
    """The list did not answer, and the configuration does not let passwords pass unchecked."""


class _Answers(Struct):
    """The latest answers, by the address asked. Safe under threads."""

    entries: OrderedDict[str, tuple[datetime, bytes]] = field(default_factory=OrderedDict[str, tuple[datetime, bytes]])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, url: str, now: datetime) -> bytes | None:
        with self.lock:
            until, answer = self.entries.get(url, (now, b""))
            return answer if until > now else None

    def keep(self, url: str, answer: bytes, now: datetime) -> None:
        with self.lock:
            self.entries[url] = (now + _KEPT, answer)
            self.entries.move_to_end(url)
            while len(self.entries) > _KEPT_ANSWERS:
                self.entries.popitem(last=False)


_KNOWN: WeakKeyDictionary[Web, _Answers] = WeakKeyDictionary()
"""As long as the Web that answered."""


def breaches(password: str, settings: PasswordConfig, svc: Services) -> int:
    """How often it was seen; 0 when the list does not answer and `ignore_network_errors` is set.

    Takes at most `vestibule.breached_passwords.timeout`. Raises PolicyUnavailable.
    """
    digest = hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().upper()
    url = f"https://{settings.haveibeenpwned_host}/range/{digest[:5]}"
    answers = _KNOWN.setdefault(svc.web, _Answers())
    listed = answers.find(url, svc.clock.now())
    if listed is None:
        listed = _ask(url, svc)
        if listed is None:
            if settings.ignore_network_errors:
                return 0
            raise PolicyUnavailable
        answers.keep(url, listed, svc.clock.now())
    return _count(listed, digest[5:])


def _ask(url: str, svc: Services) -> bytes | None:
    """The list, or None when every attempt failed or the time is over."""
    end = svc.clock.now() + svc.config.vestibule.breached_passwords.timeout
    for _ in range(_ATTEMPTS):
        left = (end - svc.clock.now()).total_seconds()
        if left <= 0:
            return None
        try:
            reply = svc.web.request(
                "GET", url, headers={"Add-Padding": "true"}, timeout=min(left, _ATTEMPT_SECONDS), limit=_LIMIT
            )
        except WebUnreachable:
            continue
        if reply.status == 200:  # OK
            return reply.body if all(_LINE.fullmatch(line) for line in reply.body.split()) else None
        if reply.status < 500 and reply.status != 429:  # asking again changes nothing
            return None
    return None


def _count(listed: bytes, suffix: str) -> int:
    for line in listed.split():
        found = _LINE.fullmatch(line)
        if found and found[1].decode().upper() == suffix:
            return int(found[2])
    return 0
