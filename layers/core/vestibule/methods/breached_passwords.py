"""How often a password was seen in leaks, asked of Have I Been Pwned or a mirror of it by k-anonymity.

Only the first five hex digits of the password's SHA-1 leave this process; the answer lists some hundred suffixes, and
padding hides from its length which ones. Answers are kept for an hour. A list out of reach is left alone for half a
minute, where that is no reason to refuse, so that people do not wait for it one after the other.
"""

from __future__ import annotations

import hashlib
import logging
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

OUT_OF_REACH = "the list of breached passwords did not answer"
"""The log entry that infra/logs.yaml counts."""

_log = logging.getLogger("vestibule")
_KEPT, _KEPT_ANSWERS = timedelta(hours=1), 64
_LEFT_ALONE = timedelta(seconds=30)
_LINE = re.compile(rb"([0-9A-Fa-f]{35}):([0-9]{1,12})")


class PolicyUnavailable(Exception):
    """The list did not answer, and the configuration does not let passwords pass unchecked."""


class _Answers(Struct):
    """The latest answers, by the address asked. Safe under threads."""

    entries: OrderedDict[str, tuple[datetime, bytes]] = field(default_factory=OrderedDict[str, tuple[datetime, bytes]])
    silent: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Until when a host that did not answer is not asked."""
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
    host = settings.haveibeenpwned_host
    url = f"https://{host}/range/{digest[:5]}"
    answers = _KNOWN.setdefault(svc.web, _Answers())
    now = svc.clock.now()
    listed = answers.find(url, now)
    if listed is None and not (settings.ignore_network_errors and now < answers.silent.get(host, now)):
        try:
            listed = _ask(url, svc)
        except WebUnreachable:
            _log.warning(OUT_OF_REACH)
            answers.silent[host] = svc.clock.now() + _LEFT_ALONE
        if listed is not None:
            answers.keep(url, listed, svc.clock.now())
    if listed is None and not settings.ignore_network_errors:
        raise PolicyUnavailable
    return _count(listed or b"", digest[5:])


def _ask(url: str, svc: Services) -> bytes | None:
    """The list, or None for an answer that is none. Raises WebUnreachable, when no attempt had an answer in time."""
    end = svc.clock.now() + svc.config.vestibule.breached_passwords.timeout
    for _ in range(_ATTEMPTS):
        left = (end - svc.clock.now()).total_seconds()
        if left <= 0:
            break
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
    raise WebUnreachable("the list of breached passwords did not answer")


def _count(listed: bytes, suffix: str) -> int:
    for line in listed.split():
        found = _LINE.fullmatch(line)
        if found and found[1].decode().upper() == suffix:
            return int(found[2])
    return 0
