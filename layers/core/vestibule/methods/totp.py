"""Codes of authenticator apps: RFC 6238, contract 03 §6.

The codes are cryptography's: pyotp, from its version 2.12 on, takes no secret of less than 112 bits, and whoever was
imported with the 80 bits that were long usual could not sign in any more.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from cryptography.hazmat.primitives.twofactor import totp as rfc6238

from vestibule.domain.record import Unprinted
from vestibule.ports import Key, Put
from vestibule.services import Services

TOTP = "totp"
CODE = "totp_code"
AT = f"#/{CODE}"

_WINDOW = (0, -1, 1)
"""Time steps: the server's own, and one to either side for clocks that differ."""

_DIGESTS: Mapping[str, type[SHA1] | type[SHA256] | type[SHA512]] = {"SHA1": SHA1, "SHA256": SHA256, "SHA512": SHA512}
_DIGITS, _PERIOD = 6, 30
_LONGEST_PERIOD = 300


class App(Unprinted, frozen=True):
    """What an `otpauth://totp/` address tells an authenticator app."""

    secret: bytes
    digest: str = "SHA1"
    digits: int = _DIGITS
    period: int = _PERIOD

    @property
    def text(self) -> str:
        """The secret as people type it."""
        return base64.b32encode(self.secret).decode().rstrip("=")

    def code(self, step: int) -> bytes:
        return self._generator().generate(step * self.period)

    def url(self, account: str, issuer: str | None) -> str:
        return self._generator().get_provisioning_uri(account, issuer)

    def _generator(self) -> rfc6238.TOTP:
        digest = _DIGESTS[self.digest]()
        return rfc6238.TOTP(self.secret, self.digits, digest, self.period, enforce_key_length=False)


class Match(Unprinted, frozen=True):
    """A code that is right. `use` names secret and time step: what may be used once (RFC 6238 §5.2)."""

    identity_id: str
    use: str
    until: datetime

    def key(self, svc: Services) -> Key:
        return svc.credentials.use_key(self.identity_id, self.use)

    def using(self, svc: Services) -> Put:
        return svc.credentials.using(self.identity_id, self.use, until=self.until)


def app_of(url: str) -> App | None:
    """The app of an address, which may have been imported; None where it is no such address."""
    try:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, max_num_fields=20))
        digest = query.get("algorithm", "SHA1").upper()
        digits, period = int(query.get("digits", _DIGITS)), int(query.get("period", _PERIOD))
        text = query["secret"].replace(" ", "").rstrip("=")
        secret = base64.b32decode(text + "=" * (-len(text) % 8), casefold=True)
    except (ValueError, KeyError):
        return None
    usable = secret and digest in _DIGESTS and 6 <= digits <= 8 and 1 <= period <= _LONGEST_PERIOD
    if not usable or (parts.scheme, parts.netloc) != ("otpauth", TOTP):
        return None
    return App(secret, digest, digits, period)


def matching(url: str, code: str, identity_id: str, now: datetime) -> Match | None:
    """The time step whose code this is, by the server's clock. Compares with every one, in constant time each."""
    app = app_of(url)
    if app is None:
        return None
    current, sent = int(now.timestamp()) // app.period, code.encode("utf-8", "surrogatepass")
    steps = [current + offset for offset in _WINDOW]
    same = [step for step in steps if hmac.compare_digest(app.code(step), sent)]
    if not same:
        return None
    secret = hashlib.sha256(app.secret).hexdigest()[:16]
    return Match(identity_id, f"{TOTP}:{secret}:{same[0]}", now + timedelta(seconds=4 * app.period))
