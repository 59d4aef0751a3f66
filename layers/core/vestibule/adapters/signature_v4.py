"""AWS Signature Version 4 of a POST to `/`: IAM user guide, "Create a signed AWS API request"."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from hashlib import sha256

from vestibule.domain.record import Unprinted


class Credentials(Unprinted, frozen=True):
    key_id: str
    secret: str
    token: str = ""
    """Of a role; a user has none."""


class Signer:
    """Of one service in one region. The key of a day is derived once."""

    def __init__(self, credentials: Credentials, region: str, service: str) -> None:
        self._credentials = credentials
        self._region = region
        self._service = service
        self._key = ("", b"")

    def signed(self, headers: Mapping[str, str], body: bytes, at: float) -> dict[str, str]:
        """The headers (`host` among them, names in lower case) with those that sign them. `at`: epoch seconds."""
        instant = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
        whole = {**headers, "x-amz-date": instant}
        if self._credentials.token:
            whole["x-amz-security-token"] = self._credentials.token
        names = sorted(whole)
        canonical = "".join(f"{name}:{whole[name]}\n" for name in names)
        request = f"POST\n/\n\n{canonical}\n{';'.join(names)}\n{sha256(body).hexdigest()}"
        scope = f"{instant[:8]}/{self._region}/{self._service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{instant}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signature = _mac(self._key_of(instant[:8]), text).hex()
        whole["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self._credentials.key_id}/{scope}, "
            f"SignedHeaders={';'.join(names)}, Signature={signature}"
        )
        return whole

    def _key_of(self, day: str) -> bytes:
        known, key = self._key
        if known != day:
            key = f"AWS4{self._credentials.secret}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = _mac(key, part)
            self._key = (day, key)
        return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
