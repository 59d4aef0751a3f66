"""Codes of authenticator apps: RFC 6238, contract 03 §6."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyotp
from pyotp import totp as rfc6238

from vestibule.ports import Key, Put
from vestibule.services import Services

TOTP = "totp"
CODE = "totp_code"
AT = f"#/{CODE}"

_WINDOW = (0, -1, 1)
"""Time steps: the server's own, and one to either side for clocks that differ."""


@dataclass(frozen=True, slots=True)
class Match:
    """A code that is right. `use` names secret and time step: what may be used once (RFC 6238 §5.2)."""

    identity_id: str
    use: str
    until: datetime = field(repr=False)

    def key(self, svc: Services) -> Key:
        return svc.credentials.use_key(self.identity_id, self.use)

    def using(self, svc: Services) -> Put:
        return svc.credentials.using(self.identity_id, self.use, until=self.until)


def matching(url: str, code: str, identity_id: str, now: datetime) -> Match | None:
    """The time step whose code this is, by the server's clock. Compares with every one, in constant time each.

    `url` is an `otpauth://totp/` address, of which imported ones may have other digits, digests and periods.
    """
    try:
        app = pyotp.parse_uri(url)
    except ValueError:
        return None
    if not isinstance(app, rfc6238.TOTP):
        return None
    current = int(now.timestamp()) // app.interval
    steps = [current + offset for offset in _WINDOW]
    same = [step for step in steps if _same(app.at(step * app.interval), code)]
    if not same:
        return None
    secret = hashlib.sha256(app.secret.encode()).hexdigest()[:16]
    return Match(identity_id, f"{TOTP}:{secret}:{same[0]}", now + timedelta(seconds=4 * app.interval))


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "surrogatepass"))
