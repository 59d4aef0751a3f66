"""What web hooks are called in the delivery log, and in the events of calls that nobody waits for."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vestibule.config.hooks import WebHookConfig


def name_of(config: WebHookConfig) -> str:
    """What a hook is called in the delivery log: its id, or one made of where and how it calls."""
    if config.id:
        return config.id.replace("#", "-")
    said = json.dumps([config.method, config.url, config.body])
    return f"hook-{hashlib.sha256(said.encode()).hexdigest()[:12]}"
