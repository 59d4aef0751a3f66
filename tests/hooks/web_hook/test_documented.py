"""The verifier of docs/webhooks.md, as people copy it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vestibule.crypto.webhook_signature import WebhookSigner

PAGE = Path(__file__).parents[3] / "docs" / "webhooks.md"
SIGNER = WebhookSigner(["a cipher secret of 32 characters"])
URL = "https://target.example.org/"


def is_ours(*arguments: Any) -> bool:
    found = re.search(r"```python verifier\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)  # noqa: S102 (our own page)
    return names["is_ours"](*arguments)


def signed(at: float, body: bytes = b"{}") -> dict[str, str]:
    return SIGNER.headers("evt_1", URL, body, datetime.fromtimestamp(at, UTC))


def test_what_we_send_is_ours():
    assert is_ours(signed(time.time()), b"{}", list(SIGNER.public_keys()))


def test_what_was_changed_kept_or_made_by_others_is_not():
    keys, now = list(SIGNER.public_keys()), time.time()
    others = list(WebhookSigner(["another cipher secret of 32 char"]).public_keys())
    assert not is_ours(signed(now), b"{ }", keys)
    assert not is_ours(signed(now) | {"webhook-id": "evt_2"}, b"{}", keys)
    assert not is_ours(signed(now - 600), b"{}", keys)
    assert not is_ours(signed(now), b"{}", others)
    assert not is_ours({}, b"{}", keys)
    assert not is_ours(signed(now) | {"webhook-signature": "v1a,! v1a,AAAA garbage"}, b"{}", keys)
