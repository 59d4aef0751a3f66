"""The script behind the buttons for keys and passkeys, for whatever page draws them. Contract 08."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache
from pathlib import Path

PATH = "/.well-known/ory/webauthn.js"


@cache
def script() -> bytes:
    return Path(__file__).with_name("static").joinpath("webauthn.js").read_bytes()


@cache
def integrity() -> str:
    """What the nodes say of it: W3C, Subresource Integrity."""
    return f"sha512-{b64encode(hashlib.sha512(script()).digest()).decode()}"
