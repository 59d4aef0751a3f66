"""Configs of credentials as they are stored: JSON, sealed with `secrets.cipher` for one identity and one type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from vestibule.crypto.sealing import Sealer, SecretRemoved


def sealed(sealer: Sealer, config: Mapping[str, Any], identity_id: str, type_: str) -> str:
    return sealer.seal(json.dumps(config).encode(), context=_context(identity_id, type_))


def opened(sealer: Sealer, text: str, identity_id: str, type_: str) -> dict[str, Any]:
    """Raises SecretRemoved."""
    plain = sealer.open(text, context=_context(identity_id, type_))
    if plain is None:
        raise SecretRemoved(
            "no secret of secrets.cipher opens a stored credential; put the former secret back in the list"
        )
    return json.loads(plain)


def _context(identity_id: str, type_: str) -> bytes:
    return f"{type_}:{identity_id}".encode()
